package kubelet

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/client-go/rest"

	"github.com/kubevitals/kubevitals/sources/health"
)

// result returns what is known of one node, and fails when it is not known.
func result(t *testing.T, p *Poller, name string) Result {
	t.Helper()
	for _, r := range p.Results() {
		if r.Node == name {
			return r
		}
	}
	t.Fatalf("no result for node %s", name)
	return Result{}
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
		o := testOptions()
		p, _ := startPoller(t, n, c, o)
		time.Sleep(time.Hour)
		for endpoint, reason := range result(t, p, "a").Reasons() {
			if reason != health.Unreachable {
				t.Errorf("%s is %s while the kubelet is down", endpoint, reason)
			}
		}
		n.set("a", func(h *host) {
			h.refuse = false
			if len(h.dials) > 100 {
				t.Errorf("%d dials to a dead kubelet in an hour, want about one a minute", len(h.dials))
			}
		})
		time.Sleep(3*o.StatsInterval/2 + time.Second)
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

func TestRefusalsAreNotRepeatedOften(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		n, c := newNetwork(t), &cluster{}
		n.set("a", func(h *host) {
			h.handler = func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "Forbidden", http.StatusForbidden) }
		})
		c.set(nil, node("a"))
		p, _ := startPoller(t, n, c, testOptions())
		time.Sleep(time.Hour)
		if got := len(n.asked("a", "/stats/summary")); got < 10 || got > 16 {
			t.Errorf("%d requests that are forbidden in an hour, want about one in 5 minutes", got)
		}
		if r := result(t, p, "a"); r.Stats.Reason != health.Forbidden || !r.Stats.At.IsZero() {
			t.Errorf("%+v", r.Stats)
		}
	})
}

func TestOldAnswersAreStale(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		n, c := newNetwork(t), &cluster{}
		n.set("a", func(h *host) { h.handler = serve })
		c.set(nil, node("a"))
		o := testOptions()
		p, stop := startPoller(t, n, c, o)
		time.Sleep(time.Minute)
		stop() // nothing renews the answers from here on
		time.Sleep(3*o.StatsInterval + o.Timeout + time.Second)
		r := result(t, p, "a")
		if r.Stats.Reason != health.Stale || r.Stats.Value.NodeFS != nil || r.Stats.At.IsZero() {
			t.Errorf("statistics: %+v", r.Stats)
		}
		if r.Config.Reason != health.Available {
			t.Errorf("config, which lasts longer: %+v", r.Config)
		}
		time.Sleep(3 * o.MetricsInterval)
		if r := result(t, p, "a"); r.Config.Reason != health.Stale || r.Metrics.Reason != health.Stale {
			t.Errorf("%+v", r)
		}
	})
}

func TestOnlyWhatIsWantedIsFetched(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		n, c := newNetwork(t), &cluster{}
		n.set("a", func(h *host) { h.handler = serve })
		c.set(nil, node("a"))
		p, err := newPoller(testOptions(), &rest.Config{}, c.list, slog.New(slog.DiscardHandler), time.Now, n.dial)
		if err != nil {
			t.Fatal(err)
		}
		p.WantConfig()
		ctx, cancel := context.WithCancel(t.Context())
		var run sync.WaitGroup
		run.Go(func() { p.Run(ctx) })
		time.Sleep(time.Hour)
		cancel()
		run.Wait()
		if r := result(t, p, "a"); r.Stats.Reason != "" || r.Metrics.Reason != "" || !r.Healthy() {
			t.Errorf("%+v", r)
		}
		n.set("a", func(h *host) {
			if len(h.asked) != 1 || len(h.asked["/configz"]) == 0 {
				t.Errorf("asked for %v", h.asked)
			}
		})
	})
}

func TestReadLog(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		n, c := newNetwork(t), &cluster{}
		answer := "Nov  1 12:00:00.000000 a kubelet[1]: hello\n"
		n.set("a", func(h *host) {
			h.handler = func(w http.ResponseWriter, r *http.Request) {
				if r.URL.Path != "/logs/" {
					serve(w, r)
					return
				}
				if want := "query=kubelet&sinceTime=2026-11-01T11%3A50%3A00Z&tailLines=7"; r.URL.RawQuery != want {
					t.Errorf("asked for %s, want %s", r.URL.RawQuery, want)
				}
				_, _ = w.Write([]byte(answer))
			}
		})
		c.set(nil, node("a"))
		p, _ := startPoller(t, n, c, testOptions())
		time.Sleep(newNodesWithin + time.Second)
		q := LogQuery{Service: "kubelet", Since: time.Date(2026, 11, 1, 11, 50, 0, 0, time.UTC), Lines: 7, Bytes: 20}
		if text, err := p.ReadLog(t.Context(), "a", q); err != nil || string(text) != answer[:20] {
			t.Errorf("%q, %v; want the first 20 bytes", text, err)
		}
		q.Bytes = 1000
		for text, want := range map[string]health.Reason{
			answer: health.Available,
			"\noptions present and query resolved to log files for [kubelet]\ntry without specifying options\n": health.NotFound,
			"\nlog not found for kubelet\n": health.NotFound,
		} {
			answer = text
			if _, err := p.ReadLog(t.Context(), "a", q); health.Classify(err) != want {
				t.Errorf("%q: %v, want %s", text, err, want)
			}
		}
		if _, err := p.ReadLog(t.Context(), "stranger", q); err == nil {
			t.Error("the log of a node that is not there was read")
		}
	})
}
