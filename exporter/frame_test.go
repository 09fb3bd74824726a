package exporter

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

var thing = NewGauge("test", "thing", "A thing.", "name")

// collectorFunc makes a collector of a function.
type collectorFunc func(context.Context, chan<- prometheus.Metric) error

func (f collectorFunc) Collect(ctx context.Context, ch chan<- prometheus.Metric) error {
	return f(ctx, ch)
}

func named(name string, f collectorFunc) Named {
	return Named{Name: name, Collector: f, Metrics: []*Desc{thing}}
}

func good(name string) Named {
	return named(name, func(_ context.Context, ch chan<- prometheus.Metric) error {
		ch <- thing.Sample(1, name)
		return nil
	})
}

func serve(t *testing.T, o Options, collectors ...Named) http.Handler {
	t.Helper()
	if o.Timeout == 0 {
		o.Timeout = time.Minute
	}
	if o.Self == nil {
		o.Self = prometheus.NewRegistry()
	}
	logger := slog.New(slog.DiscardHandler)
	h, err := Handler(t.Context(), NewFrame(collectors, logger), o, logger)
	if err != nil {
		t.Fatalf("Handler: %v", err)
	}
	return h
}

// get returns the answer to a request; headers are name, value, name, value.
func get(t *testing.T, h http.Handler, path string, headers ...string) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, path, nil)
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

func wantLines(t *testing.T, body string, present []string, absent ...string) {
	t.Helper()
	for _, line := range present {
		if !strings.Contains(body, line+"\n") {
			t.Errorf("missing line %q in:\n%s", line, body)
		}
	}
	for _, part := range absent {
		if strings.Contains(body, part) {
			t.Errorf("unexpected %q in:\n%s", part, body)
		}
	}
}

func TestFailedCollectorsAreDroppedWhole(t *testing.T) {
	t.Parallel()
	tests := map[string]collectorFunc{
		"error after output": func(_ context.Context, ch chan<- prometheus.Metric) error {
			ch <- thing.Sample(1, "half")
			return errors.New("broken")
		},
		"not ready": func(_ context.Context, ch chan<- prometheus.Metric) error {
			ch <- thing.Sample(1, "half")
			return fmt.Errorf("pods: %w", ErrNotReady)
		},
		"panic after output": func(_ context.Context, ch chan<- prometheus.Metric) error {
			ch <- thing.Sample(1, "half")
			panic("boom")
		},
		"wrong number of labels": func(_ context.Context, ch chan<- prometheus.Metric) error {
			ch <- thing.Sample(1, "half", "too many")
			return nil
		},
	}
	for name, f := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			body := get(t, serve(t, Options{}, named("bad", f), good("fine")), "/metrics").Body.String()
			wantLines(t, body, []string{
				`kubevitals_scrape_collector_success{collector="bad"} 0`,
				`kubevitals_scrape_collector_success{collector="fine"} 1`,
				`kubevitals_test_thing{name="fine"} 1`,
			}, "half")
		})
	}
}

