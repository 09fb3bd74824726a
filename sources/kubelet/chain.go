package kubelet

import (
	"errors"
	"io"
	"time"

	"github.com/kubevitals/kubevitals/sources/health"
)

// first schedules the first request of a task. In a chain, the endpoints of a
// kubelet are asked one after the other on one connection: of what a kubelet that
// is read once costs either side, the handshake is the greater part.
func (s *schedule) first(t *task, now time.Time, within time.Duration) {
	if s.chained && t != t.kubelet.tasks[0] {
		t.held, t.index = true, -1
		return
	}
	t.due = now.Add(time.Duration(t.phase % uint64(within)))
	s.enqueue(t)
}

// follow schedules what was held until a request to the same kubelet ended.
func (s *schedule) follow(k *tracked, o outcome, now time.Time) {
	for _, t := range k.tasks {
		if !t.held {
			continue
		}
		t.held = false
		if o == unreached {
			t.due = s.due(t, o, now) // as if it had been tried, too
			s.enqueue(t)
			continue
		}
		t.due = time.Time{} // before kubelets that were not asked yet: the connection waits
		s.enqueue(t)
		if o != silent {
			return
		}
	}
}

// fail records that the endpoint gave no answer.
func (r *Result) fail(e endpoint, reason health.Reason) {
	switch e {
	case statsSummary:
		r.Stats.fail(reason)
	case configz:
		r.Config.fail(reason)
	default:
		r.Metrics.fail(reason)
	}
}

// failStarting records why no endpoint that follows in the chain can be asked.
func (r *Result) failStarting(reason health.Reason) {
	for _, e := range endpoints() {
		if r.reason(e) == health.Starting {
			r.fail(e, reason)
		}
	}
}

// holding tells whether a request to the kubelet follows when this one ends.
func (k *tracked) holding() bool {
	for _, t := range k.tasks {
		if t.held {
			return true
		}
	}
	return false
}

// drained reads what is left of a body, which a connection must be rid of before
// the next request, and tells whether that was not too much.
func drained(body io.Reader) bool {
	const most = 64 << 10
	n, err := io.CopyN(io.Discard, body, most)
	return errors.Is(err, io.EOF) && n < most
}
