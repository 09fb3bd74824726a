package kubelet

import (
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/synctest"
	"time"

	"k8s.io/client-go/rest"

	"github.com/kubevitals/kubevitals/sources/health"
)

func TestReachOverSockets(t *testing.T) {
	t.Parallel()
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	gone := closed.Addr().String()
	_ = closed.Close()
	// The kernel completes connections to it; no process ever accepts one, as with a
	// process that was stopped.
	frozen, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = frozen.Close() })
	slow := startTLS(t, func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
	forbidden := startTLS(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusForbidden) })
	plain := httptest.NewServer(http.HandlerFunc(serve))
	t.Cleanup(plain.Close)
	for name, c := range map[string]struct {
		host string
		// within is short only where nothing comes in time.
		within time.Duration
		want   Reach
	}{
		"healthy":                   {startTLS(t, serve).Listener.Addr().String(), time.Minute, Answers},
		"forbidden":                 {forbidden.Listener.Addr().String(), time.Minute, Answers},
		"an endpoint never answers": {slow.Listener.Addr().String(), 10 * time.Second, Answers},
		"no TLS":                    {plain.Listener.Addr().String(), time.Minute, Answers},
		"no kubelet listens":        {gone, time.Minute, Refused},
		"stopped process":           {frozen.Addr().String(), 500 * time.Millisecond, Hangs},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := testOptions()
			o.Timeout = c.within
			_, err := testClient(t, o, &rest.Config{}).fetch(t.Context(), target{node: "n", host: c.host}, configz)
			if got := reachOf(err); got != c.want {
				t.Errorf("reach %q, want %q: %v", got, c.want, err)
			}
		})
	}
}

func TestReachTellsNothing(t *testing.T) {
	t.Parallel()
	if got := reachOf(&unreachedError{err: errors.New("no address")}); got != NotTried {
		t.Errorf("reach of a node without an address is %q", got)
	}
}

func TestPollerKnowsHowFarItGets(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		n, c := newNetwork(t), &cluster{}
		n.set("a", func(h *host) { h.handler = serve })
		c.set(nil, node("a"))
		o := testOptions()
		p, stop := startPoller(t, n, c, o)
		synctest.Wait()
		if got := result(t, p, "a").Reach; got != NotTried {
			t.Errorf("before the first request: %q", got)
		}
		expect := func(state string, want Reach) {
			t.Helper()
			time.Sleep(2 * o.StatsInterval)
			if got := result(t, p, "a").Reach; got != want {
				t.Errorf("%s: %q, want %q", state, got, want)
			}
		}
		expect("healthy", Answers)
		n.set("a", func(h *host) { h.refuse = true })
		expect("dead", Refused)
		n.set("a", func(h *host) { h.refuse, h.handler = false, nil })
		expect("packets are lost", NoRoute)
		n.set("a", func(h *host) { h.handler = serve })
		expect("back", Answers)
		stop()
		time.Sleep(time.Hour)
		if got := result(t, p, "a").Reach; got != NotTried {
			t.Errorf("long ago: %q", got)
		}
	})
}

// TestAHungRequestIsNoProofAgainstAnAnswer: /stats/summary waits for a runtime
// that hangs, while the kubelet answers everything else.
func TestAHungRequestIsNoProofAgainstAnAnswer(t *testing.T) {
	t.Parallel()
	start := time.Unix(1000, 0)
	var r Result
	r.reached(Answers, start, start.Add(5*time.Second))
	r.reached(Hangs, start, start.Add(10*time.Second))
	if r.Reach != Answers {
		t.Errorf("an answer within the wait counts as %q", r.Reach)
	}
	r.reached(Hangs, start.Add(6*time.Second), start.Add(16*time.Second))
	if r.Reach != Hangs {
		t.Errorf("an answer before the request counts as %q", r.Reach)
	}
	if reachOf(&unreachedError{err: &answerError{reason: health.TLS, err: errors.New("bad certificate")}}) != Answers {
		t.Error("a handshake that failed is no sign of life")
	}
}
