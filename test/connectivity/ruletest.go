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
		for n, e := range c.Topology.edges {
			r := c.State.Results[n]
			if r == Missing {
				continue
			}
			zone, other := c.Topology.zoneLabels(e)
			fmt.Fprintf(&b, "  - {series: 'kubevitals_connectivity_path{job=\"kubevitals-node\",cluster=\"a\",instance=%q,node=%q,zone=%q,direction=%q,peer=%q,other_zone=%q,result=%q}', values: '1x6'}\n",
				c.Topology.names[e.from]+"/"+directionName(e.direction)[:3], c.Topology.names[e.from], zone, directionName(e.direction), c.Topology.names[e.to], other, resultName(r))
		}
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
