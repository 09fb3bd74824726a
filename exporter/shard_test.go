package exporter

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
)

// TestEachShardTellsItsPart verifies that a count of what shards divide is told by each of
// them under its own number, and any other count by the first alone.
func TestEachShardTellsItsPart(t *testing.T) {
	t.Parallel()
	part, whole := NewCount("x", "kubelets", "Help.", "state"), NewGauge("x", "nodes", "Help.", "state")
	c := Named{Name: "x", Metrics: []*Desc{part, whole}, Collector: collectorFunc(func(_ context.Context, ch chan<- prometheus.Metric) error {
		ch <- part.Sample(3, "ok")
		ch <- whole.Sample(9, "ok")
		return nil
	})}
	for shard, want := range map[Shard][]string{
		{}:                   {"kubevitals_x_kubelets[ok 0] 3", "kubevitals_x_nodes[ok] 9"},
		{Index: 0, Total: 3}: {"kubevitals_x_kubelets[ok 0] 3", "kubevitals_x_nodes[ok] 9"},
		{Index: 2, Total: 3}: {"kubevitals_x_kubelets[ok 2] 3"},
	} {
		f := NewFrame([]Named{c}, slog.New(slog.DiscardHandler))
		f.Divide(shard)
		families, err := f.Scrape(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, family := range families {
			if family.Desc == part || family.Desc == whole {
				family.Each(func(labels []string, value float64) { got = append(got, fmt.Sprint(family.Desc.Name, labels, value)) })
			}
		}
		if !slices.Equal(got, want) {
			t.Errorf("%+v: %q, want %q", shard, got, want)
		}
	}
}
