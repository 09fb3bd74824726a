package collectors

import (
	"context"
	"errors"
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
		"Number of owners of pods, such as ReplicaSets and Jobs, for which the API server refused to create some and has created none since, in the events that it still holds, by default those of the last hour, and of Deployments of which their condition alone says so.",
		"cause")
	podCreationFirst = exporter.NewGauge(podCreationName, "first_refused_timestamp_seconds",
		"Unix time, in seconds, of the first refusal for the owner in the events that the API server still holds; the webhook and its fault are empty unless an admission webhook refused.",
		"namespace", "kind", "owner", "cause", "webhook", "fault")
	podCreationLast = exporter.NewGauge(podCreationName, "last_refused_timestamp_seconds",
		"Unix time, in seconds, of the latest refusal for the owner, which tries again after twice the time, and after 17 minutes at the latest.",
		"namespace", "kind", "owner", "cause", "webhook", "fault")
	podCreationFailing = exporter.NewGauge(podCreationName, "failing_since_timestamp_seconds",
		"Unix time, in seconds, since when the condition ReplicaFailure of a Deployment has said that its pods cannot be created, or 0 where it does not say since when; of Deployments of whose ReplicaSets no event says so; the cause is that of the first refusal.",
		"namespace", "kind", "owner", "cause", "webhook", "fault")
)

// PodCreation is the failure mode of pods that do not even come to be: there is no pod
// whose state could tell.
func PodCreation() Definition {
	return Definition{
		Name:    podCreationName,
		Help:    "Pods are not created: an admission webhook does not answer or refuses, a quota is used up, Pod Security forbids them, or their template is invalid.",
		Scope:   Cluster,
		Default: true,
		Metrics: []*exporter.Desc{podCreationRefused, podCreationFirst, podCreationLast, podCreationFailing},
		Steady:  []*exporter.Desc{podCreationRefused},
		Reads:   []sources.Read{sources.Events, sources.Pods, sources.Deployments},
		New: func(s *sources.Sources) (exporter.Collector, error) {
			return podCreationCollector{s.Events().Refused, s.RefusedDeployments().List, s.Pods().CreatedFor}, nil
		},
	}
}

type podCreationCollector struct {
	refused     func() ([]events.Refused, error)
	deployments func() ([]*sources.RefusedDeployment, error)
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

// Collect fails while neither events nor Deployments can be seen, and tells of one without
// the other whom it says is refused; the number is known with both. While pods cannot be seen,
// whoever was refused is told of until the events say no more of it.
func (c podCreationCollector) Collect(_ context.Context, ch chan<- prometheus.Metric) error {
	refused, errEvents := c.refused()
	deployments, errDeployments := c.deployments()
	if errEvents != nil && errDeployments != nil {
		return errors.Join(errEvents, errDeployments)
	}
	owners := refusedOwners(slices.DeleteFunc(refused, c.over), deployments)
	if errEvents == nil && errDeployments == nil {
		sendRefusedOwners(ch, owners)
	}
	told := fairOwners(owners)
	ch <- exporter.LeftOut(len(owners) - len(told))
	for _, r := range told {
		labels := []string{r.Namespace, r.Kind, r.Name, string(r.Cause), r.Webhook, string(r.Fault)}
		if r.byCondition {
			ch <- podCreationFailing.Sample(sinceOf(r), labels...)
			continue
		}
		ch <- podCreationFirst.Sample(unix(r.First), labels...)
		ch <- podCreationLast.Sample(unix(r.Last), labels...)
	}
	return exporter.Incomplete(errors.Join(errEvents, errDeployments))
}

func sendRefusedOwners(ch chan<- prometheus.Metric, owners []refusedOwner) {
	counts := map[refusal.Cause]int{}
	for _, r := range owners {
		counts[r.Cause]++
	}
	for _, cause := range refusal.Causes() {
		ch <- podCreationRefused.Sample(float64(counts[cause]), string(cause))
	}
}
