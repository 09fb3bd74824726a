package collectors

import (
	"bytes"
	"context"
	"log/slog"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/kubevitals/kubevitals/exporter"
	"github.com/kubevitals/kubevitals/test/fresh"
)

// golden compares what the collector sends, as a scrape would show it, with
// testdata/NAME.prom. A pedantic registry refuses whatever is not declared.
func golden(t *testing.T, name string, c exporter.Collector, descs []*exporter.Desc) {
	t.Helper()
	fresh.File(t, filepath.Join("testdata", name+".prom"), scrapeText(t, name, c, descs))
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
