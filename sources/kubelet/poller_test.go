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

// result returns what is known of one node, and fails when it is not known.
func result(t *testing.T, p *Poller, name string) *Result {
	t.Helper()
	for _, r := range p.Results() {
		if r.Node == name {
			return r
		}
	}
	t.Fatalf("no result for node %s", name)
	return nil
}

func TestPollerReadsEveryEndpointOnTime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		n, c := newNetwork(t), &cluster{}
		n.set("a", func(h *host) { h.handler = serve })
		c.set(nil, node("a"))
		p, _ := startPoller(t, n, c, testOptions())
		synctest.Wait()
		if r := result(t, p, "a"); r.Stats.Reason != health.Starting || r.Healthy() {
			t.Errorf("before the first answer: %+v", r)
		}
		time.Sleep(newNodesWithin + time.Second)
		if r := result(t, p, "a"); !r.Healthy() || r.Stats.Value.NodeFS.Bytes.Available != 40 || r.Metrics.Value.Series != 3 || r.Config.Value.Strategy != "Watch" {
			t.Errorf("after the first answers: %+v", r)
		}
		time.Sleep(time.Hour)
		for path, want := range map[string]int{"/stats/summary": 60, "/configz": 12, "/metrics": 12} {
			if got := len(n.asked("a", path)); got < want || got > want+2 {
				t.Errorf("%d requests for %s in an hour, want about %d", got, path, want)
			}
		}
	})
}

func TestDeadKubeletsDoNotDelayOthers(t *testing.T) {
	t.Parallel()
	for name, die := range map[string]func(*host){
		"packets are lost": func(h *host) { h.handler = nil },
		"nothing answers":  func(h *host) { h.handler = func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() } },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				n, c := newNetwork(t), &cluster{}
				var nodes []*corev1.Node
				for i := range 30 {
					nodes = append(nodes, node(fmt.Sprintf("n%d", i)))
					n.set(nodes[i].Name, func(h *host) { h.handler = serve })
				}
				c.set(nil, nodes...)
				o := testOptions()
				startPoller(t, n, c, o)
				time.Sleep(10 * time.Minute)
				for _, dead := range nodes[10:] {
					n.set(dead.Name, die)
				}
				time.Sleep(20 * time.Minute)
				// Without lanes, 20 dead kubelets with 4 slots use up 20*10s/4 of each minute.
				for _, alive := range nodes[:10] {
					times := n.asked(alive.Name, "/stats/summary")
					for i, at := range times[1:] {
						if gap := at.Sub(times[i]); gap > 3*o.StatsInterval/2 {
							t.Errorf("node %s waited %v between two requests", alive.Name, gap)
						}
					}
					if len(times) < 29 {
						t.Errorf("node %s was asked %d times in 30 minutes", alive.Name, len(times))
					}
				}
				if most := n.atOnce(); most > 2*o.Concurrency {
					t.Errorf("%d requests at once, want at most %d", most, 2*o.Concurrency)
				}
			})
		})
	}
}

func TestConcurrencyIsBounded(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		n, c := newNetwork(t), &cluster{}
		var nodes []*corev1.Node
		for i := range 100 {
			nodes = append(nodes, node(fmt.Sprintf("n%d", i)))
			n.set(nodes[i].Name, func(h *host) {
				h.handler = func(w http.ResponseWriter, r *http.Request) {
					time.Sleep(time.Second) // slow, but within patience
					serve(w, r)
				}
			})
		}
		c.set(nil, nodes...)
		o := testOptions()
		o.Concurrency = 10
		p, _ := startPoller(t, n, c, o)
		time.Sleep(3 * time.Minute)
		if most := n.atOnce(); most != o.Concurrency {
			t.Errorf("%d requests at once, want %d", most, o.Concurrency)
		}
		for _, r := range p.Results() {
			if !r.Healthy() {
				t.Errorf("%+v", r)
			}
		}
	})
}

func TestRecoveryIsNoticed(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		n, c := newNetwork(t), &cluster{}
		n.set("a", func(h *host) { h.refuse, h.handler = true, serve })
		c.set(nil, node("a"))
		p, _ := startPoller(t, n, c, testOptions())
		time.Sleep(time.Hour)
		for endpoint, reason := range result(t, p, "a").Reasons() {
			if reason != health.Unreachable {
				t.Errorf("%s is %s while the kubelet is down", endpoint, reason)
			}
		}
		n.set("a", func(h *host) {
			h.refuse = false
			if len(h.dials) < 300 || len(h.dials) > 400 {
				t.Errorf("%d dials to a dead kubelet in an hour, want about one in ten seconds", len(h.dials))
			}
		})
		time.Sleep(retryEvery + time.Second)
		if r := result(t, p, "a"); !r.Healthy() {
			t.Errorf("after the recovery: %+v", r)
		}
	})
}

func TestOneHungEndpointLeavesTheOthers(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		n, c := newNetwork(t), &cluster{}
		n.set("a", func(h *host) {
			h.handler = func(w http.ResponseWriter, r *http.Request) {
				if r.URL.Path == "/stats/summary" {
					<-r.Context().Done()
				}
				serve(w, r)
			}
		})
		c.set(nil, node("a"))
		p, _ := startPoller(t, n, c, testOptions())
		time.Sleep(time.Hour)
		r := result(t, p, "a")
		if r.Stats.Reason != health.Timeout || r.Config.Reason != health.Available || r.Metrics.Reason != health.Available {
			t.Errorf("%+v", r)
		}
	})
}
