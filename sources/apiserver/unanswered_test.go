package apiserver

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/kubevitals/kubevitals/sources/health"
)

// TestReadsUnanswered verifies that a silence counts from its first question, and that
// any answer ends it.
func TestReadsUnanswered(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := &Prober{}
		if _, ok := p.ReadsUnanswered(); ok {
			t.Error("unanswered before any question")
		}
		begun := time.Now()
		for range 3 {
			p.reads.came(health.Timeout)
			time.Sleep(time.Second)
		}
		if since, ok := p.ReadsUnanswered(); !ok || !since.Equal(begun) {
			t.Errorf("unanswered %t, since %s", ok, since)
		}
		for _, answer := range []health.Reason{health.Available, health.Forbidden, health.Unreachable} {
			p.reads.came(health.Timeout)
			p.reads.came(answer)
			if _, ok := p.ReadsUnanswered(); ok {
				t.Errorf("unanswered after %s", answer)
			}
		}
	})
}
