package kubelet

import (
	"fmt"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/kubevitals/kubevitals/sources/health"
)

func onceOptions() Options {
	o := testOptions()
	o.AtOnce = true
	return o
}

// TestAtOnce verifies that kubelets are read as fast as they answer and no faster
// than the bound allows, each on one connection.
func TestAtOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		n, c := newNetwork(t), &cluster{}
		var nodes []*corev1.Node
		for i := range 12 {
			nodes = append(nodes, node(fmt.Sprintf("n%d", i)))
			n.set(nodes[i].Name, func(h *host) {
				h.handler = func(w http.ResponseWriter, r *http.Request) {
					time.Sleep(10 * time.Millisecond)
					serve(w, r)
				}
			})
		}
		o := onceOptions()
		o.Concurrency = 4
		c.set(&health.UnavailableError{State: health.State{Source: "nodes", Reason: health.Starting}})
		p, _ := startPoller(t, n, c, o)
		time.Sleep(time.Second + refreshAtOnce/2) // between two looks at the nodes
		if !p.Starting() {
			t.Error("all is read before there are nodes")
		}
		c.set(nil, nodes...)
		time.Sleep(refreshAtOnce/2 + time.Millisecond)
		if !p.Starting() {
			t.Error("all is read before the first answer")
		}
		// 12 kubelets, 4 at a time, 30 ms each.
		time.Sleep(90 * time.Millisecond)
		if p.Starting() {
			t.Error("not all kubelets were read as soon as they could be")
		}
		if most := n.atOnce(); most != o.Concurrency {
			t.Errorf("%d requests at once, want %d", most, o.Concurrency)
		}
		for _, r := range p.Results() {
			if !r.Healthy() || r.Metrics.Value.Series != 3 {
				t.Errorf("%+v", r)
			}
			n.set(r.Node, func(h *host) {
				if len(h.dials) != 1 {
					t.Errorf("%d connections to %s, want 1", len(h.dials), r.Node)
				}
			})
		}
		// From then on as ever: whoever looks for long still sees what changes.
		time.Sleep(10 * time.Minute)
		if got := len(n.asked("n0", "/stats/summary")); got < 10 || got > 12 {
			t.Errorf("%d requests in ten minutes, want about 10", got)
		}
	})
}

// TestAtOnceFailures verifies what one failure says of the endpoints behind it.
func TestAtOnceFailures(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		spoil        func(*host)
		after        time.Duration
		stats, other health.Reason
	}{
		"no kubelet listens": {func(h *host) { h.refuse = true }, time.Second, health.Unreachable, health.Unreachable},
		"packets are lost":   {func(h *host) { h.handler = nil }, dialTimeout + time.Second, health.Timeout, health.Timeout},
		"one endpoint hangs": {func(h *host) {
			h.handler = func(w http.ResponseWriter, r *http.Request) {
				if r.URL.Path == "/stats/summary" {
					<-r.Context().Done()
				}
				serve(w, r)
			}
		}, 11 * time.Second, health.Timeout, health.Available},
		"one endpoint is forbidden": {func(h *host) {
			h.handler = func(w http.ResponseWriter, r *http.Request) {
				if r.URL.Path == "/stats/summary" {
					w.WriteHeader(http.StatusForbidden)
					return
				}
				serve(w, r)
			}
		}, time.Second, health.Forbidden, health.Available},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				n, c := newNetwork(t), &cluster{}
				n.set("a", func(h *host) { h.handler = serve; test.spoil(h) })
				c.set(nil, node("a"))
				p, _ := startPoller(t, n, c, onceOptions())
				time.Sleep(test.after)
				r := result(t, p, "a")
				if p.Starting() || r.Stats.Reason != test.stats || r.Config.Reason != test.other || r.Metrics.Reason != test.other {
					t.Errorf("starting %t, stats %s, config %s, metrics %s", p.Starting(), r.Stats.Reason, r.Config.Reason, r.Metrics.Reason)
				}
				// Where both ends of a pipe take leave at once, TLS waits for 5 s.
				time.Sleep(6 * time.Second)
			})
		})
	}
}

// TestAtOnceRecovers verifies that a kubelet that comes back is read in full.
func TestAtOnceRecovers(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		n, c := newNetwork(t), &cluster{}
		n.set("a", func(h *host) { h.refuse, h.handler = true, serve })
		c.set(nil, node("a"))
		o := onceOptions()
		p, _ := startPoller(t, n, c, o)
		time.Sleep(10 * time.Minute)
		n.set("a", func(h *host) { h.refuse = false })
		time.Sleep(3*o.StatsInterval/2 + time.Second)
		if r := result(t, p, "a"); !r.Healthy() {
			t.Errorf("after the recovery: %+v", r)
		}
	})
}

// TestNodesThatCannotBeSeenAreNotWaitedFor verifies that a look ends where nodes may not
// be listed, or a snapshot has none.
func TestNodesThatCannotBeSeenAreNotWaitedFor(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		n, c := newNetwork(t), &cluster{}
		c.set(&health.UnavailableError{State: health.State{Source: "nodes", Reason: health.Forbidden}})
		p, _ := startPoller(t, n, c, onceOptions())
		time.Sleep(refreshAtOnce)
		if read, all := p.Progress(); p.Starting() || read != 0 || all != 0 {
			t.Errorf("starting %t with %d of %d kubelets read", p.Starting(), read, all)
		}
		c.set(nil, node("n"))
		n.set("n", func(h *host) { h.handler = serve })
		time.Sleep(refreshAtOnce + time.Second)
		if read, all := p.Progress(); p.Starting() || read != 1 || all != 1 {
			t.Errorf("starting %t with %d of %d kubelets read, once nodes can be seen", p.Starting(), read, all)
		}
		// Where both ends of a pipe take leave at once, TLS waits for 5 s.
		time.Sleep(6 * time.Second)
	})
}
