package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/prometheus/common/model"
)

// most is how many series a derived test has: promtool reads no more than 10,000 samples
// for one query.
const most = 400

// missing makes of a test those in which each of its metrics is of another program alone,
// beside a cluster in which there is none: the same alerts fire in both.
func missing(t *ruleTest) []map[string]any {
	names := map[string]bool{}
	for _, l := range t.lines {
		names[l.labels.Get(model.MetricNameLabel)] = true
	}
	var all []map[string]any
	for some := range slices.Chunk(slices.Sorted(maps.Keys(names)), max(1, most/(2*len(t.lines)))) {
		var lines []line
		for n, metric := range some {
			for _, l := range t.lines {
				other := l.with(clusterLabel, fmt.Sprintf("other-%d", n))
				if l.labels.Get(model.MetricNameLabel) != metric {
					lines = append(lines, l.with(clusterLabel, fmt.Sprintf("none-%d", n)))
				} else {
					other = other.with(jobLabel, "of-others")
				}
				lines = append(lines, other)
			}
		}
		all = append(all, map[string]any{
			"name":     fmt.Sprintf("%s: %s of another program", t.Name, strings.Join(some, ", ")),
			"interval": t.Interval.String(), "input_series": writtenAll(lines), "promql_expr_test": t.alike(),
		})
	}
	return all
}

// alike are questions after alerts of one of the clusters that the other has not, at each
// time that the test looks at.
func (t *ruleTest) alike() []any {
	names, times := map[string]bool{}, map[span]bool{}
	for _, a := range t.Alerts {
		names[a.Name], times[a.At] = true, true
	}
	of := func(kind string) string {
		return fmt.Sprintf(`label_replace(ALERTS{alertname=~%q, alertstate="firing", cluster=~"%s-.+"}, "cluster", "$1", "cluster", "%s-(.+)")`,
			strings.Join(slices.Sorted(maps.Keys(names)), "|"), kind, kind)
	}
	expr := fmt.Sprintf("(%[1]s unless %[2]s) or (%[2]s unless %[1]s)", of("other"), of("none"))
	var all []any
	for _, at := range slices.Sorted(maps.Keys(times)) {
		all = append(all, map[string]any{"expr": expr, "eval_time": at.String()})
	}
	return all
}
