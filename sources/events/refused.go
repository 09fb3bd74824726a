package events

import (
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/kubevitals/kubevitals/sources/refusal"
)

// Refused sums up the events that tell that objects of an owner were not created.
type Refused struct {
	// Namespace, Kind and Name are the owner's, and so is UID, which is empty if the event
	// lacks it.
	Namespace, Kind, Name string
	UID                   types.UID
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
}

func refusedOf(e *corev1.Event) *refused {
	if !Refuses(e.Reason) {
		return nil
	}
	return &refused{strings.Clone(e.InvolvedObject.Name), strings.Clone(Cut(e.Message)), refusal.Of(e.Message)}
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
			sum = Refused{Namespace: k.namespace, Kind: k.kind, Name: k.name, UID: e.object, Refusal: k.refusal, First: e.first}
		}
		if e.first.Before(sum.First) {
			sum.First = e.first
		}
		if !e.last.Before(sum.Last) {
			sum.Last, sum.Message, sum.UID = e.last, e.refused.message, e.object
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
