package events

import (
	"fmt"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/client-go/tools/cache"
)

// Phrases are texts by which the messages of one kind of events are told apart, in
// lower case, the most telling first. Messages are not kept otherwise, but of what was
// refused and of volumes that are missing: they hold names, addresses and the words of any program.
type Phrases map[Kind][]string

// In returns the first phrase of the kind that the message contains, or an empty
// string. Of a phrase it returns that phrase.
func (p Phrases) In(kind Kind, message string) string {
	phrases := p[kind]
	if len(phrases) == 0 || message == "" {
		return ""
	}
	message = strings.ToLower(message)
	for _, phrase := range phrases {
		if strings.Contains(message, phrase) {
			return phrase
		}
	}
	return ""
}

// Transformer lets go of what is not read of an event, so that a list in the
// making stays small.
func (l *Log) Transformer() cache.TransformFunc {
	return func(obj any) (any, error) {
		e, ok := obj.(*corev1.Event)
		if !ok {
			return nil, fmt.Errorf("event log: unexpected type %T", obj)
		}
		e.ManagedFields, e.Annotations, e.Labels = nil, nil, nil
		e.Action, e.Related = "", nil
		if kind := (Kind{e.Reason, e.InvolvedObject.Kind}); Refuses(e.Reason) || Speaks(kind) {
			e.Message = strings.Clone(Cut(e.Message))
		} else {
			e.Message = l.phrases.In(kind, e.Message)
		}
		return e, nil
	}
}

// occurrences of an event: components that use the old API count in Count, those
// that use events.k8s.io in Series, and a single event may have neither.
func occurrences(e *corev1.Event) uint64 {
	n := int32(1)
	n = max(n, e.Count)
	if e.Series != nil {
		n = max(n, e.Series.Count)
	}
	return uint64(n)
}

// lastSeen is the latest of the times that an event may bear.
func lastSeen(e *corev1.Event) time.Time {
	last := e.CreationTimestamp.Time
	later := func(t time.Time) {
		if t.After(last) {
			last = t
		}
	}
	later(e.LastTimestamp.Time)
	later(e.EventTime.Time)
	if e.Series != nil {
		later(e.Series.LastObservedTime.Time)
	}
	return last
}

// firstSeen is the earliest of the times that an event may bear.
func firstSeen(e *corev1.Event) time.Time {
	first := lastSeen(e)
	for _, t := range []time.Time{e.FirstTimestamp.Time, e.EventTime.Time, e.CreationTimestamp.Time} {
		if !t.IsZero() && t.Before(first) {
			first = t
		}
	}
	return first
}

// nodeOf tells on which node an event happened: one about a node bears its name,
// and a kubelet says on which host it runs.
func nodeOf(e *corev1.Event) string {
	node := ""
	switch {
	case e.InvolvedObject.Kind == "Node":
		node = e.InvolvedObject.Name
	case e.Source.Component == "kubelet":
		node = e.Source.Host
	case e.ReportingController == "kubelet":
		node = e.ReportingInstance
	}
	// The string may be part of the buffer that the event was decoded from.
	return strings.Clone(node)
}
