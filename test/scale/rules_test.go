package main

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/rulefmt"

	"github.com/kubevitals/kubevitals/exporter"
	"github.com/kubevitals/kubevitals/test/rulecost"
)

// TestDay verifies that rules find every agent under its own node and its paths to the
// others, a day back, and that what no rule reads is left out.
func TestDay(t *testing.T) {
	t.Parallel()
	groups := []rulefmt.RuleGroup{{Name: "g", Rules: []rulefmt.Rule{
		{Alert: "Cluster", Expr: `kubevitals_node_readiness_ready{job="kubevitals"} == 1`},
		{Alert: "Agents", Expr: `up{job="kubevitals-node"} offset 23h == 1`},
		{Alert: "Nodes", Expr: `count by (node) (kubevitals_conntrack_entries{job="kubevitals-node"})`},
		{Alert: "Paths", Expr: `sum by (node) (kubevitals_connectivity_good_paths{direction="node_to_node"}) == 8`},
		{Alert: "Others", Expr: `kubevitals_connectivity_good_paths{direction="pod_to_node"} and on (node, zone) kubevitals_connectivity_good_paths{other_zone!=""}`},
	}}}
	d := newDay(groups)
	agent, err := exporter.Parse(strings.NewReader("kubevitals_conntrack_entries{node=\"here\"} 5\nkubevitals_conntrack_limit{node=\"here\"} 9\n"))
	if err != nil {
		t.Fatal(err)
	}
	cluster, err := exporter.Parse(strings.NewReader("kubevitals_node_readiness_ready{node=\"a\"} 1\n"))
	if err != nil {
		t.Fatal(err)
	}
	const nodes = 24
	d.cluster(cluster)
	d.agents(agent, nodes)
	costs, err := rulecost.Measure(t.Context(), groups, d.history)
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []int{1, nodes, nodes, nodes, nodes} {
		if costs[i].Results != want {
			t.Errorf("%s: %d results, want %d", costs[i].Rule, costs[i].Results, want)
		}
	}
	// The cluster's two, and of each agent up, entries and 6 counts of paths; the numbers of
	// peers and agents are left out.
	if want := 2 + nodes*(1+1+6); d.series != want {
		t.Errorf("%d series, want %d", d.series, want)
	}
}

// TestWriteRules verifies the sums, and that more than is allowed fails.
func TestWriteRules(t *testing.T) {
	t.Parallel()
	costs := []rulecost.Cost{
		{Group: "kubevitals-a", Rule: "One", CPU: 100 * time.Millisecond, Samples: 10, Results: 1},
		{Group: "kubevitals-b", Rule: "Two", CPU: time.Second, Samples: 20},
		{Group: "kubevitals-b", Rule: "Three", CPU: 200 * time.Millisecond, Samples: 30},
	}
	groups := []rulefmt.RuleGroup{{Name: "kubevitals-a"}, {Name: "kubevitals-b", Interval: model.Duration(time.Minute)}}
	var out bytes.Buffer
	if err := writeRules(&out, settings{mostRules: 1400 * time.Millisecond}, groups, 7, costs); err != nil {
		t.Error(err)
	}
	for _, want := range []string{"a 30s 0.100 10 1", "b 1m 1.200 50 0", "all in a minute 1.400 70 1", "Two 1.000 20 0"} {
		if !strings.Contains(strings.Join(strings.Fields(out.String()), " "), want) {
			t.Errorf("missing %q in\n%s", want, &out)
		}
	}
	if err := writeRules(&out, settings{mostRules: 1399 * time.Millisecond}, groups, 7, costs); err == nil {
		t.Error("more than is allowed is not told")
	}
}
