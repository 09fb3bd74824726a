package main

import (
	"fmt"
	"strings"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/rulefmt"

	"github.com/kubevitals/kubevitals/exporter"
	"github.com/kubevitals/kubevitals/test/rulecost"
)

// peersOfAgent is how many other nodes an agent probes if no flag says otherwise.
const peersOfAgent = 8

// day is a history of what Prometheus scraped.
type day struct {
	history *rulecost.History
	// rules is the text of all expressions: metrics that are not in it are left out.
	rules  string
	series int
}

func newDay(groups []rulefmt.RuleGroup) *day {
	d := &day{history: rulecost.NewHistory(time.Now(), remembered, scrapeInterval)}
	var text strings.Builder
	for _, group := range groups {
		for _, rule := range group.Rules {
			text.WriteString(rule.Expr)
			text.WriteString("\n")
		}
	}
	d.rules = text.String()
	return d
}

// add adds a series of a target, if a rule reads it. Counters and times grow, though
// slowly.
func (d *day) add(job, instance, name string, value float64, pairs ...string) {
	if !strings.Contains(d.rules, name) {
		return
	}
	b := labels.NewBuilder(labels.FromStrings(pairs...))
	b.Set(model.MetricNameLabel, name).Set("job", job).Set("instance", instance)
	perSecond := 0.0
	switch {
	case strings.HasSuffix(name, "_timestamp_seconds"):
		perSecond = 1
	case strings.HasSuffix(name, "_total"):
		perSecond = 0.001
	}
	d.series++
	d.history.Add(b.Labels(), value, perSecond)
}

// scraped adds all series of a target, and that it is up. The node of a series is
// replaced, if there is another.
func (d *day) scraped(job, instance string, families exporter.Families, node string) {
	d.add(job, instance, "up", 1)
	for _, f := range families {
		f.Each(func(values []string, value float64) {
			var pairs []string
			for i, name := range f.Desc.Labels {
				if values[i] == "" {
					continue
				}
				pairs = append(pairs, name, values[i])
				if name == "node" && node != "" {
					pairs[len(pairs)-1] = node
				}
			}
			d.add(job, instance, f.Desc.Name, value, pairs...)
		})
	}
}

func (d *day) cluster(families exporter.Families) {
	d.scraped("kubevitals", "10.0.0.1:9899", families, "")
}

// agents adds what an agent on each node says, and what it finds of the network, which
// an agent alone has nothing to say of.
func (d *day) agents(families exporter.Families, nodes int) {
	for i := range nodes {
		node, instance := nodeName(i), fmt.Sprintf("10.%d.%d.%d:9898", 1+i>>16, i>>8&255, i&255)
		d.scraped("kubevitals-node", instance, families, node)
		for _, from := range []string{"node", "pod"} {
			for _, network := range []string{"node", "pod"} {
				d.add("kubevitals-node", instance, "kubevitals_connectivity_agents", float64(nodes), "from", from, "network", network, "node", node)
				d.paths(instance, i, from+"_to_"+network)
			}
		}
	}
}

// paths adds those from a node in one direction, on all of which all is well. The nodes
// are in three zones.
func (d *day) paths(instance string, from int, direction string) {
	node, zone := nodeName(from), fmt.Sprintf("zone-%d", from%3)
	d.add("kubevitals-node", instance, "kubevitals_connectivity_peers", peersOfAgent, "direction", direction, "node", node)
	good := func(n float64, pairs ...string) {
		d.add("kubevitals-node", instance, "kubevitals_connectivity_good_paths", n, append(pairs, "direction", direction, "node", node, "zone", zone)...)
	}
	if direction != "node_to_node" {
		good(peersOfAgent)
		return
	}
	good(2)
	for other := 1; other < 3; other++ {
		good(3, "other_zone", fmt.Sprintf("zone-%d", (from+other)%3))
	}
}
