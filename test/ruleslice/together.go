package main

import (
	"fmt"
	"maps"

	"github.com/prometheus/prometheus/model/labels"
)

// together makes one test of several: the series of each are a cluster of its own, and in
// each cluster fires what its test says, whatever ails the others. Clusters that are ill in
// the same way, as beside makes them, would not notice that something is counted or joined
// across them.
func together(tests []*ruleTest) []map[string]any {
	var all []map[string]any
	for len(tests) > 0 {
		n, series := 1, len(tests[0].lines)
		for n < len(tests) && tests[n].Interval == tests[0].Interval && series+len(tests[n].lines) <= most {
			series += len(tests[n].lines)
			n++
		}
		if n > 1 {
			all = append(all, oneOf(tests[:n]))
		}
		tests = tests[n:]
	}
	return all
}

// oneOf is the test of some that are side by side.
func oneOf(tests []*ruleTest) map[string]any {
	var lines []line
	var asked []any
	for n, t := range tests {
		cluster := fmt.Sprintf("%s-%02d", otherCluster, n)
		for _, l := range t.lines {
			lines = append(lines, l.with(clusterLabel, cluster))
		}
		for _, a := range t.Alerts {
			asked = append(asked, a.in(cluster))
		}
	}
	return map[string]any{
		"name":     fmt.Sprintf("%s: and %d more tests, each in its cluster", tests[0].Name, len(tests)-1),
		"interval": tests[0].Interval.String(), "input_series": writtenAll(lines), "promql_expr_test": asked,
	}
}

// in asks which alerts of a name fire in a cluster.
func (a alertTest) in(cluster string) any {
	var samples []any
	for _, e := range a.Expected {
		of := maps.Clone(e.Labels)
		of[clusterLabel], of["alertname"], of["alertstate"], of["__name__"] = cluster, a.Name, "firing", "ALERTS"
		samples = append(samples, map[string]any{"labels": labels.FromMap(of).String(), "value": 1})
	}
	return map[string]any{
		"expr":      fmt.Sprintf(`ALERTS{alertname=%q, alertstate="firing", cluster=%q}`, a.Name, cluster),
		"eval_time": a.At.String(), "exp_samples": samples,
	}
}
