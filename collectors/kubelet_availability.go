package collectors

import (
	"context"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/kubevitals/kubevitals/sources/kubelet"
	"github.com/kubevitals/kubevitals/sources/health"
	"github.com/kubevitals/kubevitals/exporter"
)

var kubeletAvailable = exporter.NewGauge("kubelet", "available",
	"Whether the endpoint of the node's kubelet can be read now: 1 is yes, 0 means the signals that depend on it are absent for the given reason.",
	"node", "endpoint", "reason")

// kubeletAvailability reports how far the kubelets can be seen: one sample for
// each endpoint that is asked for.
type kubeletAvailability struct {
	results func() []kubelet.Result
}

func newKubeletAvailability(results func() []kubelet.Result) *kubeletAvailability {
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
