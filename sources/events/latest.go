package events

import (
	"time"

	"k8s.io/apimachinery/pkg/types"
)

// Warning is what happened to an object, and when it last did.
type Warning struct {
	Kind
	// Phrase is what its message contains of the phrases of the log; empty without.
	Phrase string
	// Message is all of it, cut, of the kinds that Speaks is true of; empty for all others, and
	// where there are too many.
	Message string
	Last    time.Time
}

// Latest returns for every object of one of the kinds the kind that happened to
// it last, by UID of the object.
func (l *Log) Latest(kinds ...Kind) (map[types.UID]Warning, error) {
	return l.latest(func(event) bool { return true }, kinds...)
}

// LatestTelling returns the same of those whose message has one of the phrases of the log:
// where events of one reason tell of many things, another may come after what is asked for.
func (l *Log) LatestTelling(kinds ...Kind) (map[types.UID]Warning, error) {
	return l.latest(func(e event) bool { return e.phrase != "" }, kinds...)
}

func (l *Log) latest(counts func(event) bool, kinds ...Kind) (map[types.UID]Warning, error) {
	if err := l.health.Err(); err != nil {
		return nil, err
	}
	wanted := map[Kind]bool{}
	for _, k := range kinds {
		wanted[k] = true
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	latest := map[types.UID]event{}
	for _, e := range l.events {
		if wanted[e.place.Kind] && counts(e) && e.object != "" && !e.last.Before(latest[e.object].last) {
			latest[e.object] = e
		}
	}
	found := make(map[types.UID]Warning, len(latest))
	for object, e := range latest {
		found[object] = Warning{e.place.Kind, e.phrase, e.said, e.last}
	}
	return found, nil
}
