package main

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
	"strings"

	"sigs.k8s.io/yaml"
)

// OwnRules are the rules of connectivity out of those of all signals: promtool
// evaluates all that it is given.
func OwnRules(all []byte) ([]byte, error) {
	own := groupsInOrder()
	var file struct {
		Groups []map[string]any `json:"groups"`
	}
	if err := yaml.Unmarshal(all, &file); err != nil {
		return nil, fmt.Errorf("rules: %w", err)
	}
	file.Groups = slices.DeleteFunc(file.Groups, func(g map[string]any) bool { return !slices.Contains(own, fmt.Sprint(g["name"])) })
	if len(file.Groups) != len(own) {
		return nil, fmt.Errorf("%d groups of rules are those of connectivity, want %q", len(file.Groups), own)
	}
	return yaml.Marshal(file)
}

// groupsInOrder are the groups of connectivity: what is recorded, and the alerts that
// read it.
func groupsInOrder() []string {
	return []string{"kubevitals-connectivity.rules", "kubevitals-connectivity"}
}

// RuleTest is the text of a file for promtool, which holds the rules in a file to
// what Judge says of the cases.
func RuleTest(rules string, cases []Case) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "rule_files: [%q]\nevaluation_interval: 1m\ngroup_eval_order: [%s]\ntests:\n", rules, strings.Join(groupsInOrder(), ", "))
	for i, c := range cases {
		fmt.Fprintf(&b, "- name: %q\n  interval: 1m\n  input_series:\n", fmt.Sprintf("case %d: %s", i, c.Name))
		c.writeSeries(&b)
		for _, node := range slices.Sorted(maps.Keys(c.State.Down)) {
			fmt.Fprintf(&b, "  - {series: 'kubevitals_node_readiness_not_ready{job=\"kubevitals\",cluster=\"a\",instance=\"x\",node=%q,cause=\"unreachable\"}', values: '1x6'}\n", c.Topology.names[node])
		}
		b.WriteString("  promql_expr_test:\n  - expr: 'max by (alertname, node, peer, direction, side, zone, network, fault) (ALERTS{signal=\"connectivity\", alertstate=\"firing\"})'\n" +
			"    eval_time: 6m\n    exp_samples:\n")
		alerts := slices.Sorted(maps.Keys(Judge(c.Topology, c.State)))
		if len(alerts) == 0 {
			b.Truncate(b.Len() - 1)
			b.WriteString(" []\n")
		}
		for _, a := range alerts {
			fields := strings.Fields(a)
			fmt.Fprintf(&b, "    - {labels: '{alertname=%q,%s}', value: 1}\n", fields[0], strings.Join(fields[1:], ","))
		}
	}
	return b.Bytes()
}

// writeSeries writes what agents tell of a case: the paths that are not good, how many
// are, and how many each should have.
func (c Case) writeSeries(b *bytes.Buffer) {
	write := func(value int, name, agent, labels string, args ...any) {
		fmt.Fprintf(b, "  - {series: 'kubevitals_connectivity_%s{job=\"kubevitals-node\",cluster=\"a\",instance=%q,%s}', values: '%dx6'}\n",
			name, agent, fmt.Sprintf(labels, args...), value)
	}
	type group struct{ agent, node, zone, direction, other string }
	good, peers := map[group]int{}, map[group]int{}
	for n, e := range c.Topology.edges {
		r := c.State.Results[n]
		if r == Missing {
			continue
		}
		zone, other := c.Topology.zoneLabels(e)
		node, direction := c.Topology.names[e.from], directionName(e.direction)
		g := group{node + "/" + direction[:3], node, zone, direction, ""}
		peers[group{agent: g.agent, node: node, direction: direction}]++
		if e.direction == nodeToNode {
			g.other = other
		}
		if r == OK {
			good[g]++
			continue
		}
		good[g] += 0
		write(1, "path", g.agent, "node=%q,zone=%q,direction=%q,peer=%q,other_zone=%q,result=%q", node, zone, direction, c.Topology.names[e.to], other, resultName(r))
	}
	byText := func(a, b group) int { return strings.Compare(fmt.Sprint(a), fmt.Sprint(b)) }
	for _, g := range slices.SortedFunc(maps.Keys(good), byText) {
		write(good[g], "good_paths", g.agent, "node=%q,zone=%q,direction=%q,other_zone=%q", g.node, g.zone, g.direction, g.other)
	}
	for _, g := range slices.SortedFunc(maps.Keys(peers), byText) {
		write(peers[g], "peers", g.agent, "node=%q,direction=%q", g.node, g.direction)
		if g.direction == directionName(nodeToNode) {
			write(len(c.Topology.names), "agents", g.agent, "node=%q,from=\"node\",network=\"node\"", g.node)
		}
	}
}

// zoneLabels are what an agent says of the zones at both ends.
func (t *Topology) zoneLabels(e edge) (zone, other string) {
	if t.zones[e.from] < 0 {
		return "", ""
	}
	if t.zones[e.from] != t.zones[e.to] {
		other = zoneName(t.zones[e.to])
	}
	return zoneName(t.zones[e.from]), other
}

func resultName(r Result) string {
	return []string{"ok", "refused", "timeout", "large_failed"}[r]
}
