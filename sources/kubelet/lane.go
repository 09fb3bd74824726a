package kubelet

import (
	"slices"
	"time"
)

// lane is a queue of tasks and the requests that run on its account.
type lane struct {
	queue   queue
	running []*task // oldest first
}

func (l *lane) head(now time.Time) *task {
	if len(l.queue) == 0 || l.queue[0].due.After(now) {
		return nil
	}
	return l.queue[0]
}

func (l *lane) release(t *task) {
	if i := slices.Index(l.running, t); i >= 0 {
		l.running = slices.Delete(l.running, i, i+1)
	}
}

// queue is a heap of tasks, the one that is due first on top.
type queue []*task

func (q queue) Len() int           { return len(q) }
func (q queue) Less(i, j int) bool { return q[i].due.Before(q[j].due) }
func (q queue) Swap(i, j int) {
	q[i], q[j] = q[j], q[i]
	q[i].index, q[j].index = i, j
}

func (q *queue) Push(x any) {
	t := x.(*task)
	t.index = len(*q)
	*q = append(*q, t)
}

func (q *queue) Pop() any {
	old := *q
	t := old[len(old)-1]
	old[len(old)-1] = nil
	t.index = -1
	*q = old[:len(old)-1]
	return t
}
