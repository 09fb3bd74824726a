package snapshot

import (
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	eventsv1 "k8s.io/api/events/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
)

// trimEvent keeps why, how often and when, and the name of a node, but of no
// other object.
func trimEvent(e *corev1.Event, latest *latestTime) runtime.Object {
	latest.saw(e.FirstTimestamp.Time, e.LastTimestamp.Time, e.EventTime.Time)
	kept := &corev1.Event{
		ObjectMeta:     trimMeta(e.ObjectMeta, latest),
		InvolvedObject: corev1.ObjectReference{Kind: e.InvolvedObject.Kind},
		Reason:         e.Reason, Type: e.Type, Source: e.Source, Count: e.Count,
		FirstTimestamp: e.FirstTimestamp, LastTimestamp: e.LastTimestamp, EventTime: e.EventTime,
		ReportingController: e.ReportingController, ReportingInstance: e.ReportingInstance,
	}
	switch e.InvolvedObject.Kind {
	case "Node": // a kubelet gives its node's name for the UID, too
		kept.InvolvedObject.Name = e.InvolvedObject.Name
	case "Pod":
		kept.InvolvedObject.UID = e.InvolvedObject.UID
	}
	if s := e.Series; s != nil {
		latest.saw(s.LastObservedTime.Time)
		kept.Series = &corev1.EventSeries{Count: s.Count, LastObservedTime: s.LastObservedTime}
	}
	return kept
}

// trimNewEvent turns an event of the newer API into one of the older, as an API
// server does.
func trimNewEvent(e *eventsv1.Event, latest *latestTime) runtime.Object {
	old := &corev1.Event{
		ObjectMeta: e.ObjectMeta, InvolvedObject: e.Regarding, Reason: e.Reason, Type: e.Type,
		Source: e.DeprecatedSource, Count: e.DeprecatedCount,
		FirstTimestamp: e.DeprecatedFirstTimestamp, LastTimestamp: e.DeprecatedLastTimestamp, EventTime: e.EventTime,
		ReportingController: e.ReportingController, ReportingInstance: e.ReportingInstance,
	}
	if s := e.Series; s != nil {
		old.Series = &corev1.EventSeries{Count: s.Count, LastObservedTime: s.LastObservedTime}
	}
	return trimEvent(old, latest)
}

func trimDeployment(d *appsv1.Deployment, latest *latestTime) runtime.Object {
	kept := &appsv1.Deployment{ObjectMeta: trimMeta(d.ObjectMeta, latest)}
	kept.Spec.Replicas, kept.Spec.Template = d.Spec.Replicas, trimTemplate(d.Spec.Template)
	kept.Status = appsv1.DeploymentStatus{Replicas: d.Status.Replicas, ReadyReplicas: d.Status.ReadyReplicas}
	return kept
}

func trimDaemonSet(d *appsv1.DaemonSet, latest *latestTime) runtime.Object {
	kept := &appsv1.DaemonSet{ObjectMeta: trimMeta(d.ObjectMeta, latest)}
	kept.Spec.Template = trimTemplate(d.Spec.Template)
	kept.Status = appsv1.DaemonSetStatus{
		DesiredNumberScheduled: d.Status.DesiredNumberScheduled, NumberReady: d.Status.NumberReady,
	}
	return kept
}

// trimTemplate keeps the labels that tell what a workload is.
func trimTemplate(t corev1.PodTemplateSpec) corev1.PodTemplateSpec {
	return corev1.PodTemplateSpec{ObjectMeta: trimMeta(metav1.ObjectMeta{Labels: t.Labels}, &latestTime{}, componentLabels()...)}
}
