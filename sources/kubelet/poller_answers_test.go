package kubelet

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"k8s.io/client-go/rest"

	"github.com/kubevitals/kubevitals/sources/health"
)

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

// TestAnAnswerThatComesAgainIsStale verifies that a kubelet whose every answer is the one
// that it gave before is good for the first only, and good again when it gives others.
func TestAnAnswerThatComesAgainIsStale(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		n, c := newNetwork(t), &cluster{}
		date, summary := time.Now().UTC().Format(http.TimeFormat), summaryNow()
		frozen := func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Date", date)
			if r.URL.Path != statsSummary.path() {
				serve(w, r)
				return
			}
			_, _ = io.WriteString(w, summary)
		}
		n.set("a", func(h *host) { h.handler = frozen })
		c.set(nil, node("a"))
		o := testOptions()
		p, _ := startPoller(t, n, c, o)
		time.Sleep(newNodesWithin + time.Second)
		if r := result(t, p, "a"); r.Stats.Reason != health.Available || r.Config.Reason != health.Available {
			t.Errorf("at first: %s, %s", r.Stats.Reason, r.Config.Reason)
		}
		time.Sleep(2 * o.MetricsInterval)
		if r := result(t, p, "a"); r.Stats.Reason != health.Stale || r.Config.Reason != health.Stale || r.Metrics.Reason != health.Stale {
			t.Errorf("then: %s, %s, %s", r.Stats.Reason, r.Config.Reason, r.Metrics.Reason)
		}
		n.set("a", func(h *host) { h.handler = serve })
		time.Sleep(2 * o.MetricsInterval)
		if r := result(t, p, "a"); !r.Healthy() {
			t.Errorf("in the end: %s, %s, %s", r.Stats.Reason, r.Config.Reason, r.Metrics.Reason)
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
