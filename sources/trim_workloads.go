package sources

import (
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/kubevitals/kubevitals/sources/events"
)

func trimDeployment(d *appsv1.Deployment, latest *Latest) runtime.Object {
	kept := &appsv1.Deployment{ObjectMeta: trimMeta(d.ObjectMeta, latest)}
	kept.Spec.Replicas, kept.Spec.Template = d.Spec.Replicas, trimTemplate(d.Spec.Template)
	kept.Status = appsv1.DeploymentStatus{Replicas: d.Status.Replicas, ReadyReplicas: d.Status.ReadyReplicas}
	for _, c := range d.Status.Conditions {
		latest.saw(c.LastTransitionTime.Time, c.LastUpdateTime.Time)
		if createsNoPods(c) {
			c.Message = events.Cut(c.Message)
			kept.Status.Conditions = append(kept.Status.Conditions, c)
		}
	}
	return kept
}

func trimDaemonSet(d *appsv1.DaemonSet, latest *Latest) runtime.Object {
	kept := &appsv1.DaemonSet{ObjectMeta: trimMeta(d.ObjectMeta, latest)}
	kept.Spec.Template = trimTemplate(d.Spec.Template)
	kept.Status = appsv1.DaemonSetStatus{
		DesiredNumberScheduled: d.Status.DesiredNumberScheduled, NumberReady: d.Status.NumberReady,
	}
	return kept
}

// trimTemplate keeps the labels that tell what a workload is.
func trimTemplate(t corev1.PodTemplateSpec) corev1.PodTemplateSpec {
	return corev1.PodTemplateSpec{ObjectMeta: trimMeta(metav1.ObjectMeta{Labels: t.Labels}, &Latest{}, componentLabels()...)}
}
