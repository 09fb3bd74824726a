package events

import "k8s.io/apimachinery/pkg/types"

// Whoever may create events may create any number. A cluster of 5,000 nodes in trouble
// has some ten thousand of the known kinds, and no namespace half of what is kept.
const (
	mostEvents      = 100_000
	mostOfNamespace = mostEvents / 2
)

// keep keeps an event, unless there are too many. What is not kept is not counted
// either: nothing would tell what it grew by.
func (l *Log) keep(uid types.UID, e event) bool {
	before, known := l.events[uid]
	if !known {
		if len(l.events) >= mostEvents || l.namespaces[e.namespace] >= mostOfNamespace {
			l.leftOut++
			return false
		}
		l.namespaces[e.namespace]++
	}
	l.displace(before)
	l.place(&e)
	l.events[uid] = e
	return true
}

func (l *Log) forget(uid types.UID) {
	e, known := l.events[uid]
	if !known {
		return
	}
	l.displace(e)
	delete(l.events, uid)
	if l.namespaces[e.namespace]--; l.namespaces[e.namespace] == 0 {
		delete(l.namespaces, e.namespace)
	}
}

// LeftOut is how many events were too many to be kept, since all were listed last.
func (l *Log) LeftOut() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.leftOut
}
