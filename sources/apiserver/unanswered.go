package apiserver

import (
	"sync/atomic"
	"time"

	"github.com/kubevitals/kubevitals/sources/health"
)

// unanswered is since when something has not been answered in time.
type unanswered struct{ since atomic.Pointer[time.Time] }

// came notes what a question came to. Only an answer ends a silence, and only none in
// time begins one: a refusal is an answer, too.
func (s *unanswered) came(outcome health.Reason) {
	switch {
	case outcome != health.Timeout:
		s.since.Store(nil)
	case s.since.Load() == nil:
		s.since.Store(new(time.Now()))
	}
}

// ReadsUnanswered tells since when the configured API server has answered no read that
// goes through etcd. It does not block.
func (p *Prober) ReadsUnanswered() (since time.Time, ok bool) {
	if at := p.reads.since.Load(); at != nil {
		return *at, true
	}
	return time.Time{}, false
}