// TestTerse verifies that a terse frame names the collectors that did not succeed, and
// counts all.
func TestTerse(t *testing.T) {
	t.Parallel()
	frame := NewFrame([]Named{good("fine"), named("bad", func(context.Context, chan<- prometheus.Metric) error { return errors.New("broken") })}, slog.New(slog.DiscardHandler))
	frame.Terse()
	families, err := frame.Scrape(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]float64{}
	for _, f := range families {
		f.Each(func(labels []string, value float64) { got[f.Desc.Name+" "+strings.Join(labels, " ")] = value })
	}
	want := map[string]float64{
		"kubevitals_test_thing fine":              1,
		"kubevitals_scrape_collector_success bad": 0,
		"kubevitals_scrape_collectors ":           2,
	}
	if !maps.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

// TestPartsThatCanBeToldAreKept verifies that a part that cannot be read costs only
// that part, and that it makes the collector unsuccessful.
func TestPartsThatCanBeToldAreKept(t *testing.T) {
	t.Parallel()
	missing := errors.New("figures cannot be read")
	partly := named("partly", func(_ context.Context, ch chan<- prometheus.Metric) error {
		ch <- thing.Sample(1, "part")
		return Incomplete(errors.Join(nil, missing))
	})
	wrapped := named("wrapped", func(_ context.Context, ch chan<- prometheus.Metric) error {
		ch <- thing.Sample(1, "lost")
		return fmt.Errorf("more than a part: %w", Incomplete(missing))
	})
	late := named("late", func(ctx context.Context, ch chan<- prometheus.Metric) error {
		ch <- thing.Sample(1, "late")
		<-ctx.Done()
		return Incomplete(missing)
	})
	synctest.Test(t, func(t *testing.T) {
		body := get(t, serve(t, Options{}, partly, wrapped, late), "/metrics", timeoutHeader, "1").Body.String()
		wantLines(t, body, []string{
			`kubevitals_scrape_collector_success{collector="partly"} 0`,
			`kubevitals_test_thing{name="part"} 1`,
		}, "lost", `name="late"`)
		time.Sleep(time.Minute) // until its run ends
	})
	if err := Incomplete(nil); err != nil {
		t.Errorf("nothing is missing, and still: %v", err)
	}
}

func TestLateCollectorIsDroppedAndNotStartedAgain(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var starts atomic.Int32
		release := make(chan struct{})
		stuck := named("stuck", func(_ context.Context, ch chan<- prometheus.Metric) error {
			starts.Add(1)
			ch <- thing.Sample(1, "stuck")
			<-release // ignores its context, like a call into the kernel
			return nil
		})
		h := serve(t, Options{}, stuck, good("fine"))
		for range 3 {
			body := get(t, h, "/metrics", timeoutHeader, "1").Body.String()
			wantLines(t, body, []string{
				`kubevitals_scrape_collector_success{collector="stuck"} 0`,
				`kubevitals_scrape_collector_success{collector="fine"} 1`,
			}, `name="stuck"`)
		}
		if n := starts.Load(); n != 1 {
			t.Errorf("the stuck collector was started %d times, want 1", n)
		}
		close(release)
		synctest.Wait()
		// Once it has ended it is run again, and is well.
		wantLines(t, get(t, h, "/metrics").Body.String(), []string{`kubevitals_test_thing{name="stuck"} 1`}, "none")
	})
}

func TestCollectorSeesTheDeadline(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, header string
		want         time.Duration
	}{
		{"no header", "", 20 * time.Second},
		{"prometheus waits longer", "60", 20 * time.Second},
		{"prometheus waits less", "10", 9500 * time.Millisecond},
		{"less than the offset", "0.2", 200 * time.Millisecond},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			header := http.Header{}
			if tt.header != "" {
				header.Set(timeoutHeader, tt.header)
			}
			got, err := scrapeTimeout(header, Options{Timeout: 20 * time.Second, TimeoutOffset: 500 * time.Millisecond})
			if err != nil || got != tt.want {
				t.Errorf("got %v, %v; want %v", got, err, tt.want)
			}
		})
	}
	seen := make(chan bool, 1)
	h := serve(t, Options{}, named("asks", func(ctx context.Context, _ chan<- prometheus.Metric) error {
		_, ok := ctx.Deadline()
		seen <- ok
		return nil
	}))
	get(t, h, "/metrics")
	if !<-seen {
		t.Error("the collector's context has no deadline")
	}
}

func TestDisagreeingCollectorsAreRefused(t *testing.T) {
	t.Parallel()
	other := NewGauge("test", "thing", "Another thing.", "name")
	a, b := good("a"), good("b")
	b.Metrics = []*Desc{other}
	logger := slog.New(slog.DiscardHandler)
	if _, err := Handler(t.Context(), NewFrame([]Named{a, b}, logger), Options{Self: prometheus.NewRegistry()}, logger); err == nil {
		t.Error("two collectors declare one metric differently, and that passes")
	}
}
