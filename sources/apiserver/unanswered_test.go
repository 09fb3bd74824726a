package apiserver

import (
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/kubevitals/kubevitals/sources/health"
)

// TestReadsUnanswered verifies that a silence counts from its first question, and that
// any answer ends it but a failure of the server.
func TestReadsUnanswered(t *testing.T) {
	t.Parallel()
	status := func(code int) answer { return answer{outcome: ofStatus(code), code: code} }
	synctest.Test(t, func(t *testing.T) {
		p := &Prober{}
		if _, ok := p.ReadsUnanswered(); ok {
			t.Error("unanswered before any question")
		}
		begun := time.Now()
		for _, none := range []answer{{outcome: health.Timeout}, status(http.StatusInternalServerError), status(http.StatusServiceUnavailable)} {
			p.reads.came(none)
			time.Sleep(time.Second)
		}
		if since, ok := p.ReadsUnanswered(); !ok || !since.Equal(begun) {
			t.Errorf("unanswered %t, since %s", ok, since)
		}
		for _, some := range []answer{status(http.StatusOK), status(http.StatusForbidden), status(http.StatusTooManyRequests), {outcome: health.Unreachable}} {
			p.reads.came(answer{outcome: health.Timeout})
			p.reads.came(some)
			if _, ok := p.ReadsUnanswered(); ok {
				t.Errorf("unanswered after %+v", some)
			}
		}
	})
}
