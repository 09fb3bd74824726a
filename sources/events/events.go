// Package events keeps what kubevitals needs of the events of a cluster: how
// often each known reason occurred, on which node, and when last. A reflector
// feeds it; no event object is ever kept.
package events

import (
	"fmt"
	"maps"
	"strings"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/tools/cache"

	"github.com/kubevitals/kubevitals/sources/health"
)

// Kind names one sort of event: why it was sent and about what.
type Kind struct {
	// Reason and Object are the event's reason and the kind of its object.
	Reason, Object string
}

// Place is where events of one kind happen.
type Place struct {
	Kind
	// Node is the node that the event is about or whose kubelet sent it; empty
	// for all others.
	Node string
}

// Occurrence sums up the events of one place that the API server still holds,
// by default for an hour.
type Occurrence struct {
	// Count is the number of occurrences; a lower bound, because senders of
	// events fold and drop them.
	Count uint64
	// First and Last are when the earliest and the latest of them happened. A sender that
	// runs for long may count on one event for longer than the API server holds it.
	First, Last time.Time
}

// Log is safe for concurrent use.
type Log struct {
	health *health.Health
	known  map[Kind]bool
	// phrases never changes.
	phrases Phrases

	mu sync.Mutex
	// listed is set by the first complete list.
	listed bool
	events map[types.UID]event
	// namespaces are how many of the events are of each.
	namespaces map[string]int
	totals     map[Kind]uint64
	// refused are the events with words about what was refused, and said those with words
	// about a pod.
	refused, said room
	// leftOut is how many events were too many to be kept since the last list.
	leftOut int
}

var (
	_ cache.TransformingStore      = (*Log)(nil)
	_ cache.ReflectorBookmarkStore = (*Log)(nil)
)

// event is what is kept of one event.
type event struct {
	place  Place
	object types.UID
	// namespace is that of the event itself.
	namespace string
	// phrase is what is kept of its message, and said all of it, of some kinds.
	phrase, said string
	count        uint64
	// first and last are when it happened.
	first, last time.Time
	// refused is nil unless the event tells that something was not created.
	refused *refused
}

// New returns a log of the given kinds of events; it ignores all others. Of their
// messages it keeps the phrases, if any.
func New(health *health.Health, kinds []Kind, phrases Phrases) *Log {
	l := &Log{health: health, known: map[Kind]bool{}, phrases: phrases, events: map[types.UID]event{}, namespaces: map[string]int{}, refused: newRoom(), said: newRoom(), totals: map[Kind]uint64{}}
	for _, k := range kinds {
		l.known[k] = true
		l.totals[k] = 0
	}
	return l
}

// Err returns nil while the log tells the present state, and an
// *health.UnavailableError while it is unavailable.
func (l *Log) Err() error { return l.health.Err() }

// Totals returns for every known kind how often it occurred since the log was
// first complete. The numbers never fall: an event that expires stays counted,
// and one that is listed again is counted for what it grew by.
func (l *Log) Totals() (map[Kind]uint64, error) {
	if err := l.health.Err(); err != nil {
		return nil, err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	return maps.Clone(l.totals), nil
}

// Places returns what the API server still holds, by place.
func (l *Log) Places() (map[Place]Occurrence, error) {
	if err := l.health.Err(); err != nil {
		return nil, err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	places := map[Place]Occurrence{}
	for _, e := range l.events {
		o := places[e.place]
		o.Count += e.count
		if e.last.After(o.Last) {
			o.Last = e.last
		}
		if o.First.IsZero() || e.first.Before(o.First) {
			o.First = e.first
		}
		places[e.place] = o
	}
	return places, nil
}

// Add counts an event.
func (l *Log) Add(obj any) error {
	uid, e, known, err := l.read(obj)
	if err != nil {
		return l.broken(err)
	}
	if known {
		l.mu.Lock()
		l.count(uid, e)
		l.mu.Unlock()
	}
	return nil
}

// Update counts what an event grew by.
func (l *Log) Update(obj any) error { return l.Add(obj) }

// Delete forgets an event that expired. It stays in the totals.
func (l *Log) Delete(obj any) error {
	if unknown, ok := obj.(cache.DeletedFinalStateUnknown); ok {
		obj = unknown.Obj
	}
	accessor, err := meta.Accessor(obj)
	if err != nil {
		return l.broken(fmt.Errorf("deleted event: %w", err))
	}
	l.mu.Lock()
	l.forget(accessor.GetUID())
	l.mu.Unlock()
	return nil
}

// Replace takes a complete list. What the first list holds happened before the
// log began and is not counted; what a later list holds that was unknown
// happened while the watch was broken and is.
func (l *Log) Replace(objs []any, _ string) error {
	listed := make(map[types.UID]event, len(objs))
	for _, obj := range objs {
		uid, e, known, err := l.read(obj)
		if err != nil {
			return l.broken(err)
		}
		if known {
			listed[uid] = e
		}
	}
	l.mu.Lock()
	before, first := l.events, !l.listed
	l.events, l.namespaces, l.leftOut, l.listed = map[types.UID]event{}, map[string]int{}, 0, true
	l.refused, l.said = newRoom(), newRoom()
	for uid, e := range listed {
		if !l.keep(uid, e) || first {
			continue
		}
		l.grew(before[uid], e)
	}
	l.mu.Unlock()
	l.health.Listed()
	return nil
}

// Resync does nothing: the log holds no state of its own to refresh.
func (l *Log) Resync() error { return nil }

// Bookmark takes the API server's word that nothing was missed.
func (l *Log) Bookmark(string) error {
	l.health.Proved()
	return nil
}

// count keeps an event, and adds what is new of it to the totals. The caller holds the
// lock.
func (l *Log) count(uid types.UID, e event) {
	before := l.events[uid]
	if l.keep(uid, e) {
		l.grew(before, e)
	}
}

// grew adds what is new of an event to the totals.
func (l *Log) grew(before, e event) {
	if e.count > before.count {
		l.totals[e.place.Kind] += e.count - before.count
	}
}

// broken makes the log unavailable: a reflector only logs what a store returns.
func (l *Log) broken(err error) error {
	l.health.Lost(err)
	return err
}

func (l *Log) read(obj any) (types.UID, event, bool, error) {
	o, ok := obj.(*corev1.Event)
	if !ok {
		return "", event{}, false, fmt.Errorf("event log: unexpected type %T", obj)
	}
	kind := Kind{o.Reason, o.InvolvedObject.Kind}
	if !l.known[kind] {
		return "", event{}, false, nil
	}
	return o.UID, event{
		place:  Place{kind, nodeOf(o)},
		object: o.InvolvedObject.UID, namespace: strings.Clone(o.Namespace),
		phrase: l.phrases.In(kind, o.Message), said: saidOf(kind, o.Message),
		count: occurrences(o),
		first: firstSeen(o), last: lastSeen(o), refused: refusedOf(o),
	}, true, nil
}
