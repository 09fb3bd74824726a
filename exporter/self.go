package exporter

import (
	"github.com/prometheus/client_golang/prometheus"
	promcollectors "github.com/prometheus/client_golang/prometheus/collectors"
	versioncollector "github.com/prometheus/client_golang/prometheus/collectors/version"
)

// NewSelf returns a registry of the metrics of the process itself.
func NewSelf() *prometheus.Registry {
	r := prometheus.NewRegistry()
	r.MustRegister(
		promcollectors.NewGoCollector(),
		promcollectors.NewProcessCollector(promcollectors.ProcessCollectorOpts{}),
		versioncollector.NewCollector(Namespace),
	)
	return r
}
