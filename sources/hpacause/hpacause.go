// Package hpacause decides why a HorizontalPodAutoscaler computes or sets no number of
// replicas: one cause from a closed list, from a condition that its controller set.
//
// The reason of a condition names the metric that failed, and not who is at fault: a
// pod without requests, pods that are not ready, an adapter and a metrics API that is
// away all have the reason FailedGetResourceMetric. That is in the message, whose words
// are those of pkg/controller/podautoscaler of Kubernetes and of the API servers.
package hpacause

import (
	"strings"

	autoscalingv2 "k8s.io/api/autoscaling/v2"
)

// Cause says why an autoscaler does not scale. The set is closed.
type Cause string

// The causes. None is that of a condition which is fulfilled.
const (
	None Cause = ""

	// What the autoscaler or the pods that it scales are made of.

	// NoRequests: a container requests none of the resource that its use is a share of.
	NoRequests Cause = "no_requests"
	// NoContainer: the pods have no container of the name that the metric is about.
	NoContainer Cause = "no_container"
	// AmbiguousSelector: another autoscaler selects the same pods.
	AmbiguousSelector Cause = "ambiguous_selector"
	// InvalidSelector: the target has no selector, or none that can be read.
	InvalidSelector Cause = "invalid_selector"
	// InvalidSpec: a metric has no target, or is of a type that there is not.
	InvalidSpec Cause = "invalid_spec"

	// The pods as they are.

	// NoPods: the selector selects none.
	NoPods Cause = "no_pods"
	// PodsUnready: none of them is ready and has figures.
	PodsUnready Cause = "pods_unready"

	// The metrics API, and who serves it.

	// APIMissing: the API server knows no such API.
	APIMissing Cause = "api_missing"
	// APIUnavailable: the API server does not reach who serves it, or in no time.
	APIUnavailable Cause = "api_unavailable"
	// APIFailing: who serves it answers with an error.
	APIFailing Cause = "api_failing"
	// NoFigures: who serves it answers, and has no figures of these pods or this metric.
	NoFigures Cause = "no_figures"
	// MetricUnknown: who serves it knows no such metric.
	MetricUnknown Cause = "metric_unknown"

	// The target.

	// TargetMissing: there is no such object.
	TargetMissing Cause = "target_missing"
	// TargetKindUnknown: there is no such kind, or it cannot be scaled.
	TargetKindUnknown Cause = "target_kind_unknown"
	// Conflict: somebody else changed the target at the same time.
	Conflict Cause = "conflict"
	// Denied: a webhook or a quota refuses the number of replicas.
	Denied Cause = "denied"

	// Forbidden: the controller lacks the right, to the metrics or to the target.
	Forbidden Cause = "forbidden"
	// NotReconciled: no controller has looked at it.
	NotReconciled Cause = "not_reconciled"
	// Untold: the controller gives no message, or in words that are not known here.
	Untold Cause = "untold"
)

// Causes returns every cause but None.
func Causes() []Cause {
	return []Cause{
		NoRequests, NoContainer, AmbiguousSelector, InvalidSelector, InvalidSpec, NoPods, PodsUnready,
		APIMissing, APIUnavailable, APIFailing, NoFigures, MetricUnknown,
		TargetMissing, TargetKindUnknown, Conflict, Denied, Forbidden, NotReconciled, Untold,
	}
}

// Of returns the cause of a condition of an autoscaler.
func Of(c autoscalingv2.HorizontalPodAutoscalerCondition) Cause {
	if c.Status == "True" {
		return None
	}
	switch c.Reason {
	case "AmbiguousSelector":
		return AmbiguousSelector
	case "InvalidSelector":
		return InvalidSelector
	case "InvalidMetricSourceType":
		return InvalidSpec
	}
	if p, ok := told(c); ok {
		return p.cause
	}
	return Untold
}

// Waits tells whether the reason of the condition AbleToScale is that the autoscaler
// waits, as it does of its own will after it scaled: Kubernetes up to 1.17 calls that
// unable.
func Waits(reason string) bool { return strings.HasPrefix(reason, "Backoff") }

// Essence is the part of a message that tells the cause: it holds no names of the
// cluster. It is empty where no cause is told.
func Essence(c autoscalingv2.HorizontalPodAutoscalerCondition) string {
	p, _ := told(c)
	return p.text
}

// phrase is a text by which a controller gives a cause away, in lower case.
type phrase struct {
	text  string
	cause Cause
}

// told is the most telling phrase that the message of a condition contains.
func told(c autoscalingv2.HorizontalPodAutoscalerCondition) (phrase, bool) {
	list := metricPhrases()
	if c.Type == autoscalingv2.AbleToScale {
		list = targetPhrases()
	}
	message := strings.ToLower(c.Message)
	for _, p := range list {
		if strings.Contains(message, p.text) {
			return p, true
		}
	}
	return phrase{}, false
}

// metricPhrases are those of the condition ScalingActive, most telling first: text of
// an adapter, which may say anything, follows those of the controller.
func metricPhrases() []phrase {
	return []phrase{
		{"missing request for", NoRequests},
		{"missing pod-level request for", NoRequests},
		{"neither a value target nor", InvalidSpec},
		{"neither an average utilization target nor", InvalidSpec},
		{"unknown metric source type", InvalidSpec},
		{"no pods returned by selector", NoPods},
		{"pods might be unready", PodsUnready},
		{"no metrics returned matched known pods", PodsUnready},
		{"no metrics returned from", NoFigures},
		{"not found in pod", NoContainer},
		{"could not find the metric", MetricUnknown},
		{"could not find the descriptor for metric", MetricUnknown},
		{"no known metrics", MetricUnknown},
		{"no matching metrics found", MetricUnknown},
		{"internal error occurred", APIFailing},
		{"forbidden", Forbidden},
		{"unauthorized", Forbidden},
		{"provide credentials", Forbidden},
		{"no custom metrics api", APIMissing},
		{"could not find the requested resource", APIMissing},
		{"currently unable to handle the request", APIUnavailable},
		{"service unavailable", APIUnavailable},
		{"error trying to reach service", APIUnavailable},
		{"no endpoints available", APIUnavailable},
		{"unable to return a response in the time allotted", APIUnavailable},
		{"connection refused", APIUnavailable},
		{"deadline exceeded", APIUnavailable},
		{"i/o timeout", APIUnavailable},
		{"timed out", APIUnavailable},
		{"unable to fetch metrics from", APIFailing},
	}
}

// targetPhrases are those of the condition AbleToScale. A kind that is not known is
// also not found.
func targetPhrases() []phrase {
	return []phrase{
		{"denied the request", Denied},
		{"failed calling webhook", Denied},
		{"exceeded quota", Denied},
		{"forbidden", Forbidden},
		{"unauthorized", Forbidden},
		{"no matches for kind", TargetKindUnknown},
		{"could not find the requested resource", TargetKindUnknown},
		{"does not have a scale subresource", TargetKindUnknown},
		{"invalid api version", TargetKindUnknown},
		{"the object has been modified", Conflict},
		{"not found", TargetMissing},
	}
}
