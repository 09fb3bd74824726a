package snapshot

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/kubevitals/kubevitals/collectors"
	"github.com/kubevitals/kubevitals/exporter"
)

// Recorded returns what Selection.Replay wants: collectors that send the samples
// recorded of them. Before the time of the snapshot they send those of the first
// scrape, and from then on those of the second. What the collector does not
// declare is dropped, with a warning each.
func (s *Snapshot) Recorded(now func() time.Time, logger *slog.Logger) func(collectors.Definition) exporter.Collector {
	return func(def collectors.Definition) exporter.Collector {
		text := s.samples[def.Name]
		if text == nil && s.failure(def.Name, false) != nil {
			text = &[2][]byte{}
		}
		if text == nil || s.Manifest != nil && !slices.Contains(s.Manifest.Collectors, def.Name) {
			return nil
		}
		c := &replayed{taken: s.Taken, now: now}
		for n := range text {
			metrics, err := parseSamples(def, text[n], logger)
			if err != nil {
				logger.Warn("recorded samples cannot be read", "collector", def.Name, "scrape", n+1, "err", err)
				return nil
			}
			c.scrapes[n] = metrics
		}
		c.err = s.failure(def.Name, len(c.scrapes[1]) > 0)
		return c
	}
}

type replayed struct {
	scrapes [2][]prometheus.Metric
	taken   time.Time
	now     func() time.Time
	// err is with what the collector failed when it was recorded.
	err error
}

// Collect sends the samples of the scrape that holds now.
func (c *replayed) Collect(_ context.Context, ch chan<- prometheus.Metric) error {
	n := 1
	if c.now().Before(c.taken) {
		n = 0
	}
	for _, m := range c.scrapes[n] {
		ch <- m
	}
	return c.err
}

func parseSamples(def collectors.Definition, text []byte, logger *slog.Logger) ([]prometheus.Metric, error) {
	families, err := exporter.Parse(bytes.NewReader(text))
	if err != nil {
		return nil, err
	}
	var metrics []prometheus.Metric
	for _, family := range families {
		i := slices.IndexFunc(def.Metrics, func(desc *exporter.Desc) bool { return desc.Name == family.Desc.Name })
		if i < 0 {
			logger.Warn("recorded metric is not one of the collector's", "collector", def.Name, "metric", family.Desc.Name)
			continue
		}
		desc, foreign := def.Metrics[i], false
		family.Each(func(labels []string, value float64) {
			own := make([]string, len(desc.Labels))
			for j, name := range desc.Labels {
				own[j] = family.Label(labels, name)
			}
			if given(labels) > given(own) {
				foreign = true
				return
			}
			metrics = append(metrics, desc.Sample(value, own[:taken(desc)]...))
		})
		if foreign {
			logger.Warn("recorded samples have other labels than the collector's", "collector", def.Name, "metric", desc.Name)
		}
	}
	return metrics, nil
}

// taken is how many labels a sample of a metric is given: the frame adds that of the shard to
// those that each shard tells a part of.
func taken(d *exporter.Desc) int {
	if n := len(d.Labels); n > 0 && d.Labels[n-1] == "shard" {
		return n - 1
	}
	return len(d.Labels)
}

// given counts the labels that are not empty: the text format cannot tell an empty
// label from none.
func given(labels []string) int {
	n := 0
	for _, value := range labels {
		if value != "" {
			n++
		}
	}
	return n
}

// AtPresent makes samples of collectors that work at the time of the snapshot fit to
// be compared with the present: times are as long ago as they were then. It is
// for whoever evaluates rules by the clock, like Prometheus.
func (s *Snapshot) AtPresent(named []exporter.Named, present func() time.Time) []exporter.Named {
	moved := make([]exporter.Named, len(named))
	for i, n := range named {
		m := &mover{inner: n.Collector, by: func() float64 { return present().Sub(s.Taken).Seconds() }}
		for _, desc := range n.Metrics {
			if strings.HasSuffix(desc.Name, "_timestamp_seconds") {
				m.times = append(m.times, desc)
			}
		}
		n.Collector = m
		moved[i] = n
	}
	return moved
}

// mover moves the times that a collector sends.
type mover struct {
	inner exporter.Collector
	times []*exporter.Desc
	by    func() float64
}

// Collect sends what the collector sends.
func (m *mover) Collect(ctx context.Context, ch chan<- prometheus.Metric) error {
	by := m.by()
	sent := make(chan prometheus.Metric)
	failed := make(chan error, 1)
	go func() {
		defer close(sent)
		defer func() {
			if p := recover(); p != nil {
				failed <- fmt.Errorf("collector panicked: %v", p)
			}
		}()
		failed <- m.inner.Collect(ctx, sent)
	}()
	for metric := range sent {
		for _, d := range m.times {
			metric = d.Shift(metric, by)
		}
		ch <- metric
	}
	return <-failed
}
