package collectors

import (
	"bytes"
	"context"
	"flag"
	"log/slog"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/kubevitals/kubevitals/exporter"
)

var update = flag.Bool("update", false, "write the golden files")

// golden compares what the collector sends, as a scrape would show it, with
// testdata/NAME.prom. A pedantic registry refuses whatever is not declared.
func golden(t *testing.T, name string, c exporter.Collector, descs []*exporter.Desc) {
	t.Helper()
	got := scrapeText(t, name, c, descs)
	file := filepath.Join("testdata", name+".prom")
	if *update {
		if err := os.WriteFile(file, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatalf("%v (run: go test ./collectors -run %s -update)", err, t.Name())
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("samples differ from %s (-want +got):\n%s\nIf the change is meant, run: go test ./collectors -update", file, diff)
	}
}

// scrapeText returns the samples of the collector without the frame's own.
func scrapeText(t *testing.T, name string, c exporter.Collector, descs []*exporter.Desc) []byte {
	t.Helper()
	frame := exporter.NewFrame([]exporter.Named{{Name: name, Collector: c, Metrics: descs}}, slog.New(slog.DiscardHandler))
	registry := prometheus.NewPedanticRegistry()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if err := registry.Register(frame.Bind(ctx)); err != nil {
		t.Fatalf("register: %v", err)
	}
	w := httptest.NewRecorder()
	promhttp.HandlerFor(registry, promhttp.HandlerOpts{ErrorHandling: promhttp.HTTPErrorOnError}).
		ServeHTTP(w, httptest.NewRequestWithContext(ctx, "GET", "/metrics", nil))
	if w.Code != 200 {
		t.Fatalf("gather: %s", w.Body)
	}
	var kept bytes.Buffer
	for line := range strings.Lines(w.Body.String()) {
		if !strings.Contains(line, "kubevitals_scrape_collector_duration_seconds") {
			kept.WriteString(line)
		}
	}
	return kept.Bytes()
}
