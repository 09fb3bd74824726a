package rulecost_test

import (
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/rulefmt"
	"github.com/prometheus/prometheus/promql/parser"

	"github.com/kubevitals/kubevitals/test/rulecost"
)

func parse(t *testing.T, file string) []rulefmt.RuleGroup {
	t.Helper()
	groups, errs := rulefmt.Parse([]byte(file), false, model.UTF8Validation, parser.NewParser(parser.Options{}), slog.New(slog.DiscardHandler))
	if len(errs) > 0 {
		t.Fatal(errs)
	}
	return groups.Groups
}

// history is a day of two nodes, of which each has a gauge and a counter.
func history(t *testing.T) *rulecost.History {
	t.Helper()
	h := rulecost.NewHistory(time.Unix(1_800_000_000, 0), 24*time.Hour, 30*time.Second)
	for _, node := range []string{"a", "b"} {
		for name, perSecond := range map[string]float64{"free": 0, "errors_total": 0.5} {
			h.Add(labels.FromStrings(model.MetricNameLabel, name, "node", node), 100_000, perSecond)
		}
	}
	return h
}

// TestMeasure verifies that rules find the samples of a day that there are, and what the
// rules before them recorded.
func TestMeasure(t *testing.T) {
	t.Parallel()
	costs, err := rulecost.Measure(t.Context(), parse(t, `
groups:
- name: first
  rules:
  - {record: "all:free", expr: "sum(free)"}
- name: second
  rules:
  - {alert: Recorded, expr: "all:free == 200000 and count_over_time(all:free[1h]) == 120"}
  - {alert: Now, expr: 'free{node="a"} == 100000'}
  - {alert: Rate, expr: "abs(rate(errors_total[1h]) - 0.5) < 1e-9"}
  - {alert: Then, expr: "abs(errors_total offset 10h - 82000) < 1e-9"}
  - {alert: Day, expr: "count_over_time(free[1d]) == 2880"}
  - {alert: Sub, expr: "count_over_time(free[6h:5m]) == 72"}
  - {alert: Silent, expr: "free > 100000 or other"}
`), history(t))
	if err != nil {
		t.Fatal(err)
	}
	want := map[string][2]int64{ // samples read, results
		"all:free": {2, 1}, "Recorded": {121, 1}, "Now": {1, 1}, "Rate": {240, 2}, "Then": {2, 2},
		"Day": {5760, 2}, "Sub": {144, 2}, "Silent": {2, 0},
	}
	if len(costs) != len(want) {
		t.Fatalf("%d rules measured", len(costs))
	}
	for _, c := range costs {
		if got := [2]int64{c.Samples, int64(c.Results)}; got != want[c.Rule] {
			t.Errorf("%s: samples and results %v, want %v", c.Rule, got, want[c.Rule])
		}
		if group := map[bool]string{true: "first", false: "second"}[c.Rule == "all:free"]; c.Group != group || c.CPU <= 0 {
			t.Errorf("%s is of group %s and took %s", c.Rule, c.Group, c.CPU)
		}
	}
}

// TestMeasureError verifies that the error names the rule.
func TestMeasureError(t *testing.T) {
	t.Parallel()
	_, err := rulecost.Measure(t.Context(), parse(t, `
groups:
- name: g
  rules:
  - {alert: Many, expr: "free * on () errors_total"}
`), history(t))
	if err == nil || !strings.Contains(err.Error(), "rule Many: ") {
		t.Errorf("error %v", err)
	}
}
