package kubelet

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/kubevitals/kubevitals/sources/health"
)

func TestNodesComeAndGo(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		n, c := newNetwork(t), &cluster{}
		for _, name := range []string{"a", "b", "c"} {
			n.set(name, func(h *host) { h.handler = serve })
		}
		c.set(errors.New("nodes cannot be seen"))
		p, _ := startPoller(t, n, c, testOptions())
		time.Sleep(time.Minute)
		if got := p.Results(); len(got) != 0 {
			t.Fatalf("%+v", got)
		}
		c.set(nil, node("b"), node("a"))
		time.Sleep(refreshEvery + newNodesWithin + time.Second)
		got := p.Results()
		if len(got) != 2 || got[0].Node != "a" || got[1].Node != "b" || !got[0].Healthy() || !got[1].Healthy() {
			t.Errorf("want good results of a and b, got %+v", got)
		}
		c.set(nil, node("b"), node("c"))
		time.Sleep(refreshEvery + time.Millisecond)
		if got := p.Results(); len(got) != 2 || got[0].Node != "b" || got[1].Node != "c" || got[1].Stats.Reason != health.Starting {
			t.Errorf("want b and the new c, got %+v", got)
		}
		asked := len(n.asked("a", "/stats/summary"))
		// The API server goes away; kubelets are read on.
		c.set(errors.New("nodes cannot be seen"), node("x"))
		time.Sleep(time.Hour)
		if got := p.Results(); len(got) != 2 || !got[0].Healthy() || !got[1].Healthy() {
			t.Errorf("while the API server is away: %+v", got)
		}
		if again := len(n.asked("a", "/stats/summary")); again != asked {
			t.Errorf("node a is gone and was asked %d times more", again-asked)
		}
		// The same name on another machine: what the old one said is void.
		other := node("b")
		other.UID, other.Status.Addresses[0].Address = "new", "elsewhere"
		c.set(nil, other)
		time.Sleep(refreshEvery + time.Millisecond)
		if r := result(t, p, "b"); r.Config.Reason != health.Starting {
			t.Errorf("replaced node: %+v", r)
		}
	})
}
