package kubelet

import (
	"container/heap"
	"hash/fnv"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/kubevitals/kubevitals/sources/health"
)

// idle is the longest wait when nothing is due.
const idle = time.Minute

// outcome is what a request came to, as far as it matters for the next one.
type outcome int

const (
	answered  outcome = iota // with what was asked for
	refused                  // with something else
	silent                   // connected, but no answer in time
	unreached                // no connection
)

// tracked is one kubelet.
type tracked struct {
	// node is what the target was made of; it is never changed, but replaced. look is
	// when it was last listed.
	node   *corev1.Node
	look   uint64
	target target
	tasks  []*task
	// down: the last request found no way to the kubelet.
	down bool
	// gone: the node was deleted while requests were on their way.
	gone bool
	// result never changes, because readers may still hold it: another takes its place.
	result *Result
}

// starting tells whether one of its endpoints was not read yet, be it well or not.
func (k *tracked) starting() bool {
	for _, reason := range k.result.Reasons() {
		if reason == health.Starting {
			return true
		}
	}
	return false
}

// task is one endpoint of one kubelet.
type task struct {
	kubelet  *tracked
	endpoint endpoint
	// phase shifts the task against all others, the same way after a restart.
	phase    uint64
	due      time.Time
	started  time.Time
	failures int
	// dated tells an answer of now from one that is given again.
	dated health.Dated
	// slow: the last request failed, and held its slot for longer than patience.
	slow  bool
	lane  *lane
	index int  // in the queue of its lane; -1 while the request runs
	held  bool // until the request before it in the chain has ended
}

// troubled tasks must not take slots from those that are likely to succeed.
func (t *task) troubled() bool { return t.failures > 0 || t.kubelet.down }

// schedule decides what is asked when. It has no clock and no goroutines of its
// own, and is not safe for concurrent use.
//
// Requests run in lanes. What succeeded last time has the healthy lane, so that no
// number of dead kubelets can hold up the living. What failed is tried again in the
// failing lanes, which are half as wide together and paced (retry.go): one is for what
// failed at once, as where no kubelet listens, and the other for what held its slot for
// long. The latter has to leave slots to the former: a kubelet that is back would not
// be noticed for minutes behind some dozens that hang.
// A request of the healthy lane that is still unanswered after patience moves over to
// those that are slow as well, as soon as its slot is needed and there is room for it
// beside as many retries.
type schedule struct {
	healthy, failing, slow lane
	pace                   pace
	// concurrency is the width of the healthy lane, and all that may run in the
	// failing ones.
	concurrency int
	patience    time.Duration
	intervals   [endpointCount]time.Duration
	chained     bool // see first
}

func newSchedule(o Options) *schedule {
	return &schedule{
		concurrency: o.Concurrency,
		patience:    o.Timeout / 5,
		chained:     o.AtOnce && o.Recorded == nil,
		intervals:   [endpointCount]time.Duration{statsSummary: o.StatsInterval, configz: o.MetricsInterval, metrics: o.MetricsInterval},
	}
}

// add schedules the first requests to a kubelet within the given time.
func (s *schedule) add(k *tracked, wanted []endpoint, now time.Time, within time.Duration) {
	for _, e := range wanted {
		h := fnv.New64a()
		h.Write([]byte(k.target.node + e.path()))
		t := &task{kubelet: k, endpoint: e, phase: h.Sum64()}
		k.tasks = append(k.tasks, t)
		s.first(t, now, within)
	}
}

// remove forgets a kubelet. Requests on their way keep their slots.
func (s *schedule) remove(k *tracked) {
	k.gone = true
	for _, t := range k.tasks {
		if t.index >= 0 {
			heap.Remove(&t.lane.queue, t.index)
		}
	}
}

// next returns a task whose request is to be made now, or nil. The caller
// reports to finish what the request came to.
func (s *schedule) next(now time.Time) *task {
	for t := s.healthy.head(now); t != nil; t = s.healthy.head(now) {
		if t.troubled() { // since it was queued, by another endpoint
			s.requeue(t)
			continue
		}
		if len(s.healthy.running) >= s.concurrency && !s.moveOver(now) {
			break
		}
		return s.start(t, now)
	}
	if t := s.retry(); t != nil && !t.due.After(now) && s.pace.ready(now) {
		s.pace.started(now)
		return s.start(t, now)
	}
	return nil
}

// wait returns how long next has nothing to give, if no request ends before.
func (s *schedule) wait(now time.Time) time.Duration {
	at := now.Add(idle)
	sooner := func(t time.Time) {
		if t.Before(at) {
			at = t
		}
	}
	if len(s.healthy.queue) > 0 {
		due := s.healthy.queue[0].due
		switch {
		case len(s.healthy.running) < s.concurrency:
			sooner(due)
		case s.roomForSlow():
			if free := s.healthy.running[0].started.Add(s.patience); free.After(due) {
				due = free
			}
			sooner(due)
		}
	}
	if t := s.retry(); t != nil {
		due := t.due
		if s.pace.next.After(due) {
			due = s.pace.next
		}
		sooner(due)
	}
	return max(0, at.Sub(now))
}

// finish frees the task's slot and schedules its next request.
func (s *schedule) finish(t *task, o outcome, now time.Time) {
	t.lane.release(t)
	k := t.kubelet
	if k.gone {
		return
	}
	back := o == answered && t.failures > 0
	t.failures++
	t.slow = now.Sub(t.started) >= s.patience
	if o == answered {
		t.failures, t.slow = 0, false
	}
	if back {
		s.pace.answered()
	}
	reached := k.down && o != unreached
	k.down = o == unreached
	t.due = s.due(t, o, now)
	s.enqueue(t)
	s.follow(k, o, now)
	if reached || back {
		s.pullForward(t, now, reached)
	}
}

// aligned is the time with the given phase about one interval from now: between
// half and one and a half, and just one once the phase was met.
func aligned(now time.Time, interval time.Duration, phase uint64) time.Time {
	earliest := now.Add(interval / 2)
	late := uint64(earliest.UnixNano()) % uint64(interval)
	early := phase % uint64(interval)
	if early < late {
		early += uint64(interval)
	}
	return earliest.Add(time.Duration(early - late))
}

func (s *schedule) start(t *task, now time.Time) *task {
	heap.Remove(&t.lane.queue, t.index)
	t.started = now
	t.lane.running = append(t.lane.running, t)
	return t
}

func (s *schedule) moveOver(now time.Time) bool {
	oldest := s.healthy.running[0]
	if now.Sub(oldest.started) < s.patience || !s.roomForSlow() {
		return false
	}
	s.healthy.release(oldest)
	oldest.lane = &s.slow
	s.slow.running = append(s.slow.running, oldest)
	return true
}

func (s *schedule) requeue(t *task) {
	heap.Remove(&t.lane.queue, t.index)
	s.enqueue(t)
}

func (s *schedule) enqueue(t *task) {
	t.lane = &s.healthy
	switch {
	case t.slow:
		t.lane = &s.slow
	case t.troubled():
		t.lane = &s.failing
	}
	heap.Push(&t.lane.queue, t)
}
