package collectors

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	autoscalingv2 "k8s.io/api/autoscaling/v2"

	"github.com/kubevitals/kubevitals/exporter"
	"github.com/kubevitals/kubevitals/sources"
	"github.com/kubevitals/kubevitals/sources/hpacause"
)

const autoscalingName = "autoscaling"

var (
	autoscalingMetrics = exporter.NewGauge(autoscalingName, "metrics_available",
		"Whether the autoscaler can read the metrics it scales by: 1 is yes, 0 means it cannot for the given reason of its condition, and by the words of its message for the given cause; absent while scaling is disabled.",
		"namespace", "horizontalpodautoscaler", "reason", "cause")
	autoscalingMetric = exporter.NewGauge(autoscalingName, "metric_available",
		"Is 0 where the autoscaler could not read this one metric when it last looked; absent where it could, and while it has no need to look.",
		"namespace", "horizontalpodautoscaler", "type", "metric")
	autoscalingAble = exporter.NewGauge(autoscalingName, "able_to_scale",
		"Is 0 where the autoscaler cannot read or set the number of replicas of its target, for the given reason of its condition, and by the words of its message for the given cause; absent where it can.",
		"namespace", "horizontalpodautoscaler", "reason", "cause")
	autoscalingAtMax = exporter.NewGauge(autoscalingName, "at_max",
		"Is 1 where the target has the most replicas that the autoscaler may ask for, and it wants more; absent elsewhere, also where minimum and maximum are the same on purpose.",
		"namespace", "horizontalpodautoscaler")
	autoscalingDisabled = exporter.NewGauge(autoscalingName, "disabled",
		"Is 1 where scaling is switched off because the target was set to zero replicas, and absent elsewhere.",
		"namespace", "horizontalpodautoscaler")
	autoscalingCulprit = exporter.NewGauge(autoscalingName, "culprit",
		"Is 1 for what the condition of the autoscaler blames for the cause no_requests or no_container: a container that requests none of the resource, or that is missing; the pod is named unless the target made it, whose pods are all alike, and of_target says by the names whether it did.",
		"namespace", "horizontalpodautoscaler", "cause", "resource", "container", "pod", "of_target")
	autoscalingAutoscalers = exporter.NewGauge(autoscalingName, "autoscalers",
		"Number of autoscalers.")
)

// Autoscaling is the failure mode of a HorizontalPodAutoscaler that does not
// scale.
func Autoscaling() Definition {
	return Definition{
		Name:    autoscalingName,
		Help:    "A HorizontalPodAutoscaler does not scale, and why.",
		Scope:   Cluster,
		Default: true,
		Metrics: []*exporter.Desc{
			autoscalingMetrics, autoscalingMetric, autoscalingAble, autoscalingAtMax, autoscalingDisabled, autoscalingCulprit, autoscalingAutoscalers,
		},
		Reads: []sources.Read{sources.HPAs},
		New: func(s *sources.Sources) (exporter.Collector, error) {
			return autoscalingCollector{hpas: s.HPAs().List, now: s.Now}, nil
		},
	}
}

type autoscalingCollector struct {
	hpas func() ([]*autoscalingv2.HorizontalPodAutoscaler, error)
	now  func() time.Time
}

// Collect sends the state of every autoscaler as its controller reports it.
func (c autoscalingCollector) Collect(ctx context.Context, ch chan<- prometheus.Metric) error {
	hpas, err := c.hpas()
	if err != nil {
		return err
	}
	for _, hpa := range hpas {
		if err := ctx.Err(); err != nil {
			return err
		}
		c.sendAutoscaler(ch, hpa)
	}
	ch <- autoscalingAutoscalers.Sample(float64(len(hpas)))
	return nil
}

func (c autoscalingCollector) sendAutoscaler(ch chan<- prometheus.Metric, hpa *autoscalingv2.HorizontalPodAutoscaler) {
	namespace, name := hpa.Namespace, hpa.Name
	conditions := map[autoscalingv2.HorizontalPodAutoscalerConditionType]autoscalingv2.HorizontalPodAutoscalerCondition{}
	for _, one := range hpa.Status.Conditions {
		conditions[one.Type] = one
	}
	active, known := conditions[autoscalingv2.ScalingActive]
	disabled := known && active.Status != "True" && active.Reason == "ScalingDisabled"
	switch {
	case disabled:
	case len(conditions) == 0:
		c.sendUnconditioned(ch, hpa)
	case known && active.Status != "Unknown":
		ch <- autoscalingMetrics.Sample(exporter.Bool(active.Status == "True"), namespace, name, closed(active.Reason, activeReasons()), string(hpacause.Of(active)))
		sendCulprit(ch, hpa, active)
	}
	if able, ok := conditions[autoscalingv2.AbleToScale]; ok && able.Status == "False" && !hpacause.Waits(able.Reason) {
		ch <- autoscalingAble.Sample(0, namespace, name, closed(able.Reason, ableReasons()), string(hpacause.Of(able)))
	}
	if wantsMore(hpa, conditions[autoscalingv2.ScalingLimited]) {
		ch <- autoscalingAtMax.Sample(1, namespace, name)
	}
	if disabled {
		ch <- autoscalingDisabled.Sample(1, namespace, name)
		return
	}
	failing := failingMetrics(hpa)
	told := failing[:min(len(failing), maxAutoscalerMetrics)]
	for _, key := range told {
		ch <- autoscalingMetric.Sample(0, namespace, name, key.kind, key.name)
	}
	ch <- exporter.LeftOut(len(failing) - len(told))
}

