package kubelet

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/client-go/rest"

	"github.com/kubevitals/kubevitals/sources/health"
)

// crowd answers for many kubelets without the cost of connections. Each answer takes
// as long as a handshake.
type crowd struct {
	mu sync.Mutex
	// broken are the nodes whose kubelets answer with an error.
	broken map[string]bool
	// refused counts such answers by the second in which they were given.
	refused map[int64]int
	bodies  map[string][]byte
}

func newCrowd(t *testing.T, n int) (*crowd, *Poller) {
	t.Helper()
	c := &crowd{broken: map[string]bool{}, refused: map[int64]int{}, bodies: map[string][]byte{}}
	for _, e := range endpoints() {
		answered := httptest.NewRecorder()
		serve(answered, httptest.NewRequestWithContext(t.Context(), "GET", e.path(), nil))
		c.bodies[e.path()] = answered.Body.Bytes()
	}
	o := testOptions()
	o.Concurrency, o.Recorded = 32, c.answer
	nodes := &cluster{}
	all := make([]*corev1.Node, n)
	for i := range all {
		all[i] = node(fmt.Sprintf("n%d", i))
	}
	nodes.set(nil, all...)
	p, err := newPoller(o, &rest.Config{}, nodes.list, slog.New(slog.DiscardHandler), time.Now, nil)
	if err != nil {
		t.Fatal(err)
	}
	p.WantStats()
	p.WantConfig()
	p.WantMetrics()
	ctx, cancel := context.WithCancel(t.Context())
	var run sync.WaitGroup
	run.Go(func() { p.Run(ctx) })
	t.Cleanup(func() { cancel(); run.Wait() })
	return c, p
}

func (c *crowd) answer(node, path string) (io.ReadCloser, error) {
	time.Sleep(20 * time.Millisecond)
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.broken[node] {
		c.refused[time.Now().Unix()]++
		return nil, &NoAnswer{Reason: health.Forbidden, Reach: Answers}
	}
	return io.NopCloser(bytes.NewReader(c.bodies[path])), nil
}

// set breaks or heals the kubelets of the nodes from one to another.
func (c *crowd) set(from, to int, broken bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for i := from; i < to; i++ {
		c.broken[fmt.Sprintf("n%d", i)] = broken
	}
}

// wellWithin waits until all kubelets but for some are read well, and returns how
// long that took; it fails after the limit.
func wellWithin(t *testing.T, p *Poller, but int, limit time.Duration) time.Duration {
	t.Helper()
	begun := time.Now()
	for {
		bad := 0
		for _, r := range p.Results() {
			if !r.Healthy() {
				bad++
			}
		}
		if took := time.Since(begun); bad <= but || took > limit {
			if bad > but {
				t.Errorf("%d kubelets are not read well %s after they healed, want %d at most", bad, took, but)
			}
			return took
		}
		time.Sleep(500 * time.Millisecond)
	}
}

// TestHealedKubeletsAreReadWell verifies that kubelets which answered with errors for
// long are read well within 15 s of healing, while the cluster's others are well.
func TestHealedKubeletsAreReadWell(t *testing.T) {
	t.Parallel()
	for _, broken := range []int{1, 150} {
		t.Run(fmt.Sprint(broken), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				c, p := newCrowd(t, 1000)
				wellWithin(t, p, 0, 2*time.Minute)
				c.set(0, broken, true)
				time.Sleep(10 * time.Minute)
				c.set(0, broken, false)
				wellWithin(t, p, 0, 15*time.Second)
			})
		})
	}
}

// TestManyFailingKubelets verifies that 5,000 kubelets that all answer with errors are
// not asked more often than 50 times a second, that one of them that heals is found
// within the bound, and that all of them are read well within two minutes when all heal.
func TestManyFailingKubelets(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const n, rate = 5000, int(time.Second / retryPace)
		c, p := newCrowd(t, n)
		c.set(0, n, true)
		time.Sleep(time.Minute) // the first round
		c.mu.Lock()
		clear(c.refused)
		c.mu.Unlock()
		time.Sleep(2 * time.Minute)
		c.mu.Lock()
		total := 0
		for second, got := range c.refused {
			total += got
			if got > rate+1 {
				t.Errorf("%d tries in second %d, want at most %d", got, second, rate)
			}
		}
		c.mu.Unlock()
		if total < 110*rate {
			t.Errorf("%d tries in two minutes, want about %d", total, 120*rate)
		}
		c.set(0, 1, false)
		t.Logf("one of %d is read well after %s", n, wellWithin(t, p, n-1, n*endpointCount*retryPace+time.Minute))
		c.set(0, n, false)
		t.Logf("all of them are after %s", wellWithin(t, p, 0, 2*time.Minute))
	})
}

// TestDeadKubeletsAreToldBesideHungOnes verifies that it stays known that no kubelet
// listens on a node, and is seen within 15 s when one does again, while many others
// hold their slots for the whole timeout: an alert by cause would begin anew each time.
func TestDeadKubeletsAreToldBesideHungOnes(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		n, c := newNetwork(t), &cluster{}
		nodes := []*corev1.Node{node("dead")}
		n.set("dead", func(h *host) { h.refuse, h.handler = true, serve })
		for i := range 100 {
			nodes = append(nodes, node(fmt.Sprintf("hung%d", i)))
			n.set(nodes[i+1].Name, func(h *host) {
				h.handler = func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }
			})
		}
		c.set(nil, nodes...)
		o := testOptions()
		o.StatsInterval, o.MetricsInterval = 5*time.Second, 5*time.Second
		p, _ := startPoller(t, n, c, o)
		time.Sleep(5 * time.Minute)
		for range 600 {
			time.Sleep(time.Second)
			if got := result(t, p, "dead").Reach; got != Refused {
				t.Fatalf("of a node on which no kubelet listens: %q", got)
			}
			if got := result(t, p, "hung50").Reach; got != Answers {
				t.Fatalf("of a node whose kubelet takes connections and answers nothing: %q", got)
			}
		}
		n.set("dead", func(h *host) { h.refuse = false })
		time.Sleep(15 * time.Second)
		if r := result(t, p, "dead"); !r.Healthy() {
			t.Errorf("15 s after it was back: %+v", r)
		}
	})
}
