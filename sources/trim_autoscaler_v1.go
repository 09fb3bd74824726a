package sources

import (
	"encoding/json"

	autoscalingv1 "k8s.io/api/autoscaling/v1"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime"
)

// trimOldAutoscaler keeps of an autoscaler in the version autoscaling/v1 the same as of
// others. What that version has no fields for is in annotations.
func trimOldAutoscaler(h *autoscalingv1.HorizontalPodAutoscaler, latest *Latest) runtime.Object {
	converted := &autoscalingv2.HorizontalPodAutoscaler{ObjectMeta: h.ObjectMeta}
	converted.Spec.MinReplicas, converted.Spec.MaxReplicas = h.Spec.MinReplicas, h.Spec.MaxReplicas
	converted.Spec.ScaleTargetRef.Kind, converted.Spec.ScaleTargetRef.Name = h.Spec.ScaleTargetRef.Kind, h.Spec.ScaleTargetRef.Name
	converted.Status.CurrentReplicas, converted.Status.DesiredReplicas = h.Status.CurrentReplicas, h.Status.DesiredReplicas
	annotated(h, conditionsAnnotation, &converted.Status.Conditions)
	var metrics []autoscalingv1.MetricSpec
	annotated(h, metricsAnnotation, &metrics)
	if h.Spec.TargetCPUUtilizationPercentage != nil {
		converted.Spec.Metrics = append(converted.Spec.Metrics, autoscalingv2.MetricSpec{
			Type: autoscalingv2.ResourceMetricSourceType, Resource: &autoscalingv2.ResourceMetricSource{Name: corev1.ResourceCPU},
		})
	}
	for _, m := range metrics {
		converted.Spec.Metrics = append(converted.Spec.Metrics, oldMetric(m))
	}
	converted.Status.CurrentMetrics = oldCurrentMetrics(h, len(converted.Spec.Metrics))
	return trimAutoscaler(converted, latest)
}

// The annotations that hold what autoscaling/v1 has no fields for.
const (
	conditionsAnnotation     = "autoscaling.alpha.kubernetes.io/conditions"
	metricsAnnotation        = "autoscaling.alpha.kubernetes.io/metrics"
	currentMetricsAnnotation = "autoscaling.alpha.kubernetes.io/current-metrics"
)

// annotated decodes an annotation. What cannot be decoded is as if it were not there:
// anybody may write one.
func annotated[T any](h *autoscalingv1.HorizontalPodAutoscaler, name string, into *[]T) {
	var list []T
	if err := json.Unmarshal([]byte(h.Annotations[name]), &list); err == nil {
		*into = list
	}
}

func oldMetric(m autoscalingv1.MetricSpec) autoscalingv2.MetricSpec {
	converted := autoscalingv2.MetricSpec{Type: autoscalingv2.MetricSourceType(m.Type)}
	switch {
	case m.Resource != nil:
		converted.Resource = &autoscalingv2.ResourceMetricSource{Name: m.Resource.Name}
	case m.ContainerResource != nil:
		converted.ContainerResource = &autoscalingv2.ContainerResourceMetricSource{Name: m.ContainerResource.Name, Container: m.ContainerResource.Container}
	case m.Pods != nil:
		converted.Pods = &autoscalingv2.PodsMetricSource{Metric: autoscalingv2.MetricIdentifier{Name: m.Pods.MetricName}}
	case m.Object != nil:
		converted.Object = &autoscalingv2.ObjectMetricSource{Metric: autoscalingv2.MetricIdentifier{Name: m.Object.MetricName}}
	case m.External != nil:
		converted.External = &autoscalingv2.ExternalMetricSource{Metric: autoscalingv2.MetricIdentifier{Name: m.External.MetricName}}
	}
	return converted
}

// oldCurrentMetrics are the states of the metrics if all of them were read, and none
// else: the version moves the one of the CPU to a field, so that the order of the
// others, by which an empty one is told, is lost.
func oldCurrentMetrics(h *autoscalingv1.HorizontalPodAutoscaler, wanted int) []autoscalingv2.MetricStatus {
	var current []autoscalingv2.MetricStatus
	if h.Status.CurrentCPUUtilizationPercentage != nil {
		current = append(current, autoscalingv2.MetricStatus{Type: autoscalingv2.ResourceMetricSourceType})
	}
	var others []autoscalingv1.MetricStatus
	annotated(h, currentMetricsAnnotation, &others)
	for _, m := range others {
		if m.Type == "" {
			return nil
		}
		current = append(current, autoscalingv2.MetricStatus{Type: autoscalingv2.MetricSourceType(m.Type)})
	}
	if len(current) != wanted {
		return nil
	}
	return current
}
