package collectors

import (
	"cmp"
	"context"
	"slices"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/kubevitals/kubevitals/exporter"
	"github.com/kubevitals/kubevitals/sources"
)

const terminatingNamespacesName = "terminating_namespaces"

var (
	terminatingNamespacesDeleted = exporter.NewGauge(terminatingNamespacesName, "deletion_timestamp_seconds",
		"Unix time, in seconds, at which a namespace that still exists was deleted, by what the namespace controller says holds it; absent for all others.",
		"namespace", "hold")
	terminatingNamespaces = exporter.NewGauge(terminatingNamespacesName, "namespaces",
		"Number of namespaces by phase: active or terminating.",
		"phase")
)

// mostNamespaces bounds the namespaces that are told of by name.
const mostNamespaces = 100

// TerminatingNamespaces is the failure mode of namespaces that were deleted and stay.
func TerminatingNamespaces() Definition {
	return Definition{
		Name:    terminatingNamespacesName,
		Help:    "Namespaces stay Terminating: an API cannot be asked, a finalizer holds something in them, or their content does not end.",
		Scope:   Cluster,
		Default: true,
		Metrics: []*exporter.Desc{terminatingNamespacesDeleted, terminatingNamespaces},
		Steady:  []*exporter.Desc{terminatingNamespaces},
		Reads:   []sources.Read{sources.Namespaces},
		New: func(s *sources.Sources) (exporter.Collector, error) {
			return terminatingNamespacesCollector{namespaces: s.Namespaces().List}, nil
		},
	}
}

type terminatingNamespacesCollector struct {
	namespaces func() ([]sources.Namespace, error)
}

// Collect fails while namespaces cannot be seen.
func (c terminatingNamespacesCollector) Collect(_ context.Context, ch chan<- prometheus.Metric) error {
	namespaces, err := c.namespaces()
	if err != nil {
		return err
	}
	var terminating []sources.Namespace
	for _, n := range namespaces {
		if !n.Deletion.IsZero() {
			terminating = append(terminating, n)
		}
	}
	ch <- terminatingNamespaces.Sample(float64(len(namespaces)-len(terminating)), "active")
	ch <- terminatingNamespaces.Sample(float64(len(terminating)), "terminating")
	// Where there are too many, those that have waited for longest are told of.
	slices.SortFunc(terminating, func(a, b sources.Namespace) int {
		return cmp.Or(a.Deletion.Compare(b.Deletion), cmp.Compare(a.Name, b.Name))
	})
	told := terminating[:min(len(terminating), mostNamespaces)]
	ch <- exporter.LeftOut(len(terminating) - len(told))
	for _, n := range told {
		ch <- terminatingNamespacesDeleted.Sample(unix(n.Deletion), n.Name, string(n.Hold))
	}
	return nil
}
