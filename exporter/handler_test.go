package exporter

import (
	"compress/gzip"
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
)

func TestMetricsNegotiation(t *testing.T) {
	t.Parallel()
	h := serve(t, Options{}, good("fine"))

	open := get(t, h, "/metrics", "Accept", "application/openmetrics-text; version=1.0.0")
	if ct := open.Header().Get("Content-Type"); !strings.HasPrefix(ct, "application/openmetrics-text") {
		t.Errorf("Content-Type %q, want OpenMetrics", ct)
	}
	if !strings.HasSuffix(open.Body.String(), "# EOF\n") {
		t.Error("OpenMetrics output does not end in # EOF")
	}

	packed := get(t, h, "/metrics", "Accept-Encoding", "gzip")
	if ce := packed.Header().Get("Content-Encoding"); ce != "gzip" {
		t.Fatalf("Content-Encoding %q, want gzip", ce)
	}
	reader, err := gzip.NewReader(packed.Body)
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(reader)
	if err != nil {
		t.Fatal(err)
	}
	wantLines(t, string(text), []string{`kubevitals_test_thing{name="fine"} 1`})
}

func TestBadTimeoutHeader(t *testing.T) {
	t.Parallel()
	for _, value := range []string{"soon", "-1", "0", "NaN"} {
		w := get(t, serve(t, Options{}, good("fine")), "/metrics", timeoutHeader, value)
		if w.Code != http.StatusBadRequest || !strings.Contains(w.Body.String(), timeoutHeader) {
			t.Errorf("%s: status %d, body %q; want 400 naming the header", value, w.Code, w.Body)
		}
	}
}

func TestTooManyScrapes(t *testing.T) {
	t.Parallel()
	begun, release := make(chan struct{}), make(chan struct{})
	h := serve(t, Options{MaxRequests: 1}, named("slow", func(context.Context, chan<- prometheus.Metric) error {
		close(begun)
		<-release
		return nil
	}))
	first := make(chan int)
	go func() { first <- get(t, h, "/metrics").Code }()
	<-begun
	if w := get(t, h, "/metrics"); w.Code != http.StatusServiceUnavailable {
		t.Errorf("second scrape: status %d, want 503", w.Code)
	}
	close(release)
	if code := <-first; code != http.StatusOK {
		t.Errorf("first scrape: status %d, want 200", code)
	}
}

// TestClientThatHasGone verifies that nothing is written, and of one that went before the
// start nothing gathered, for a client that does not wait any more.
func TestClientThatHasGone(t *testing.T) {
	t.Parallel()
	ctx, leave := context.WithCancel(t.Context())
	asked := 0
	h := serve(t, Options{MaxRequests: 1}, named("slow", func(context.Context, chan<- prometheus.Metric) error {
		asked++
		leave()
		return nil
	}))
	for range 2 { // the first goes while the collector is asked
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequestWithContext(ctx, http.MethodGet, "/metrics", nil))
		if w.Body.Len() > 0 {
			t.Errorf("%d bytes are written to a client that has gone", w.Body.Len())
		}
	}
	if asked != 1 {
		t.Errorf("the collector was asked %d times, want once", asked)
	}
}

func TestProbes(t *testing.T) {
	t.Parallel()
	var pods error
	checks := []Check{
		{Name: "nodes", Run: func() error { return nil }},
		{Name: "pods", Run: func() error { return pods }},
	}
	h, brief := serve(t, Options{Ready: checks}, good("fine")), HealthHandler(checks)
	short := func(code int, want string) {
		t.Helper()
		if w := get(t, brief, "/readyz"); w.Code != code || w.Body.String() != want {
			t.Errorf("readyz for whoever asks: %d %q, want %d %q", w.Code, w.Body, code, want)
		}
	}

	w := get(t, h, "/readyz")
	if want := "[+]nodes ok\n[+]pods ok\nreadyz check passed\n"; w.Code != 200 || w.Body.String() != want {
		t.Errorf("readyz: %d %q, want 200 %q", w.Code, w.Body, want)
	}
	short(200, "ok\n")
	pods = errors.New("source pods: forbidden")
	w = get(t, h, "/readyz")
	if want := "[+]nodes ok\n[-]pods failed: source pods: forbidden\nreadyz check failed\n"; w.Code != 503 || w.Body.String() != want {
		t.Errorf("readyz: %d %q, want 503 %q", w.Code, w.Body, want)
	}
	short(503, "not ready\n")
	if w = get(t, h, "/livez"); w.Code != 200 {
		t.Errorf("livez: %d while a source fails, want 200", w.Code)
	}
}

func TestTable(t *testing.T) {
	t.Parallel()
	bad := named("sick", func(context.Context, chan<- prometheus.Metric) error { return errors.New("no luck") })
	frame := NewFrame([]Named{bad, good("fine")}, slog.New(slog.DiscardHandler))
	if row := frame.Table().Rows[0]; row.Cells[1] != "not scraped yet" || row.Bad {
		t.Errorf("before any scrape: %v", row)
	}
	registry := prometheus.NewRegistry()
	if err := registry.Register(frame.Bind(t.Context())); err != nil {
		t.Fatal(err)
	}
	if _, err := registry.Gather(); err != nil {
		t.Fatal(err)
	}
	rows := frame.Table().Rows
	if !rows[0].Bad || rows[0].Cells[1] != "no luck" || rows[1].Bad || rows[1].Cells[1] != "ok" {
		t.Errorf("after a scrape: %v", rows)
	}
}

// TestPagesAndGathered verifies that pages get what is no path of our own, and that
// somebody is told of what a scrape gathered.
func TestPagesAndGathered(t *testing.T) {
	t.Parallel()
	told := map[string]bool{}
	h := serve(t, Options{
		Pages: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { _, _ = w.Write([]byte("page " + r.URL.Path)) }),
		Gathered: func(families Families) {
			for _, f := range families {
				told[f.Desc.Name] = true
			}
		},
	}, good("fine"))
	for _, path := range []string{"/", "/runbooks/x"} {
		if got := get(t, h, path).Body.String(); got != "page "+path {
			t.Errorf("%s: %q", path, got)
		}
	}
	if got := get(t, h, "/livez").Body.String(); got != "ok\n" || len(told) != 0 {
		t.Errorf("livez: %q, told %v", got, told)
	}
	get(t, h, "/metrics")
	if !told["kubevitals_test_thing"] {
		t.Errorf("told %v", told)
	}
	if w := get(t, serve(t, Options{}, good("fine")), "/"); w.Code != http.StatusNotFound {
		t.Errorf("without pages: status %d", w.Code)
	}
}
