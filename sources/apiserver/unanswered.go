package apiserver

import (
	"net/http"
	"sync/atomic"
	"time"

	"github.com/kubevitals/kubevitals/sources/health"
)

// unanswered is since when something has not been answered in time, or only with the
// server's own failure.
type unanswered struct{ since atomic.Pointer[time.Time] }

// came notes what a question came to. Only an answer ends a silence, and a refusal is an
// answer, too. A failure of the server (5xx) is none: it comes at once where its etcd
// refuses connections, instead of leaving them open. Nor is what is not the server's own.
func (s *unanswered) came(a answer) {
	switch {
	case a.outcome != health.Timeout && a.code < http.StatusInternalServerError && a.foreign == nil:
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
