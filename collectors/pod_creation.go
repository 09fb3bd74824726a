package collectors

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"k8s.io/apimachinery/pkg/types"

	"github.com/kubevitals/kubevitals/exporter"
	"github.com/kubevitals/kubevitals/sources"
	"github.com/kubevitals/kubevitals/sources/events"
	"github.com/kubevitals/kubevitals/sources/refusal"
)

const podCreationName = "pod_creation"

var (
	podCreationRefused = exporter.NewGauge(podCreationName, "refused_owners",
		"Number of owners of pods, such as ReplicaSets and Jobs, for which the API server refused to create some and has created none since, in the events that it still holds, by default those of the last hour.",
		"cause")
	podCreationFirst = exporter.NewGauge(podCreationName, "first_refused_timestamp_seconds",
		"Unix time, in seconds, of the first refusal for the owner in the events that the API server still holds; the webhook and its fault are empty unless an admission webhook refused.",
		"namespace", "kind", "owner", "cause", "webhook", "fault")
	podCreationLast = exporter.NewGauge(podCreationName, "last_refused_timestamp_seconds",
		"Unix time, in seconds, of the latest refusal for the owner, which tries again after twice the time, and after 17 minutes at the latest.",
		"namespace", "kind", "owner", "cause", "webhook", "fault")
)

// mostOwners bounds the owners that are told of by name, of all namespaces.
const mostOwners = 100

// PodCreation is the failure mode of pods that do not even come to be: there is no pod
// whose state could tell.
func PodCreation() Definition {
	return Definition{
		Name:    podCreationName,
		Help:    "Pods are not created: an admission webhook does not answer or refuses, a quota is used up, Pod Security forbids them, or their template is invalid.",
		Scope:   Cluster,
		Default: true,
		Metrics: []*exporter.Desc{podCreationRefused, podCreationFirst, podCreationLast},
		Steady:  []*exporter.Desc{podCreationRefused},
		Reads:   []sources.Read{sources.Events, sources.Pods},
		New: func(s *sources.Sources) (exporter.Collector, error) {
			return podCreationCollector{refused: s.Events().Refused, created: s.Pods().CreatedFor}, nil
		},
	}
}

type podCreationCollector struct {
	refused func() ([]events.Refused, error)
	// created tells when a pod was last created for an owner, if that is known.
	created func(owner types.UID) (time.Time, bool)
}

// sameAttempt is how long after a refusal a pod may be created by the same attempt of its
// owner, which makes several at once; events and pods are dated to the second.
const sameAttempt = time.Second

// over tells whether the owner has got a pod since it was refused one. One that still lacks
// some is refused those again when it next tries.
func (c podCreationCollector) over(r events.Refused) bool {
	at, ok := c.created(r.UID)
	return ok && at.After(r.Last.Add(sameAttempt))
}

// Collect fails while events cannot be seen. While pods cannot, whoever was refused is told
// of until the events say no more of it.
func (c podCreationCollector) Collect(_ context.Context, ch chan<- prometheus.Metric) error {
	refused, err := c.refused()
	if err != nil {
		return err
	}
	refused = slices.DeleteFunc(refused, c.over)
	counts := map[refusal.Cause]int{}
	for _, r := range refused {
		counts[r.Cause]++
	}
	for _, cause := range refusal.Causes() {
		ch <- podCreationRefused.Sample(float64(counts[cause]), string(cause))
	}
	told := fairOwners(refused)
	ch <- exporter.LeftOut(len(refused) - len(told))
	for _, r := range told {
		labels := []string{r.Namespace, r.Kind, r.Name, string(r.Cause), r.Webhook, string(r.Fault)}
		ch <- podCreationFirst.Sample(unix(r.First), labels...)
		ch <- podCreationLast.Sample(unix(r.Last), labels...)
	}
	return nil
}

// fairOwners are those that are told of, if there are too many: of each namespace those
// for which something was refused last.
func fairOwners(refused []events.Refused) []events.Refused {
	slices.SortFunc(refused, func(a, b events.Refused) int {
		return cmp.Or(b.Last.Compare(a.Last), cmp.Compare(a.Namespace, b.Namespace), cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Name, b.Name),
			cmp.Compare(a.Cause, b.Cause), cmp.Compare(a.Webhook, b.Webhook), cmp.Compare(a.Fault, b.Fault))
	})
	if len(refused) <= mostOwners {
		return refused
	}
	var namespaces []string
	wishes := map[string][]int{}
	for i, r := range refused {
		if wishes[r.Namespace] == nil {
			namespaces = append(namespaces, r.Namespace)
		}
		wishes[r.Namespace] = append(wishes[r.Namespace], i)
	}
	lists := make([][]int, 0, len(namespaces))
	for _, namespace := range namespaces {
		lists = append(lists, wishes[namespace])
	}
	chosen := fairly(lists, mostOwners)
	var told []events.Refused
	for i, r := range refused {
		if chosen[i] {
			told = append(told, r)
		}
	}
	return told
}
