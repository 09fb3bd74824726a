package kubelet

import "time"

// A kubelet that answers well again is to be read well within 15 seconds, whatever
// was wrong with it. So each endpoint that failed is asked again every few seconds,
// and what bounds the cost is not the time between two tries of one of them but the
// rate of all: of n endpoints that fail, each is tried once in the longest of
//
//	retryEvery
//	n * retryPace                         more than 500 fail
//	n * how long each waits / retries()   hosts that are away, kubelets that hang
//
// in the order in which they are due. When they answer again, one of a kubelet brings
// the others along, and the kubelets follow one another at recoveredPace.
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
		other.failures, other.due = 0, now
		s.requeue(other)
	}
}
