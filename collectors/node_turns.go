package collectors

import (
	"cmp"
	"slices"

	"github.com/prometheus/client_golang/prometheus"
	corev1 "k8s.io/api/core/v1"

	"github.com/kubevitals/kubevitals/exporter"
	"github.com/kubevitals/kubevitals/sources/events"
)

var (
	degradedTurns = exporter.NewGauge(nodeDegradedName, "recent_turns",
		"Times that the node became not ready, in the events that the API server still holds of it, which may count those of longer than an hour; a lower bound; absent if there are none, and told of 100 nodes with the most.",
		"node")
	degradedTurnsNodes = exporter.NewGauge(nodeDegradedName, "recent_turns_nodes",
		"Number of nodes of which the API server holds events that they became not ready, or none.", "recent_turns")
	degradedFirstTurn = exporter.NewGauge(nodeDegradedName, "first_turn_timestamp_seconds",
		"Unix time, in seconds, of the first of these times.", "node")
	degradedLastTurn = exporter.NewGauge(nodeDegradedName, "last_turn_timestamp_seconds",
		"Unix time, in seconds, of the latest of these times.", "node")
)

// mostTurning bounds the nodes whose turns are told of: when a zone is lost all nodes in it
// turn, and other alerts tell.
const mostTurning = 100

// sendTurns tells how often nodes that exist became not ready, by events: what a scrape sees
// of a node that is ready and not ready in turns is one moment, and a dump has no other.
func sendTurns(ch chan<- prometheus.Metric, nodes []*corev1.Node, places map[events.Place]events.Occurrence) {
	tally := exporter.NewTally(degradedTurns, "none", "some")
	var turned []events.Place
	for _, node := range nodes {
		place := events.Place{Kind: events.Kind{Reason: "NodeNotReady", Object: "Node"}, Node: node.Name}
		if places[place].Count == 0 {
			tally.Count("none")
			continue
		}
		tally.Count("some")
		turned = append(turned, place)
	}
	slices.SortFunc(turned, func(a, b events.Place) int {
		return cmp.Or(cmp.Compare(places[b].Count, places[a].Count), cmp.Compare(a.Node, b.Node))
	})
	told := turned[:min(len(turned), mostTurning)]
	for _, place := range told {
		o := places[place]
		ch <- degradedTurns.Sample(float64(o.Count), place.Node)
		ch <- degradedFirstTurn.Sample(unix(o.First), place.Node)
		ch <- degradedLastTurn.Sample(unix(o.Last), place.Node)
	}
	ch <- exporter.LeftOut(len(turned) - len(told))
	tally.Send(ch, degradedTurnsNodes)
}
