package collectors

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	corev1 "k8s.io/api/core/v1"

	"github.com/kubevitals/kubevitals/exporter"
	"github.com/kubevitals/kubevitals/sources"
)

const metricsAPIName = "metrics_api"

var (
	metricsAPIRegistered = exporter.NewGauge(metricsAPIName, "registered",
		"Whether anybody is registered to serve the metrics API: 1 is yes.",
		"api")
	metricsAPIAvailable = exporter.NewGauge(metricsAPIName, "available",
		"Whether the API server reaches whoever is registered to serve the metrics API: 1 is yes, 0 means it does not for the given reason.",
		"api", "reason")
	metricsAPISince = exporter.NewGauge(metricsAPIName, "unavailable_since_timestamp_seconds",
		"Unix time, in seconds, since which the API server does not reach whoever is registered to serve the metrics API; absent where it does, and where the condition does not say.",
		"api")
	metricsAPIBackend = exporter.NewGauge(metricsAPIName, "backend_info",
		"Is 1 for the Service, as NAMESPACE/NAME, to which the API server passes requests for the metrics API on; absent where none is registered.",
		"api", "backend")
	metricsAPINodeMissing = exporter.NewGauge(metricsAPIName, "node_missing",
		"Is 1 for nodes of which the resource metrics API has no figures; absent for all others.",
		"node")
	metricsAPINodes = exporter.NewGauge(metricsAPIName, "nodes",
		"Number of nodes by whether the resource metrics API has figures of them: some or none; absent while the API does not answer.",
		"figures")
	metricsAPINodeTime = exporter.NewGauge(metricsAPIName, "node_metrics_timestamp_seconds",
		"Unix time, in seconds, of the figures that the resource metrics API has of the node.",
		"node")
)

// MetricsAPI is the failure mode of dashboards without graphs and of kubectl top
// without figures: the metrics APIs of the cluster, and nodes that lack there.
func MetricsAPI() Definition {
	var interval time.Duration
	return Definition{
		Name:    metricsAPIName,
		Help:    "The metrics API is not registered or not available, or lacks nodes, so dashboards show no use of resources.",
		Scope:   Cluster,
		Default: true,
		Metrics: []*exporter.Desc{metricsAPIRegistered, metricsAPIAvailable, metricsAPISince, metricsAPIBackend, metricsAPINodeMissing, metricsAPINodes, metricsAPINodeTime},
		Steady:  []*exporter.Desc{metricsAPIRegistered},
		Counted: map[*exporter.Desc]*exporter.Desc{metricsAPINodeMissing: metricsAPINodes},
		Reads:   []sources.Read{sources.Nodes, sources.APIServices, sources.NodeMetricsList},
		Flags: func(f *Flags) {
			f.Flag("interval", "How often to read the figures of nodes; metrics servers themselves ask the kubelets every 15 s to 60 s.").
				Default("1m").DurationVar(&interval)
		},
		Configure: func(c *sources.Config) { c.NodeMetricsInterval = interval },
		New: func(s *sources.Sources) (exporter.Collector, error) {
			return metricsAPICollector{
				services: s.APIServices().List, nodes: s.Nodes().List, figures: s.NodeMetrics().Get,
			}, nil
		},
	}
}

type metricsAPICollector struct {
	services func() ([]sources.APIService, error)
	nodes    func() ([]*corev1.Node, error)
	figures  func() (sources.NodeMetrics, error)
}

// Collect tells of the registrations whether or not the figures can be read, which
// they cannot in just the case that registrations explain; and the reverse.
func (c metricsAPICollector) Collect(_ context.Context, ch chan<- prometheus.Metric) error {
	services, err := c.services()
	if err == nil {
		for _, api := range metricsAPIs() {
			api.send(ch, services)
		}
	}
	return exporter.Incomplete(errors.Join(err, c.sendNodes(ch)))
}

// sendNodes tells of which nodes there are figures.
func (c metricsAPICollector) sendNodes(ch chan<- prometheus.Metric) error {
	nodes, err := c.nodes()
	if err != nil {
		return err
	}
	figures, err := c.figures()
	if err != nil || figures == nil {
		return err
	}
	told := exporter.NewTally(metricsAPINodeMissing, "some", "none")
	for _, node := range nodes {
		at, ok := figures[node.Name]
		if !ok {
			told.Add(ch, "none", node.Name)
			continue
		}
		told.Add(ch, "some", node.Name)
		ch <- metricsAPINodeTime.Sample(unix(at), node.Name)
	}
	told.Send(ch, metricsAPINodes)
	return nil
}

// metricsAPI is one of the APIs that autoscalers and dashboards read, with the
// names under which it may be registered.
type metricsAPI struct {
	name     string
	services []string
}

func metricsAPIs() []metricsAPI {
	return []metricsAPI{
		{"resource", []string{"v1.metrics.k8s.io", "v1beta1.metrics.k8s.io"}},
		{"custom", []string{"v1beta2.custom.metrics.k8s.io", "v1beta1.custom.metrics.k8s.io"}},
		{"external", []string{"v1beta1.external.metrics.k8s.io"}},
	}
}

// send tells whether the API is registered in any version and, if so, whether
// any version is available, and who serves it.
func (a metricsAPI) send(ch chan<- prometheus.Metric, services []sources.APIService) {
	var registered []sources.APIService
	for _, s := range services {
		if slices.Contains(a.services, s.Name) {
			registered = append(registered, s)
		}
	}
	ch <- metricsAPIRegistered.Sample(exporter.Bool(len(registered) > 0), a.name)
	if len(registered) == 0 {
		return
	}
	slices.SortFunc(registered, func(x, y sources.APIService) int {
		return slices.Index(a.services, x.Name) - slices.Index(a.services, y.Name)
	})
	best := registered[0]
	for _, s := range registered {
		if s.Available != nil && *s.Available {
			best = s
			break
		}
	}
	if best.Service != "" {
		ch <- metricsAPIBackend.Sample(1, a.name, best.Service)
	}
	if best.Available == nil {
		ch <- metricsAPIAvailable.Sample(0, a.name, "Unknown")
		return
	}
	if !*best.Available && !best.Since.IsZero() {
		ch <- metricsAPISince.Sample(unix(best.Since), a.name)
	}
	ch <- metricsAPIAvailable.Sample(exporter.Bool(*best.Available), a.name, closed(best.Reason, availableReasons()))
}

// availableReasons are the reasons of the condition Available of an APIService.
func availableReasons() []string {
	return []string{
		"Passed", "Local", "ServiceNotFound", "ServiceAccessError", "ServicePortError",
		"EndpointsAccessError", "EndpointsNotFound", "MissingEndpoints", "FailedDiscoveryCheck",
	}
}

// closed returns the reason if it is a known one and "Other" if it is not, so
// that a label cannot take any value that somebody puts into a status.
func closed(reason string, known []string) string {
	if slices.Contains(known, reason) {
		return reason
	}
	return "Other"
}