// sendCulprit tells whom a condition blames. Which of the pods that a target made the
// controller comes upon first changes from one look to the next, so none of these is named.
func sendCulprit(ch chan<- prometheus.Metric, hpa *autoscalingv2.HorizontalPodAutoscaler, active autoscalingv2.HorizontalPodAutoscalerCondition) {
	who, ok := hpacause.CulpritOf(active)
	if !ok {
		return
	}
	of := hpacause.OfTargetOf(hpa.Spec.ScaleTargetRef, who.Pod)
	if of == hpacause.Own {
		who.Pod = ""
	}
	ch <- autoscalingCulprit.Sample(1, hpa.Namespace, hpa.Name, string(hpacause.Of(active)), who.Resource, who.Container, who.Pod, string(of))
}

// maxAutoscalerMetrics is how many metrics of one autoscaler that cannot be read are told of: whoever may
// write one may name any number.
const maxAutoscalerMetrics = 16

// reconcileWithin is by when the controller has looked at a new autoscaler: it does at
// once, and every 15 s from then on.
const reconcileWithin = time.Minute

// sendUnconditioned tells of an autoscaler without conditions, of which each has some
// once its controller has looked at it. In the version autoscaling/v1 they are in an
// annotation, which dumps may lack: what it could read, or how many replicas it saw,
// then tells that it was looked at.
func (c autoscalingCollector) sendUnconditioned(ch chan<- prometheus.Metric, hpa *autoscalingv2.HorizontalPodAutoscaler) {
	s := hpa.Status
	read := slices.ContainsFunc(s.CurrentMetrics, func(m autoscalingv2.MetricStatus) bool { return m.Type != "" })
	switch {
	case read:
		ch <- autoscalingMetrics.Sample(1, hpa.Namespace, hpa.Name, "ValidMetricFound", string(hpacause.None))
	case s.CurrentReplicas > 0 || s.DesiredReplicas > 0: // looked at, with a result that is not there
	case c.now().Sub(hpa.CreationTimestamp.Time) > reconcileWithin:
		ch <- autoscalingMetrics.Sample(0, hpa.Namespace, hpa.Name, "NotReconciled", string(hpacause.NotReconciled))
	}
}

// wantsMore tells whether the maximum keeps the autoscaler from what it would do.
// Some are pinned, with the same minimum and maximum, and want nothing else.
func wantsMore(hpa *autoscalingv2.HorizontalPodAutoscaler, limited autoscalingv2.HorizontalPodAutoscalerCondition) bool {
	least := int32(1) // what the API takes for no minimum
	if hpa.Spec.MinReplicas != nil {
		least = *hpa.Spec.MinReplicas
	}
	return hpa.Status.CurrentReplicas >= hpa.Spec.MaxReplicas && least < hpa.Spec.MaxReplicas &&
		limited.Status == "True" && limited.Reason == "TooManyReplicas"
}

// metricKey names one metric of an autoscaler.
type metricKey struct{ kind, name string }

// failingMetrics are the metrics of the specification that could not be read, in the order
// of their names. The controller keeps one status entry per metric, in the same order, and
// leaves the entry of one that failed empty. Without any entry it had no need to look,
// because a bound decided, and nothing is known. A metric that is named twice counts as
// read only if both were.
func failingMetrics(hpa *autoscalingv2.HorizontalPodAutoscaler) []metricKey {
	current := hpa.Status.CurrentMetrics
	if len(current) == 0 {
		return nil
	}
	var failing []metricKey
	for i, spec := range hpa.Spec.Metrics {
		if i >= len(current) || current[i].Type == "" {
			failing = append(failing, metricKey{string(spec.Type), metricName(spec)})
		}
	}
	slices.SortFunc(failing, func(a, b metricKey) int {
		return cmp.Or(strings.Compare(a.kind, b.kind), strings.Compare(a.name, b.name))
	})
	return slices.Compact(failing)
}

func metricName(m autoscalingv2.MetricSpec) string {
	switch {
	case m.Resource != nil:
		return string(m.Resource.Name)
	case m.ContainerResource != nil:
		return m.ContainerResource.Container + "/" + string(m.ContainerResource.Name)
	case m.Pods != nil:
		return m.Pods.Metric.Name
	case m.Object != nil:
		return m.Object.Metric.Name
	case m.External != nil:
		return m.External.Metric.Name
	}
	return ""
}

// activeReasons are the reasons of the condition ScalingActive.
func activeReasons() []string {
	return []string{
		"ValidMetricFound", "FailedGetResourceMetric", "FailedGetContainerResourceMetric", "FailedGetPodsMetric",
		"FailedGetObjectMetric", "FailedGetExternalMetric", "InvalidMetricSourceType", "InvalidSelector", "AmbiguousSelector",
	}
}

// ableReasons are the reasons of the condition AbleToScale.
func ableReasons() []string {
	return []string{
		"SucceededGetScale", "SucceededRescale", "ReadyForNewScale", "ScaleDownStabilized", "ScaleUpStabilized",
		"FailedGetScale", "FailedUpdateScale", "BackoffBoth", "BackoffDownscale", "BackoffUpscale",
	}
}
