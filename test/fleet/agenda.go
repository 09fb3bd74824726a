package fleet

import (
	"container/heap"
	"time"
)

// agenda is what is still to happen, the earliest first, and in the order in which it
// was planned.
type agenda struct {
	entries entries
	planned int
}

type entry struct {
	at    time.Time
	order int
	do    func()
}

// plan adds what is to happen at a time.
func (a *agenda) plan(at time.Time, do func()) {
	a.planned++
	heap.Push(&a.entries, entry{at, a.planned, do})
}

// due does all that is to happen up to now.
func (a *agenda) due(now time.Time) {
	for len(a.entries) > 0 && !a.entries[0].at.After(now) {
		next, _ := heap.Pop(&a.entries).(entry)
		next.do()
	}
}

type entries []entry

func (e entries) Len() int { return len(e) }
func (e entries) Less(i, j int) bool {
	if !e[i].at.Equal(e[j].at) {
		return e[i].at.Before(e[j].at)
	}
	return e[i].order < e[j].order
}
func (e entries) Swap(i, j int) { e[i], e[j] = e[j], e[i] }
func (e *entries) Push(x any)   { *e = append(*e, x.(entry)) }
func (e *entries) Pop() any {
	last := (*e)[len(*e)-1]
	*e = (*e)[:len(*e)-1]
	return last
}
