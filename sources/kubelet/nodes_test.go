package kubelet

import (
	"errors"
	"fmt"
	"log/slog"
	"testing"
	"testing/synctest"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/client-go/rest"

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

// TestUnchangedNodesCostNothing verifies that to look at nodes of which none changed
// takes no memory: there may be 100,000, and each second is a look.
//
//nolint:paralleltest // what others allocate would count
func TestUnchangedNodesCostNothing(t *testing.T) {
	c := &cluster{}
	nodes := make([]*corev1.Node, 1000)
	for i := range nodes {
		nodes[i] = node(fmt.Sprintf("n%d", i))
	}
	c.set(nil, nodes...)
	p, err := newPoller(testOptions(), &rest.Config{}, c.list, slog.New(slog.DiscardHandler), time.Now, nil)
	if err != nil {
		t.Fatal(err)
	}
	p.WantConfig()
	p.refresh(time.Now())
	if got := testing.AllocsPerRun(10, func() { p.refresh(time.Now()) }); got > 0 || len(p.Results()) != len(nodes) {
		t.Errorf("%v allocations for %d nodes", got, len(p.Results()))
	}
}
