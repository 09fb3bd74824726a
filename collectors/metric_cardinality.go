package collectors

import (
	"context"
	"math"
	"time"

	"github.com/alecthomas/units"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/kubevitals/kubevitals/exporter"
	"github.com/kubevitals/kubevitals/sources"
	"github.com/kubevitals/kubevitals/sources/apiserver"
	"github.com/kubevitals/kubevitals/sources/exposition"
	"github.com/kubevitals/kubevitals/sources/health"
	"github.com/kubevitals/kubevitals/sources/kubelet"
)

const metricCardinalityName = "metric_cardinality"

// The target of a series is a kubelet, which has a node, or an API server,
// which has an address; the label of the other is empty.
var (
	cardinalitySeries = exporter.NewGauge(metricCardinalityName, "series",
		"Number of series in the component's own metrics.",
		"component", "node", "server")
	cardinalityInformer = exporter.NewGauge(metricCardinalityName, "informer_series",
		"Number of series of client-go's reflectors and informers, the families that once leaked; absent if there are none.",
		"component", "node", "server")
	cardinalityResident = exporter.NewGauge(metricCardinalityName, "resident_memory_bytes",
		"Resident memory of the component's process as it reports it, in bytes.",
		"component", "node", "server")
	cardinalityTruncated = exporter.NewGauge(metricCardinalityName, "truncated",
		"Is 1 for components whose metrics were read up to a limit only, so that the other values are lower bounds; absent for all others.",
		"component", "node", "server")
	cardinalityFamilySeries = exporter.NewGauge(metricCardinalityName, "family_series",
		"Number of series of one of the largest families of the component's own metrics; absent for those with fewer than --collector.metric_cardinality.family-series.",
		"component", "node", "server", "family")
)

// MetricCardinality is the failure mode of a component whose own metrics grow
// without end, and its memory with them.
func MetricCardinality() Definition {
	var (
		top      int
		least    int64
		limit    units.Base2Bytes
		interval time.Duration
	)
	return Definition{
		Name:    metricCardinalityName,
		Help:    "A component's own metrics grow without end, and its memory with them.",
		Scope:   Cluster,
		Default: true,
		Metrics: []*exporter.Desc{
			cardinalitySeries, cardinalityInformer, cardinalityResident, cardinalityTruncated, cardinalityFamilySeries,
		},
		Steady: []*exporter.Desc{cardinalitySeries, cardinalityResident},
		Reads:  []sources.Read{sources.KubeletMetrics, sources.APIServerMetrics},
		Flags: func(f *Flags) {
			Whole(f.Flag("top-families", "Families to name per component, the largest first.").Default("5"), &top)
			f.Flag("family-series", "Series that a family must have to be named.").Default("2000").Int64Var(&least)
			f.Flag("body-limit", "Size at which the reading of a component's metrics stops.").Default("256MB").BytesVar(&limit)
			f.Flag("apiserver-interval", "How often to read the metrics of each API server; kubelets follow --kubelet.metrics-interval.").
				Default("1m").DurationVar(&interval)
		},
		Configure: func(c *sources.Config) {
			c.Exposition.TopN, c.Exposition.BodyLimit = top, int64(limit)
			c.APIServers.MetricsInterval = interval
		},
		New: func(s *sources.Sources) (exporter.Collector, error) {
			kubelets, servers := s.Kubelets(), s.APIServers()
			kubelets.WantMetrics()
			servers.WantMetrics()
			nodes := s.Nodes()
			return metricCardinalityCollector{
				ready:    func() error { _, err := nodes.List(); return err },
				kubelets: kubelets.Results,
				servers:  servers.Results,
				least:    least,
			}, nil
		},
	}
}

type metricCardinalityCollector struct {
	ready    func() error // of the list of nodes
	kubelets func() []*kubelet.Result
	servers  func() []apiserver.Result
	// least is how many series a family has that is named.
	least int64
}

// Collect sends what was counted last of every target that could be read.
func (c metricCardinalityCollector) Collect(ctx context.Context, ch chan<- prometheus.Metric) error {
	if err := c.ready(); err != nil {
		return err
	}
	for _, r := range c.kubelets() {
		if err := ctx.Err(); err != nil {
			return err
		}
		if r.Metrics.Reason == health.Available {
			c.send(ch, r.Metrics.Value, "kubelet", r.Node, "")
		}
	}
	for _, r := range c.servers() {
		if r.Metrics.Reason == health.Available {
			c.send(ch, r.Metrics.Report, "kube-apiserver", "", r.Server)
		}
	}
	return nil
}

func (c metricCardinalityCollector) send(ch chan<- prometheus.Metric, r exposition.Report, target ...string) {
	ch <- cardinalitySeries.Sample(float64(r.Series), target...)
	if r.Informer > 0 {
		ch <- cardinalityInformer.Sample(float64(r.Informer), target...)
	}
	if r.Truncated {
		ch <- cardinalityTruncated.Sample(1, target...)
	}
	if !math.IsNaN(r.ResidentBytes) {
		ch <- cardinalityResident.Sample(r.ResidentBytes, target...)
	}
	for _, f := range r.Top {
		if f.Series >= c.least {
			ch <- cardinalityFamilySeries.Sample(float64(f.Series), append(target[:len(target):len(target)], f.Name)...)
		}
	}
}
