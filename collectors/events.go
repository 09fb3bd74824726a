package collectors

import (
	"context"

	"github.com/prometheus/client_golang/prometheus"
	corev1 "k8s.io/api/core/v1"

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
		"Occurrences in the warnings that the API server still holds, by default those of the last hour; the node is empty unless a kubelet sent them or they are about a node, and for nodes that do not exist.",
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
		Reads:   []sources.Read{sources.Events, sources.Nodes},
		New: func(s *sources.Sources) (exporter.Collector, error) {
			return eventsCollector{s.Events(), s.Nodes().List}, nil
		},
	}
}

type eventsCollector struct {
	log   *events.Log
	nodes func() ([]*corev1.Node, error)
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
	ch <- exporter.LeftOut(c.log.LeftOut())
	for place, o := range c.known(places, ch) {
		ch <- eventsRecent.Sample(float64(o.Count), place.Reason, place.Object, place.Node)
		ch <- eventsLastSeen.Sample(unix(o.Last), place.Reason, place.Object, place.Node)
	}
	return nil
}

// known puts what happened at nodes that do not exist into one place for each kind:
// whoever may create events may give any name.
func (c eventsCollector) known(places map[events.Place]events.Occurrence, ch chan<- prometheus.Metric) map[events.Place]events.Occurrence {
	exist := namesOf(c.nodes())
	known, strange := make(map[events.Place]events.Occurrence, len(places)), 0
	for place, o := range places {
		if exist.strange(place.Node) {
			place.Node = ""
			strange++
		}
		sum := known[place]
		sum.Count += o.Count
		if o.Last.After(sum.Last) {
			sum.Last = o.Last
		}
		known[place] = sum
	}
	ch <- exporter.LeftOut(strange)
	return known
}
