package sources

import (
	"cmp"

	corev1 "k8s.io/api/core/v1"
	eventsv1 "k8s.io/api/events/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/kubevitals/kubevitals/sources/events"
)

// eventFields are what API servers let events be selected by.
func eventFields(obj runtime.Object) fields.Set {
	e, ok := obj.(*corev1.Event)
	if !ok {
		return fields.Set{}
	}
	return fields.Set{
		"type": e.Type, "reason": e.Reason, "source": cmp.Or(e.Source.Component, e.ReportingController),
		"involvedObject.kind": e.InvolvedObject.Kind, "involvedObject.name": e.InvolvedObject.Name,
	}
}

// trimEvent keeps why, how often and when, and the name of a node, but of no
// other object, and of the message a phrase that is known. Of owners of which something was
// refused it keeps name and UID, and of these and of pods without their volumes the message that says why.
func trimEvent(e *corev1.Event, latest *Latest) runtime.Object {
	latest.saw(e.FirstTimestamp.Time, e.LastTimestamp.Time, e.EventTime.Time)
	kept := &corev1.Event{
		ObjectMeta:     trimMeta(e.ObjectMeta, latest),
		InvolvedObject: corev1.ObjectReference{Kind: e.InvolvedObject.Kind},
		Reason:         e.Reason, Type: e.Type, Source: e.Source, Count: e.Count,
		FirstTimestamp: e.FirstTimestamp, LastTimestamp: e.LastTimestamp, EventTime: e.EventTime,
		ReportingController: e.ReportingController, ReportingInstance: e.ReportingInstance,
		Message: EventPhrases().In(events.Kind{Reason: e.Reason, Object: e.InvolvedObject.Kind}, e.Message),
	}
	switch e.InvolvedObject.Kind {
	case "Node": // a kubelet gives its node's name for the UID, too
		kept.InvolvedObject.Name = e.InvolvedObject.Name
	case "Pod":
		kept.InvolvedObject.UID = e.InvolvedObject.UID
	}
	if events.Refuses(e.Reason) {
		kept.InvolvedObject.Name, kept.InvolvedObject.UID = e.InvolvedObject.Name, e.InvolvedObject.UID
		kept.Message = events.Cut(e.Message)
	}
	if events.Speaks(events.Kind{Reason: e.Reason, Object: e.InvolvedObject.Kind}) {
		kept.Message = events.Cut(e.Message)
	}
	if s := e.Series; s != nil {
		latest.saw(s.LastObservedTime.Time)
		kept.Series = &corev1.EventSeries{Count: s.Count, LastObservedTime: s.LastObservedTime}
	}
	return kept
}

// trimNewEvent turns an event of the newer API into one of the older, as an API
// server does.
func trimNewEvent(e *eventsv1.Event, latest *Latest) runtime.Object {
	old := &corev1.Event{
		ObjectMeta: e.ObjectMeta, InvolvedObject: e.Regarding, Reason: e.Reason, Type: e.Type, Message: e.Note,
		Source: e.DeprecatedSource, Count: e.DeprecatedCount,
		FirstTimestamp: e.DeprecatedFirstTimestamp, LastTimestamp: e.DeprecatedLastTimestamp, EventTime: e.EventTime,
		ReportingController: e.ReportingController, ReportingInstance: e.ReportingInstance,
	}
	if s := e.Series; s != nil {
		old.Series = &corev1.EventSeries{Count: s.Count, LastObservedTime: s.LastObservedTime}
	}
	return trimEvent(old, latest)
}
