package collectors

import (
	"context"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/kubevitals/kubevitals/exporter"
	"github.com/kubevitals/kubevitals/sources"
	"github.com/kubevitals/kubevitals/sources/events"
)

const eventsName = "events"

var (
	eventsTotal = exporter.NewCounter(eventsName, "total",
		"Warnings of this reason since kubevitals began to watch; a lower bound, because senders of events fold and drop them.",
		"reason", "kind")
	eventsRecent = exporter.NewGauge(eventsName, "recent",
		"Occurrences in the warnings that the API server still holds, by default those of the last hour; the node is empty unless a kubelet sent them or they are about a node.",
		"reason", "kind", "node")
	eventsLastSeen = exporter.NewGauge(eventsName, "last_seen_timestamp_seconds",
		"Unix time, in seconds, of the latest warning that the API server still holds.",
		"reason", "kind", "node")
)

// Events counts the warnings that the guide names, and what they are called
// today.
func Events() Definition {
	return Definition{
		Name:    eventsName,
		Help:    "Warning events of known reasons: evictions, failing sandboxes and volumes, out of memory, reboots, failing garbage collection, update conflicts.",
		Scope:   Cluster,
		Default: true,
		Metrics: []*exporter.Desc{eventsTotal, eventsRecent, eventsLastSeen},
		Reads:   []sources.Read{sources.Events},
		New: func(s *sources.Sources) (exporter.Collector, error) {
			return eventsCollector{s.Events()}, nil
		},
	}
}

type eventsCollector struct {
	log *events.Log
}

// Collect fails while the events cannot be seen.
func (c eventsCollector) Collect(_ context.Context, ch chan<- prometheus.Metric) error {
	totals, err := c.log.Totals()
	if err != nil {
		return err
	}
	places, err := c.log.Places()
	if err != nil {
		return err
	}
	for kind, total := range totals {
		ch <- eventsTotal.Sample(float64(total), kind.Reason, kind.Object)
	}
	for place, o := range places {
		ch <- eventsRecent.Sample(float64(o.Count), place.Reason, place.Object, place.Node)
		ch <- eventsLastSeen.Sample(unix(o.Last), place.Reason, place.Object, place.Node)
	}
	return nil
}
