package kubelet

import "time"

// A kubelet that answers well again is to be read well within 15 seconds, whatever
// was wrong with it. So each endpoint that failed is asked again every few seconds,
// and what bounds the cost is not the time between two tries of one of them but the
// rate of all: of n endpoints that fail, each is tried once in the longest of
//
//	retryEvery
//	n * retryPace                          more than 500 fail
//	n * how long each waits / slowRetries  hosts that are away, kubelets that hang
//
// in the order in which they are due, but for the last, which have to leave slots to the
// others (schedule). When they answer again, one of a kubelet brings the others along,
// and the kubelets follow one another at recoveredPace.
const (
	// retryEvery is the time between the beginnings of two tries of an endpoint that
	// failed. Only the first endpoint of a kubelet that cannot be reached is tried: it
	// finds out for all.
	retryEvery = 10 * time.Second
	// retryRest is the least time between the end of one and the next, of one that
	// used up its timeout.
	retryRest = 4 * time.Second
	// retryPace is the time between two tries. A refusal costs the kubelet a
	// handshake, and the API server a review of access once in a while.
	retryPace = 20 * time.Millisecond
	// recoveredPace is the same for those that turn out to answer.
	recoveredPace = 10 * time.Millisecond
)

// retries is how many requests may start in the failing lanes.
func retries(concurrency int) int { return (concurrency + 1) / 2 }

// slowRetries is how many of them may be of those that are slow.
func slowRetries(concurrency int) int {
	all := retries(concurrency)
	return max(1, all-(all+3)/4)
}

// quickRetries is how many slots are for none but those that are not slow.
func quickRetries(concurrency int) int { return retries(concurrency) - slowRetries(concurrency) }

// troubled is how many requests run in the failing lanes.
func (s *schedule) troubled() int { return len(s.failing.running) + len(s.slow.running) }

// retry is the task of the failing lanes that is due first, of those for which there
// is a slot; nil if there is none.
func (s *schedule) retry() *task {
	var first *task
	take := func(l *lane, room bool) {
		if room && len(l.queue) > 0 && (first == nil || l.queue[0].due.Before(first.due)) {
			first = l.queue[0]
		}
	}
	half := s.troubled() < retries(s.concurrency)
	take(&s.failing, half || len(s.failing.running) < quickRetries(s.concurrency))
	take(&s.slow, half && len(s.slow.running) < slowRetries(s.concurrency))
	return first
}

// roomForSlow tells whether one more request may move over from the healthy lane.
func (s *schedule) roomForSlow() bool {
	return s.troubled() < s.concurrency && len(s.slow.running) < s.concurrency-quickRetries(s.concurrency)
}

// lap is the longest that one of so many endpoints that fail waits for its turn. What
// was seen of it last counts until then: it is our queue that is long.
func (o Options) lap(failing int) time.Duration {
	return time.Duration(failing) * max(retryPace, o.Timeout/time.Duration(slowRetries(o.Concurrency)))
}

// pace keeps retries apart.
type pace struct{ next time.Time }

func (p *pace) ready(now time.Time) bool { return !p.next.After(now) }

// started notes a retry.
func (p *pace) started(now time.Time) {
	if p.next.Before(now) {
		p.next = now
	}
	p.next = p.next.Add(retryPace)
}

// answered notes that a retry was worth while: the next one need not wait as long.
func (p *pace) answered() { p.next = p.next.Add(recoveredPace - retryPace) }

// due says when the task is to be tried again.
func (s *schedule) due(t *task, o outcome, now time.Time) time.Time {
	interval, short := s.intervals[t.endpoint], s.intervals[statsSummary]
	if o == answered || o == unreached && t != t.kubelet.tasks[0] {
		return aligned(now, interval, t.phase)
	}
	again, earliest := t.started.Add(min(retryEvery, short)), now.Add(min(retryRest, short))
	if again.Before(earliest) {
		return earliest
	}
	return again
}

// pullForward makes the other endpoints of a kubelet be asked at once, as if they had
// never failed, when there is a way to it again, or when one answers again that did
// not: whatever befell it may have befallen them all.
func (s *schedule) pullForward(t *task, now time.Time, reached bool) {
	for _, other := range t.kubelet.tasks {
		if other == t || other.index < 0 || !reached && other.failures == 0 {
			continue
		}
		other.failures, other.slow, other.due = 0, false, now
		s.requeue(other)
	}
}
