package livestatus_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/kubevitals/kubevitals/exporter"
	"github.com/kubevitals/kubevitals/internal/diagnosis"
	"github.com/kubevitals/kubevitals/internal/diagnosis/ruleeval"
	"github.com/kubevitals/kubevitals/internal/livestatus"
	"github.com/kubevitals/kubevitals/sources/health"
)

const rules = `
groups:
  - name: g
    rules:
      - {alert: Down, expr: 'a_up == 0', labels: {severity: critical, signal: a}, annotations: {summary: "It is down."}}
      - {alert: Failing, expr: 'rate(kubevitals_b_failures_total[5m]) > 0.9', labels: {severity: warning, signal: b}}
      - {alert: Off, expr: 'c > 0', labels: {severity: warning, signal: c}}
      - {alert: Blind, expr: 'd > 0', labels: {severity: warning, signal: exporter}}
`

// cluster is what an exporter says, by a clock that stands still.
type cluster struct {
	mu      sync.Mutex
	text    string
	err     error
	now     time.Time
	asked   int
	waiting chan struct{} // if not nil, an answer waits for it
	reading bool          // whether something is read for the first time
}

func (c *cluster) gather(ctx context.Context) (exporter.Families, error) {
	c.mu.Lock()
	c.asked++
	waiting := c.waiting
	c.mu.Unlock()
	if waiting != nil {
		select {
		case <-waiting:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	return c.families()
}

func (c *cluster) families() (exporter.Families, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	families, err := exporter.Parse(strings.NewReader(c.text))
	return families, errors.Join(err, c.err)
}

func (c *cluster) clock() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *cluster) starting() bool { return c.reading }

func (c *cluster) later(d time.Duration, text string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now, c.text = c.now.Add(d), text
}

func start(t *testing.T, c *cluster) *livestatus.Status {
	t.Helper()
	parsed, err := ruleeval.Parse([]byte(rules))
	if err != nil {
		t.Fatal(err)
	}
	c.now = time.Unix(1000, 0)
	return livestatus.New(livestatus.Options{Gather: c.gather, Errors: unknown{}, Starting: c.starting, Rules: parsed, Target: map[string]string{"cluster": "lab"}, Now: c.clock})
}

func ask(t *testing.T, s *livestatus.Status) (*livestatus.Report, string) {
	t.Helper()
	r, err := s.Report(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, a := range r.Alerts {
		names = append(names, a.Alert)
	}
	return r, strings.Join(names, " ")
}

func TestReportIsShownForSomeSeconds(t *testing.T) {
	t.Parallel()
	c := &cluster{}
	s := start(t, c)
	for _, step := range []struct {
		after   time.Duration
		reading bool
		text    string
		want    string
		asked   int
	}{
		{0, true, "", "", 1},
		{time.Second, false, "a_up{node=\"n\"} 0\n", "", 1},
		{time.Second, false, "a_up{node=\"n\"} 0\n", "Down", 2},
		{14 * time.Second, false, "a_up{node=\"n\"} 1\n", "Down", 2},
		{time.Second, false, "a_up{node=\"n\"} 1\n", "", 3},
	} {
		c.reading = step.reading
		c.later(step.after, step.text)
		if _, got := ask(t, s); got != step.want || c.asked != step.asked {
			t.Errorf("after %s: %q after %d scrapes, want %q after %d", step.after, got, c.asked, step.want, step.asked)
		}
	}
}

var failures = exporter.NewCounter("b", "failures_total", "Failures.")

// none is a collector that has counted no failure yet.
type none struct{}

func (none) Collect(_ context.Context, ch chan<- prometheus.Metric) error {
	ch <- failures.Sample(0)
	return nil
}

func TestRatesFromWhatOthersScraped(t *testing.T) {
	t.Parallel()
	c := &cluster{text: "kubevitals_b_failures_total 0\n"}
	s := start(t, c)
	frame := exporter.NewFrame([]exporter.Named{{Name: "b", Collector: none{}, Metrics: []*exporter.Desc{failures}}}, slog.New(slog.DiscardHandler))
	families, err := frame.Scrape(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	s.Observe(families)
	c.later(30*time.Second, "kubevitals_b_failures_total 60\n")
	if _, got := ask(t, s); got != "Failing" {
		t.Errorf("found %q", got)
	}
	// Its own reports count as well, and what is long past does not.
	c.later(30*time.Second, "kubevitals_b_failures_total 120\n")
	if _, got := ask(t, s); got != "Failing" {
		t.Errorf("found %q at the second report", got)
	}
	c.later(2*time.Hour, "kubevitals_b_failures_total 100000\n")
	if _, got := ask(t, s); got != "" {
		t.Errorf("found %q from a past that is over", got)
	}
}

// TestOldestSource verifies that a report names the source whose last proof is the
// oldest, of those that are available and must prove something now and then.
func TestOldestSource(t *testing.T) {
	t.Parallel()
	var text strings.Builder
	for _, source := range []struct {
		name      string
		available int
		at        float64
		bounded   bool
	}{
		{"blind", 0, 10, true}, {"silent", 1, 20, false}, {"older", 1, 30.5, true}, {"fresh", 1, 40, true},
	} {
		fmt.Fprintf(&text, "kubevitals_source_available{source=%q} %d\n", source.name, source.available)
		fmt.Fprintf(&text, "kubevitals_source_last_success_timestamp_seconds{source=%q} %g\n", source.name, source.at)
		if source.bounded {
			fmt.Fprintf(&text, "kubevitals_source_max_age_seconds{source=%q} 26\n", source.name)
		}
	}
	c := &cluster{text: text.String()}
	r, _ := ask(t, start(t, c))
	if want := (livestatus.Source{Name: "older", At: time.Unix(30, 5e8)}); r.Oldest != want {
		t.Errorf("%+v, want %+v", r.Oldest, want)
	}
	c.later(time.Hour, "")
	if r, _ := ask(t, start(t, c)); r.Oldest.Name != "" {
		t.Errorf("%+v of nothing", r.Oldest)
	}
}

func TestManyShareOneReport(t *testing.T) {
	t.Parallel()
	c := &cluster{text: "a_up 0\n", waiting: make(chan struct{})}
	s := start(t, c)
	gone, leave := context.WithCancel(t.Context())
	left := make(chan error)
	go func() {
		_, err := s.Report(gone)
		left <- err
	}()
	others := make(chan error)
	for range 5 {
		go func() {
			r, err := s.Report(t.Context())
			if err == nil && len(r.Alerts) != 1 {
				err = fmt.Errorf("%d alerts", len(r.Alerts))
			}
			others <- err
		}()
	}
	leave()
	if err := <-left; !errors.Is(err, context.Canceled) {
		t.Errorf("who hung up got %v", err)
	}
	close(c.waiting)
	for range 5 {
		if err := <-others; err != nil {
			t.Error(err)
		}
	}
	// One may have come so late that the first report was over and still fresh.
	if c.asked != 1 {
		t.Errorf("%d scrapes for six who asked", c.asked)
	}
}

func TestReportThatFails(t *testing.T) {
	t.Parallel()
	c := &cluster{err: errors.New("no scrape today")}
	if _, err := start(t, c).Report(t.Context()); err == nil || !strings.Contains(err.Error(), "no scrape today") {
		t.Errorf("%v, want the reason", err)
	}
}

func TestSignalsAndEvidence(t *testing.T) {
	t.Parallel()
	c := &cluster{text: `
kubevitals_scrape_collector_success{collector="a"} 1
kubevitals_scrape_collector_success{collector="b"} 0
kubevitals_scrape_collector_success{collector="c"} 1
kubevitals_source_available{source="pods",reason="forbidden"} 0
a_up{node="n"} 0
a_up{node="m"} 1
`}
	r, _ := ask(t, start(t, c))
	want := []diagnosis.Signal{{Name: "a", State: diagnosis.StateFiring, Alerts: 1}, {Name: "b", State: diagnosis.StateUnavailable, Alerts: 1}, {Name: "c", State: diagnosis.StateNoData, Alerts: 1}}
	if !slices.Equal(r.Signals, want) {
		t.Errorf("signals %v, want %v", r.Signals, want)
	}
	if len(r.Unavailable) != 2 || r.Complete() {
		t.Errorf("blind: %v", r.Unavailable)
	}
	if got := r.Evidence("Down", map[string]string{"node": "m"}); len(got) != 1 || got[0].Value != 1 {
		t.Errorf("evidence %v of what is well", got)
	}
	if f := r.Findings("Down"); len(f) != 1 || f[0].Labels["node"] != "n" {
		t.Errorf("findings %v", f)
	}
}

// unknown knows of no errors.
type unknown struct{}

func (unknown) SourceErr(string) error                 { return nil }
func (unknown) CollectorErr(string) error              { return nil }
func (unknown) KubeletErr(string, health.Reason) error { return nil }
