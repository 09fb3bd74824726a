package collectors

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/types"

	"github.com/kubevitals/kubevitals/exporter"
	"github.com/kubevitals/kubevitals/sources"
)

const admissionWebhooksName = "admission_webhooks"

var (
	admissionWebhooksIll = exporter.NewGauge(admissionWebhooksName, "without_endpoints",
		"Is 1 for an admission webhook whose Service, as NAMESPACE/NAME, has no ready endpoint, or no EndpointSlice at all, maybe because it is of type ExternalName where Services cannot be seen; what it is called for is pods, own_pods where those of its own namespace are among them, so that it cannot come back by itself, or other.",
		"configuration", "webhook", "type", "backend", "reason", "failure_policy", "called_for")
	admissionWebhooks = exporter.NewGauge(admissionWebhooksName, "webhooks",
		"Number of admission webhooks by state: with_endpoints, without_endpoints, or external, which have a URL or a Service of type ExternalName, and of which nothing is known.",
		"state")
)

// mostWebhooks bounds those that are told of by name. Only administrators make any, and a
// large cluster has some fifty.
const mostWebhooks = 200

// AdmissionWebhooks is the failure mode of an admission webhook with nothing behind it:
// what it should look at is refused, or passes unseen.
func AdmissionWebhooks() Definition {
	var interval time.Duration
	return Definition{
		Name:    admissionWebhooksName,
		Help:    "An admission webhook has no endpoints, so the API server refuses what it is called for, pods in the worst case, or lets it pass unseen.",
		Scope:   Cluster,
		Default: true,
		Metrics: []*exporter.Desc{admissionWebhooksIll, admissionWebhooks},
		Steady:  []*exporter.Desc{admissionWebhooks},
		Reads:   []sources.Read{sources.ValidatingWebhooks, sources.MutatingWebhooks, sources.WebhookEndpoints, sources.ExternalServices, sources.Namespaces},
		Flags: func(f *Flags) {
			f.Flag("interval", "How often to read which Services behind admission webhooks have ready endpoints.").
				Default("15s").DurationVar(&interval)
		},
		Configure: func(c *sources.Config) { c.WebhooksInterval = interval },
		New: func(s *sources.Sources) (exporter.Collector, error) {
			validating, mutating := s.Webhooks()
			return admissionWebhooksCollector{validating.List, mutating.List, s.WebhookBackends().Get, s.ExternalServices().List, s.Namespaces().List}, nil
		},
	}
}

type admissionWebhooksCollector struct {
	validating, mutating func() ([][]sources.Webhook, error)
	backends             func() (sources.Backends, error)
	external             func() ([]types.NamespacedName, error)
	namespaces           func() ([]sources.Namespace, error)
}

// Collect fails while neither kind of configurations or no endpoints can be seen, and tells
// of one kind without the other those that are ill. Without namespaces it cannot tell of
// own_pods, and says pods; without Services it says of those that lack EndpointSlices that
// they may be external.
func (c admissionWebhooksCollector) Collect(_ context.Context, ch chan<- prometheus.Metric) error {
	validating, errValidating := c.validating()
	mutating, errMutating := c.mutating()
	backends, errBackends := c.backends()
	if errBackends != nil || errValidating != nil && errMutating != nil {
		return errors.Join(errValidating, errMutating, errBackends)
	}
	kinds := errors.Join(errValidating, errMutating)
	namespaces, err := c.namespaces()
	labelsOf := make(map[string]labels.Set, len(namespaces))
	for _, n := range namespaces {
		labelsOf[n.Name] = n.Labels
	}
	all := slices.Concat(slices.Concat(validating...), slices.Concat(mutating...))
	services, errExternal := c.external()
	external := behind(all, services)
	states := exporter.NewTally(admissionWebhooksIll, "with_endpoints", "without_endpoints", "external")
	var ill []sources.Webhook
	for _, w := range all {
		switch {
		case w.Service == "", external[serviceOf(w)]:
			states.Count("external")
		case backends[serviceOf(w)]:
			states.Count("with_endpoints")
		default:
			states.Count("without_endpoints")
			ill = append(ill, w)
		}
	}
	if kinds == nil { // else what is seen would count for all
		states.Send(ch, admissionWebhooks)
	}
	reason := reasonOf(backends, errExternal)
	if !slices.ContainsFunc(ill, func(w sources.Webhook) bool { return reason(w) == mayBeExternal }) {
		errExternal = nil // nobody misses them
	}
	sendIllWebhooks(ch, ill, reason, labelsOf)
	return exporter.Incomplete(errors.Join(kinds, err, errExternal))
}

// sendIllWebhooks tells of webhooks by name, of those first that do most harm.
func sendIllWebhooks(ch chan<- prometheus.Metric, ill []sources.Webhook, reason func(sources.Webhook) string, labelsOf map[string]labels.Set) {
	slices.SortStableFunc(ill, func(a, b sources.Webhook) int {
		return cmp.Or(compareBool(b.Fails, a.Fails), compareBool(b.Pods, a.Pods), cmp.Compare(a.Configuration, b.Configuration), cmp.Compare(a.Name, b.Name))
	})
	told := ill[:min(len(ill), mostWebhooks)]
	ch <- exporter.LeftOut(len(ill) - len(told))
	for _, w := range told {
		ch <- admissionWebhooksIll.Sample(1, w.Configuration, w.Name, typeOf(w), w.Namespace+"/"+w.Service, reason(w), policyOf(w), calledFor(w, labelsOf))
	}
}

// behind are those of the Services, of which anybody may have made many, that a webhook names.
func behind(webhooks []sources.Webhook, services []types.NamespacedName) map[types.NamespacedName]bool {
	named, found := map[types.NamespacedName]bool{}, map[types.NamespacedName]bool{}
	for _, w := range webhooks {
		named[serviceOf(w)] = true
	}
	for _, s := range services {
		if named[s] {
			found[s] = true
		}
	}
	return found
}

func serviceOf(w sources.Webhook) types.NamespacedName {
	return types.NamespacedName{Namespace: w.Namespace, Name: w.Service}
}

// compareBool orders false before true.
func compareBool(a, b bool) int { return cmp.Compare(exporter.Bool(a), exporter.Bool(b)) }

func typeOf(w sources.Webhook) string {
	if w.Mutating {
		return "mutating"
	}
	return "validating"
}

func policyOf(w sources.Webhook) string {
	if w.Fails {
		return "Fail"
	}
	return "Ignore"
}

// mayBeExternal is the reason of a webhook whose Service has no EndpointSlice, and of which
// it cannot be seen whether it should have one.
const mayBeExternal = "no_slices_or_external"

// reasonOf tells a Service without ready endpoints from one that is most likely not there:
// each that has a selector has an EndpointSlice, if an empty one.
func reasonOf(backends sources.Backends, errExternal error) func(sources.Webhook) string {
	return func(w sources.Webhook) string {
		switch _, ok := backends[serviceOf(w)]; {
		case ok:
			return "no_endpoints"
		case errExternal != nil:
			return mayBeExternal
		}
		return "no_slices"
	}
}

// calledFor tells what a webhook holds up. One that is called for all pods of the namespace
// that it runs in itself holds up its own.
func calledFor(w sources.Webhook, labelsOf map[string]labels.Set) string {
	own, known := labelsOf[w.Namespace]
	switch {
	case !w.Pods:
		return "other"
	case w.All && known && w.Namespaces.Matches(own):
		return "own_pods"
	}
	return "pods"
}
