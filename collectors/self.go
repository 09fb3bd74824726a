package collectors

import (
	"context"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/kubevitals/kubevitals/exporter"
	"github.com/kubevitals/kubevitals/sources"
	"github.com/kubevitals/kubevitals/sources/health"
	"github.com/kubevitals/kubevitals/sources/kubelet"
)

// SelfName is the name of the collector that reports on the sources.
const SelfName = "sources"

var (
	sourceAvailable = exporter.NewGauge("source", "available",
		"Whether the source can be read now: 1 is yes, 0 means the signals that depend on it are absent for the given reason.",
		"source", "reason")
	sourceCount = exporter.NewGauge("scrape", "sources",
		"Sources that are read, available or not; only agents of nodes send it, which tell of those that are not available, and of the times of those that are stale and of the next to be.")
	sourceLastSuccess = exporter.NewGauge("source", "last_success_timestamp_seconds",
		"Unix time at which the source last proved to be good, in seconds; absent if it never did.",
		"source")
	sourceMaxAge = exporter.NewGauge("source", "max_age_seconds",
		"How old the last success of the source may be before it counts as stale, in seconds.",
		"source")
)

// SelfMetrics are the metrics by which kubevitals tells how far it sees.
func SelfMetrics() []*exporter.Desc {
	return append(SourceMetrics(), exporter.FrameMetrics()...)
}

// SourceMetrics are those of SelfName.
func SourceMetrics() []*exporter.Desc {
	return []*exporter.Desc{sourceAvailable, sourceCount, sourceLastSuccess, sourceMaxAge, kubeletAvailable}
}

// selfCollector reports on the sources. It never fails: it is what remains when
// all others do.
func selfCollector(s *sources.Sources, terse bool) exporter.Named {
	c := self{states: s.States, terse: terse, now: s.Now}
	if results := s.KubeletResults(); results != nil {
		c.kubelets = newKubeletAvailability(results)
	}
	return exporter.Named{
		Name:      SelfName,
		Collector: c,
		Metrics:   SourceMetrics(),
		Undivided: true,
	}
}

type self struct {
	states   func() []health.State
	now      func() time.Time
	terse    bool               // tells what deviates only
	kubelets exporter.Collector // nil when no collector asked for kubelets
}

func (c self) Collect(ctx context.Context, ch chan<- prometheus.Metric) error {
	if c.terse {
		c.sendDeviating(ch)
	} else {
		for _, s := range c.states() {
			sendAvailable(ch, s)
			sendAge(ch, s)
		}
	}
	if c.kubelets == nil {
		return nil
	}
	return c.kubelets.Collect(ctx, ch)
}

// sendDeviating tells of sources that are not available or stale, of the one that is the
// next to be stale, by which one sees that time is told at all, and how many there are.
func (c self) sendDeviating(ch chan<- prometheus.Metric) {
	states, now := c.states(), c.now()
	var next *health.State
	for _, s := range states {
		switch {
		case s.Reason != health.Available:
			sendAvailable(ch, s)
			sendAge(ch, s)
		case s.MaxAge == 0 || s.LastSuccess.IsZero():
		case stale(s).Before(now):
			sendAge(ch, s)
		case next == nil || stale(s).Before(stale(*next)):
			next = &s
		}
	}
	if next != nil {
		sendAge(ch, *next)
	}
	ch <- sourceCount.Sample(float64(len(states)))
}

// stale is when a source counts as stale.
func stale(s health.State) time.Time { return s.LastSuccess.Add(s.MaxAge) }

func sendAvailable(ch chan<- prometheus.Metric, s health.State) {
	ch <- sourceAvailable.Sample(exporter.Bool(s.Reason == health.Available), s.Source, string(s.Reason))
}

// sendAge sends when a source was good, and how old that may be.
func sendAge(ch chan<- prometheus.Metric, s health.State) {
	if !s.LastSuccess.IsZero() {
		ch <- sourceLastSuccess.Sample(unix(s.LastSuccess), s.Source)
	}
	if s.MaxAge > 0 {
		ch <- sourceMaxAge.Sample(s.MaxAge.Seconds(), s.Source)
	}
}

var kubeletAvailable = exporter.NewGauge("kubelet", "available",
	"Whether the endpoint of the node's kubelet can be read now: 1 is yes, 0 means the signals that depend on it are absent for the given reason.",
	"node", "endpoint", "reason")

// kubeletAvailability reports how far the kubelets can be seen: one sample for
// each endpoint that is asked for.
type kubeletAvailability struct {
	results func() []*kubelet.Result
}

func newKubeletAvailability(results func() []*kubelet.Result) *kubeletAvailability {
	return &kubeletAvailability{results: results}
}

func (c *kubeletAvailability) Collect(_ context.Context, ch chan<- prometheus.Metric) error {
	for _, r := range c.results() {
		for endpoint, reason := range r.Reasons() {
			ch <- kubeletAvailable.Sample(exporter.Bool(reason == health.Available), r.Node, endpoint, string(reason))
		}
	}
	return nil
}

// OnsetTimestamps are the metrics that hold the time at which something that is wrong began.
// They grow old of themselves, unlike those of heartbeats.
func OnsetTimestamps() []*exporter.Desc {
	return []*exporter.Desc{
		nodeTransition, degradedTaint, degradedCordoned, degradedConditionSince, certificateRequestsOldest, aggregatedAPISince, metricsAPISince,
		pendingPodsOldest, pendingPodsNamespace, pendingPodsScheduler, terminatingPodsOldest, terminatingNamespacesDeleted,
		podCreationFailing,
	}
}
