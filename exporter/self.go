package exporter

import (
	"slices"

	"github.com/prometheus/client_golang/prometheus"
	promcollectors "github.com/prometheus/client_golang/prometheus/collectors"
	versioncollector "github.com/prometheus/client_golang/prometheus/collectors/version"
	dto "github.com/prometheus/client_model/go"
)

// ownMetrics are the metrics of the process that tell whoever runs it what it costs:
// an agent is on every node, and what profiles tell better would be sent from all of them.
func ownMetrics() []string {
	return []string{
		"go_goroutines", "go_memstats_heap_inuse_bytes",
		"process_cpu_seconds_total", "process_max_fds", "process_open_fds", "process_resident_memory_bytes", "process_start_time_seconds",
		Namespace + "_build_info",
	}
}

// NewSelf returns the metrics of the process itself.
func NewSelf() prometheus.Gatherer {
	r := prometheus.NewRegistry()
	r.MustRegister(
		promcollectors.NewGoCollector(),
		promcollectors.NewProcessCollector(promcollectors.ProcessCollectorOpts{}),
		versioncollector.NewCollector(Namespace),
	)
	wanted := ownMetrics()
	return prometheus.GathererFunc(func() ([]*dto.MetricFamily, error) {
		families, err := r.Gather()
		return slices.DeleteFunc(families, func(f *dto.MetricFamily) bool { return !slices.Contains(wanted, f.GetName()) }), err
	})
}
