package sources

import (
	"encoding/base64"
	"time"

	autoscalingv2 "k8s.io/api/autoscaling/v2"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/kubevitals/kubevitals/sources/certs"
	"github.com/kubevitals/kubevitals/sources/hpacause"
)

// mostMessage bounds what is kept of a message that may quote anything, in bytes.
const mostMessage = 1024

func trimAutoscaler(h *autoscalingv2.HorizontalPodAutoscaler, latest *Latest) runtime.Object {
	kept := &autoscalingv2.HorizontalPodAutoscaler{ObjectMeta: trimMeta(h.ObjectMeta, latest)}
	kept.Spec.MinReplicas, kept.Spec.MaxReplicas = h.Spec.MinReplicas, h.Spec.MaxReplicas
	kept.Spec.ScaleTargetRef = autoscalingv2.CrossVersionObjectReference{Kind: h.Spec.ScaleTargetRef.Kind, Name: h.Spec.ScaleTargetRef.Name}
	for _, m := range h.Spec.Metrics {
		kept.Spec.Metrics = append(kept.Spec.Metrics, trimMetric(m))
	}
	kept.Status.CurrentReplicas, kept.Status.DesiredReplicas = h.Status.CurrentReplicas, h.Status.DesiredReplicas
	for _, m := range h.Status.CurrentMetrics {
		kept.Status.CurrentMetrics = append(kept.Status.CurrentMetrics, autoscalingv2.MetricStatus{Type: m.Type})
	}
	for _, c := range h.Status.Conditions {
		latest.saw(c.LastTransitionTime.Time)
		switch {
		case c.Status == corev1.ConditionTrue:
			c.Message = "" // free text that no collector reads
		case len(c.Message) > mostMessage:
			c.Message = hpacause.Essence(c)
		}
		kept.Status.Conditions = append(kept.Status.Conditions, c)
	}
	return kept
}

// trimMetric keeps the kind of a metric and its name, and no selector.
func trimMetric(m autoscalingv2.MetricSpec) autoscalingv2.MetricSpec {
	kept := autoscalingv2.MetricSpec{Type: m.Type}
	switch {
	case m.Resource != nil:
		kept.Resource = &autoscalingv2.ResourceMetricSource{Name: m.Resource.Name}
	case m.ContainerResource != nil:
		kept.ContainerResource = &autoscalingv2.ContainerResourceMetricSource{Name: m.ContainerResource.Name, Container: m.ContainerResource.Container}
	case m.Pods != nil:
		kept.Pods = &autoscalingv2.PodsMetricSource{Metric: autoscalingv2.MetricIdentifier{Name: m.Pods.Metric.Name}}
	case m.Object != nil:
		kept.Object = &autoscalingv2.ObjectMetricSource{Metric: autoscalingv2.MetricIdentifier{Name: m.Object.Metric.Name}}
	case m.External != nil:
		kept.External = &autoscalingv2.ExternalMetricSource{Metric: autoscalingv2.MetricIdentifier{Name: m.External.Metric.Name}}
	}
	return kept
}

// trimAPIService keeps which Service serves the API, if not the API server does,
// until when that is trusted, and whether it works.
func trimAPIService(u *map[string]any, latest *Latest) runtime.Object {
	from := unstructured.Unstructured{Object: *u}
	latest.saw(from.GetCreationTimestamp().Time)
	kept := &unstructured.Unstructured{Object: map[string]any{"metadata": map[string]any{"name": from.GetName()}}}
	kept.SetAPIVersion("apiregistration.k8s.io/v1")
	kept.SetKind("APIService")
	if s, ok, err := unstructured.NestedMap(*u, "spec", "service"); err == nil && ok && s != nil {
		namespace, _ := s["namespace"].(string)
		name, _ := s["name"].(string)
		spec := map[string]any{"service": map[string]any{"namespace": namespace, "name": name}}
		bundle, _, _ := unstructured.NestedString(*u, "spec", "caBundle")
		if decoded, err := base64.StdEncoding.DecodeString(bundle); err == nil && len(decoded) > 0 {
			spec["caBundle"] = base64.StdEncoding.EncodeToString(certs.Summary(decoded))
		}
		kept.Object["spec"] = spec
	}
	list, _, _ := unstructured.NestedSlice(*u, "status", "conditions") // none where it is no list
	var conditions []any
	for _, c := range list {
		if c, ok := c.(map[string]any); ok {
			message, _ := c["message"].(string)
			since, _ := c["lastTransitionTime"].(string)
			if t, err := time.Parse(time.RFC3339, since); err == nil {
				latest.saw(t)
			}
			conditions = append(conditions, map[string]any{
				"type": c["type"], "status": c["status"], "reason": c["reason"], "message": cutMessage(message), "lastTransitionTime": since,
			})
		}
	}
	kept.Object["status"] = map[string]any{"conditions": conditions}
	return kept
}

func trimNodeMetrics(u *map[string]any, latest *Latest) runtime.Object {
	from := unstructured.Unstructured{Object: *u}
	timestamp, _, _ := unstructured.NestedString(*u, "timestamp")
	if t, err := time.Parse(time.RFC3339, timestamp); err == nil {
		latest.saw(t)
	}
	return &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "metrics.k8s.io/v1beta1", "kind": "NodeMetrics",
		"metadata": map[string]any{"name": from.GetName()}, "timestamp": timestamp,
	}}
}
