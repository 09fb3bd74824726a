package collectors

import (
	"context"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/kubevitals/kubevitals/sources/kubelet"
	"github.com/kubevitals/kubevitals/sources/health"
	"github.com/kubevitals/kubevitals/exporter"
)

var (
	sourceAvailable = exporter.NewGauge("source", "available",
		"Whether the source can be read now: 1 is yes, 0 means the signals that depend on it are absent for the given reason.",
		"source", "reason")
	sourceLastSuccess = exporter.NewGauge("source", "last_success_timestamp_seconds",
		"Unix time at which the source last proved to be good, in seconds; absent if it never did.",
		"source")
)

// SelfMetrics are the metrics by which kubevitals tells how far it sees.
func SelfMetrics() []*exporter.Desc {
	return append([]*exporter.Desc{sourceAvailable, sourceLastSuccess, kubeletAvailable}, exporter.FrameMetrics()...)
}

// selfCollector reports on the sources. It never fails: it is what remains when
// all others do.
func selfCollector(s *Sources) exporter.Named {
	c := self{states: s.States}
	if s.kubeletsWanted {
		c.kubelets = newKubeletAvailability(func() []kubelet.Result { return s.kubelets.Results() })
	}
	return exporter.Named{
		Name:      "sources",
		Collector: c,
		Metrics:   []*exporter.Desc{sourceAvailable, sourceLastSuccess, kubeletAvailable},
	}
}

type self struct {
	states   func() []health.State
	kubelets exporter.Collector // nil when no collector asked for kubelets
}

func (c self) Collect(ctx context.Context, ch chan<- prometheus.Metric) error {
	for _, s := range c.states() {
		ch <- sourceAvailable.Sample(exporter.Bool(s.Reason == health.Available), s.Source, string(s.Reason))
		if !s.LastSuccess.IsZero() {
			ch <- sourceLastSuccess.Sample(unix(s.LastSuccess), s.Source)
		}
	}
	if c.kubelets == nil {
		return nil
	}
	return c.kubelets.Collect(ctx, ch)
}
