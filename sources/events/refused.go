package events

import (
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/kubevitals/kubevitals/sources/refusal"
)

// Whoever may create workloads can have any number refused, and events of any message.
const (
	mostRefused            = 1000
	mostRefusedOfNamespace = 100
	// longestRefusal bounds what is kept of a message, in bytes; client-go sends no more.
	longestRefusal = 1024
)

// Refused sums up the events that tell that objects of an owner were not created.
type Refused struct {
	// Namespace, Kind and Name are the owner's.
	Namespace, Kind, Name string
	refusal.Refusal
	// Message is what the latest of them says, cut.
	Message string
	// Count is the number of occurrences; First and Last are when they happened.
	Count       uint64
	First, Last time.Time
}

// Refuses tells whether events of the reason say that what an object owns was not created.
func Refuses(reason string) bool {
	return reason == "FailedCreate" || reason == "ReplicaSetCreateError"
}

// refused is what is kept of one such event, beside what is kept of all.
type refused struct {
	name, message string
	refusal       refusal.Refusal
	first         time.Time
}

func refusedOf(e *corev1.Event) *refused {
	if !Refuses(e.Reason) {
		return nil
	}
	return &refused{strings.Clone(e.InvolvedObject.Name), strings.Clone(CutRefusal(e.Message)), refusal.Of(e.Message), firstSeen(e)}
}

// CutRefusal is a message of bounded length.
func CutRefusal(message string) string {
	if len(message) <= longestRefusal {
		return message
	}
	return strings.ToValidUTF8(message[:longestRefusal], "") + "…"
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

// place makes room for the words of an event, or drops them where there are too many.
// The caller holds the lock.
func (l *Log) place(e *event) {
	if e.refused == nil {
		return
	}
	if l.refused >= mostRefused || l.refusedIn[e.namespace] >= mostRefusedOfNamespace {
		e.refused = nil
		l.leftOut++
		return
	}
	l.refused++
	l.refusedIn[e.namespace]++
}

// displace is what undoes it.
func (l *Log) displace(e event) {
	if e.refused == nil {
		return
	}
	l.refused--
	if l.refusedIn[e.namespace]--; l.refusedIn[e.namespace] == 0 {
		delete(l.refusedIn, e.namespace)
	}
}

// Refused returns what the API server still holds of what was not created, a sum for each
// owner and cause, in no particular order.
func (l *Log) Refused() ([]Refused, error) {
	if err := l.health.Err(); err != nil {
		return nil, err
	}
	type key struct {
		namespace, kind, name string
		refusal               refusal.Refusal
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	sums := map[key]Refused{}
	for _, e := range l.events {
		if e.refused == nil {
			continue
		}
		k := key{e.namespace, e.place.Object, e.refused.name, e.refused.refusal}
		sum := sums[k]
		if sum.Count == 0 {
			sum = Refused{Namespace: k.namespace, Kind: k.kind, Name: k.name, Refusal: k.refusal, First: e.refused.first}
		}
		if e.refused.first.Before(sum.First) {
			sum.First = e.refused.first
		}
		if !e.last.Before(sum.Last) {
			sum.Last, sum.Message = e.last, e.refused.message
		}
		sum.Count += e.count
		sums[k] = sum
	}
	all := make([]Refused, 0, len(sums))
	for _, sum := range sums {
		all = append(all, sum)
	}
	return all, nil
}
