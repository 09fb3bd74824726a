package exporter

import (
	"compress/gzip"
	"context"
	"errors"
	"io"
	"net/http"
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

func TestProbes(t *testing.T) {
	t.Parallel()
	var pods error
	h := serve(t, Options{Ready: []Check{
		{Name: "nodes", Run: func() error { return nil }},
		{Name: "pods", Run: func() error { return pods }},
	}}, good("fine"))

	w := get(t, h, "/readyz")
	if want := "[+]nodes ok\n[+]pods ok\nreadyz check passed\n"; w.Code != 200 || w.Body.String() != want {
		t.Errorf("readyz: %d %q, want 200 %q", w.Code, w.Body, want)
	}
	pods = errors.New("source pods: forbidden")
	w = get(t, h, "/readyz")
	if want := "[+]nodes ok\n[-]pods failed: source pods: forbidden\nreadyz check failed\n"; w.Code != 503 || w.Body.String() != want {
		t.Errorf("readyz: %d %q, want 503 %q", w.Code, w.Body, want)
	}
	if w = get(t, h, "/livez"); w.Code != 200 {
		t.Errorf("livez: %d while a source fails, want 200", w.Code)
	}
}

func TestLandingPage(t *testing.T) {
	t.Parallel()
	bad := named("sick<script>", func(context.Context, chan<- prometheus.Metric) error {
		return errors.New(`<img src="x">`)
	})
	h := serve(t, Options{Page: Page{Name: "kubevitals", Tables: func() []Table {
		return []Table{{Title: "Sources", Columns: []string{"source"}, Rows: []Row{{Cells: []string{"pods & more"}}}}}
	}}}, bad, good("fine"))

	wantContains(t, get(t, h, "/").Body.String(), "not scraped yet", "kubevitals", `href="/metrics"`)
	get(t, h, "/metrics")
	page := get(t, h, "/").Body.String()
	wantContains(t, page, "pods &amp; more", "sick&lt;script&gt;", "&lt;img src=", `<tr class="bad">`)
	if strings.Contains(page, "<script>") || strings.Contains(page, "<img") {
		t.Error("markup of a collector reaches the page unescaped")
	}
	if w := get(t, h, "/nothing"); w.Code != http.StatusNotFound {
		t.Errorf("unknown path: status %d, want 404", w.Code)
	}
}

func wantContains(t *testing.T, text string, parts ...string) {
	t.Helper()
	for _, p := range parts {
		if !strings.Contains(text, p) {
			t.Errorf("%q is missing in:\n%s", p, text)
		}
	}
}
