package exporter

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
)

// BenchmarkScrape compares what a scrape of 100,000 series costs, from the collector
// to the text, with what it costs through a registry of client_golang. Nodes come in the
// order of their names, as sources list them; "unordered" has them in another.
func BenchmarkScrape(b *testing.B) {
	const series = 100_000
	var metrics []*Desc
	for i := range 20 {
		metrics = append(metrics, NewGauge("bench", fmt.Sprintf("metric_%d", i), "One of twenty.", "node", "filesystem"))
	}
	names := make([]string, series/len(metrics))
	for i := range names {
		names[i] = fmt.Sprintf("ip-10-0-%d-%d.example.internal", i>>8, i&255)
	}
	ordered := slices.Sorted(slices.Values(names))
	rand.New(rand.NewPCG(1, 0)).Shuffle(len(names), func(i, j int) { names[i], names[j] = names[j], names[i] })
	frameOf := func(names []string) *Frame {
		return NewFrame([]Named{{Name: "bench", Metrics: metrics, Collector: collectorFunc(func(_ context.Context, ch chan<- prometheus.Metric) error {
			for node, name := range names {
				for i, m := range metrics {
					ch <- m.Sample(float64(node)*1024+float64(i), name, "nodefs")
				}
			}
			return nil
		})}}, slog.New(slog.DiscardHandler))
	}
	families := func(frame *Frame) func() error {
		return func() error {
			families, err := frame.Scrape(b.Context())
			return errors.Join(err, exposition{families: families}.write(io.Discard, expfmt.NewFormat(expfmt.TypeTextPlain)))
		}
	}
	for name, write := range map[string]func() error{
		"families":  families(frameOf(ordered)),
		"unordered": families(frameOf(names)),
		"registry": func() error {
			registry := prometheus.NewRegistry()
			if err := registry.Register(frameOf(ordered).Bind(b.Context())); err != nil {
				return err
			}
			var all []*dto.MetricFamily
			all, err := registry.Gather()
			return errors.Join(err, exposition{process: all}.write(io.Discard, expfmt.NewFormat(expfmt.TypeTextPlain)))
		},
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if err := write(); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/series, "ns/series")
		})
	}
}
