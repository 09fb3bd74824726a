package main

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/prometheus/prometheus/storage"
)

// mutated are the changed expressions of a rule, without those that are proven equivalent.
func mutated(t *testing.T, expr string, metrics ...string) []string {
	t.Helper()
	p := parser.NewParser(parser.Options{})
	r := &rule{name: "Alert", alert: true, expr: expr}
	if err := r.parse(p); err != nil {
		t.Fatal(err)
	}
	made, err := exprMutants(p, r, &editor{metrics: metrics, owner: r, writers: func([]*labels.Matcher) []*rule { return nil }})
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, m := range made {
		if m.proof == "" {
			all = append(all, m.rule.expr)
		}
	}
	return all
}

func TestEdits(t *testing.T) {
	t.Parallel()
	for expr, want := range map[string][]string{
		`a > 3`:    {`a >= 3`, `a < 3`, `a > 6`, `a > 1.5`, `a > 4`, `a > 2`},
		`a == 0`:   {`a != 0`, `a == 1`, `a == -1`},
		`a > 5000`: {`a >= 5000`, `a < 5000`, `a > 10000`, `a > 2500`},
		`a unless on (c, n) b`: {
			`a and on (c, n) b`, `(a)`, `a unless on (n) b`, `a unless on (c) b`,
		},
		`a or b`:            {`a and b`, `(a)`, `(b)`},
		`max by (c, n) (a)`: {`min by (c, n) (a)`, `max by (n) (a)`, `max by (c) (a)`},
		`a{x="1", y!~"2"}`:  {`a{y!~"2"}`, `a{x!="1",y!~"2"}`, `a{x="1"}`, `a{x="1",y=~"2"}`},
		`rate(a[5m])`:       {`increase(a[5m])`, `rate(a[10m])`, `rate(a[2m30s])`},
		`a * on (c) group_left (z) b`: {
			`a / on (c) group_left (z) b`, `a * on () group_left (z) b`, `a * on (c) group_left () b`,
		},
		`count by (c) (a) > 0`: {
			`count by (c) (a) < 0`, `group by (c) (a) > 0`, `count(a) > 0`, `count by (c) (a) > 1`,
		},
	} {
		t.Run(expr, func(t *testing.T) {
			got := mutated(t, expr)
			slices.Sort(got)
			slices.Sort(want)
			if !slices.Equal(got, want) {
				t.Errorf("got %q\nwant %q", got, want)
			}
		})
	}
	for expr, equivalent := range map[string]string{
		`max by (c, x) (a{x="1"}) < max by (c, x) (b{x="1"})`:                                                         `max by (c, x) (a) < max by (c, x) (b{x="1"})`,
		`max by (c, x) (a{x="1"}) - on (c, x) clamp(2 * (max by (c, x) (b{x="1"}) - max by (c, x) (d{x="1"})), 0, 9)`: `max by (c, x) (a{x="1"}) - on (c, x) clamp(2 * (max by (c, x) (b) - max by (c, x) (d{x="1"})), 0, 9)`,
		`time() - max by (c, x) (a{x="1"}) < max by (c, x) (b{x="1"})`:                                                `time() - max by (c, x) (a) < max by (c, x) (b{x="1"})`,
		`max by (c, n) (count by (c, n) (a))`:                                                                         `min by (c, n) (count by (c, n) (a))`,
		`max by (c) (count by (c, n) (a{n="1"}))`:                                                                     `min by (c) (count by (c, n) (a{n="1"}))`,
		`sum by (c, n) (label_replace(count by (c, p) (a), "n", "$1", "p", "(.+)"))`:                                  `max by (c, n) (label_replace(count by (c, p) (a), "n", "$1", "p", "(.+)"))`,
		`a{x="1"} and on (c, x) max by (c, x) (b{x="1"})`:                                                             `a{x="1"} and on (c) max by (c, x) (b{x="1"})`,
		`a{x=~"1|2"} and on (c, x) b{x="1"}`:                                                                          `a and on (c, x) b{x="1"}`,
		`min_over_time(a:b[1s]) > 3`:                                                                                  `max_over_time(a:b[1s]) > 3`,
		`max_over_time(a:b[2s]) > 3`:                                                                                  `max_over_time(a:b[4s]) > 3`,
		`a{x=~"(1|2)"} and on (c, x) label_replace(ALERTS{alertname=~"(1|2)"}, "x", "$1", "alertname", "(.+)")`:       `a{x=~"(1|2)"} and on (c, x) label_replace(ALERTS, "x", "$1", "alertname", "(.+)")`,
		`a{x=~"1|2"} and on (c, x) label_replace(ALERTS{alertname="1"}, "x", "$1", "alertname", "(.+)")`:              `a and on (c, x) label_replace(ALERTS{alertname="1"}, "x", "$1", "alertname", "(.+)")`,
		`sum by (c) (rate(a[5m])) > bool 0`:                                                                           `sum by (c) (increase(a[5m])) > bool 0`,
		`count(max by (c) (sum by (c, n) (rate(a[5m]))) > 0)`:                                                         `count(max by (c) (max by (c, n) (rate(a[5m]))) > 0)`,
		`b unless on (c) sum by (c) (increase(a[5m])) > 0`:                                                            `b unless on (c) max by (c) (increase(a[5m])) > 0`,
		`sum by (c) (rate(a[5m])) >= bool 0`:                                                                          `sum by (c) (rate(a[5m])) >= bool -1`,
		`a{x="1"} unless ignoring (n) min_over_time(b{x="1"}[5m]) > 3`:                                                `a{x="1"} unless ignoring (n) min_over_time(b[5m]) > 3`,
		`a{x="1"} and max by (x) (b{x="1"})`:                                                                          `a and max by (x) (b{x="1"})`,
		`(a{x="1"} > 1) and on (x) count by (x) (max_over_time(b{x="1"}[5m:1m]))`:                                     `(a > 1) and on (x) count by (x) (max_over_time(b{x="1"}[5m:1m]))`,
		`a unless on (n) max by (n) (b)`:                                                                              `a unless on (n) min by (n) (b)`,
		`a and on (n) (c - max by (n) (b))`:                                                                           `a and on (n) (c - min by (n) (b))`,
		`a and on (n) (b - c)`:                                                                                        `a and on (n) (b + c)`,
		`a and on (n) (b * 3 or c)`:                                                                                   `a and on (n) (b * 4 or c)`,
		`a unless on (n) sum by (n) (rate(b[5m]))`:                                                                    `a unless on (n) sum by (n) (increase(b[5m]))`,
		`sum by (c) (max by (c, n, x) (b{x="1"}) > 0)`:                                                                `sum by (c) (max by (c, n) (b{x="1"}) > 0)`,
		`0 * max by (n) (b) + 1`:                                                                                      `0 * min by (n) (b) + 1`,
		`max by (n) (b == 1 and c)`:                                                                                   `min by (n) (b == 1 and c)`,
		`a unless on (c) (max by (c, n) (b))`:                                                                         `a unless on (c) (max by (c) (b))`,
	} {
		if got := mutated(t, expr); slices.Contains(got, equivalent) {
			t.Errorf("%s is taken for another than %s", equivalent, expr)
		}
	}
	for expr, other := range map[string]string{
		`a{x="1"} unless ignoring (x) b{x="1"}`:                                          `a{x="1"} unless ignoring (x) b`,
		`a{x="1"} unless b{x="1"}`:                                                       `a unless b{x="1"}`,
		`a{x="1"} unless on (n) b{x="1"}`:                                                `a{x="1"} unless on (n) b`,
		`a{x="1"} and b{x="2"}`:                                                          `a{x="1"} and b`,
		`a unless on (n) max by (n) (b) > 1`:                                             `a unless on (n) min by (n) (b) > 1`,
		`max by (n) (b) unless on (n) a`:                                                 `min by (n) (b) unless on (n) a`,
		`a and on (n) (b - c > 1)`:                                                       `a and on (n) (b + c > 1)`,
		`a and on (n) topk(1, max by (n) (b))`:                                           `a and on (n) topk(1, min by (n) (b))`,
		`sum by (c) (max by (c, n, x) (b{x=~"1"}))`:                                      `sum by (c) (max by (c, n) (b{x=~"1"}))`,
		`sum by (c, x) (max by (c, x) (b{x="1"}))`:                                       `sum by (c, x) (max by (c) (b{x="1"}))`,
		`a{x="1"} and on (c, x) b{x="2"}`:                                                `a{x="1"} and on (c) b{x="2"}`,
		`a{x=~"1|2"} and on (c, x) b{x=~"1|2"}`:                                          `a{x=~"1|2"} and on (c) b{x=~"1|2"}`,
		`a{x="1"} and on (c, x) b{x=~"1|2"}`:                                             `a and on (c, x) b{x=~"1|2"}`,
		`min_over_time(a:b[1m1s]) > 3`:                                                   `max_over_time(a:b[1m1s]) > 3`,
		`max_over_time(a:b[1m1s]) > 3`:                                                   `max_over_time(a:b[30s500ms]) > 3`,
		`max_over_time(a_b[1s]) > 3`:                                                     `min_over_time(a_b[1s]) > 3`,
		`a{x="1"} and on (c, x) label_replace(b{alertname="1"}, "x", "$1", "y", "(.+)")`: `a and on (c, x) label_replace(b{alertname="1"}, "x", "$1", "y", "(.+)")`,
		`a{x="1"} < on (c) b{x="1"}`:                                                     `a < on (c) b{x="1"}`,
		`a{x="1"} < ignoring (x) b{x="1"}`:                                               `a < ignoring (x) b{x="1"}`,
		`a{x="1"} < b{x=~"1|2"}`:                                                         `a < b{x=~"1|2"}`,
		`a{x="1"} and on (c, x) (b * on (c) d{x="1"})`:                                   `a and on (c, x) (b * on (c) d{x="1"})`,
		`a{x="1"} > on (c, x) b{x="1"}`:                                                  `a{x="1"} > on (c) b{x="1"}`,
		`a{x="1"} * on (c, x) group_left () b{x="1"}`:                                    `a{x="1"} * on (c, x) group_left () b`,
		`a{x="1"} < b{x="1"}`:                                                            `a < b{x="1"}`,
		`sum_over_time(a:b[1s]) > 10`:                                                    `count_over_time(a:b[1s]) > 10`,
		`0 * (max by (c) (a) / on (c) max by (c) (b))`:                                   `0 * (max by (c) (a) * on (c) max by (c) (b))`,
		`max by (c) (count by (c, n) (a))`:                                               `min by (c) (count by (c, n) (a))`,
		`max by (c, n) (count by (c, n) (a) or b)`:                                       `min by (c, n) (count by (c, n) (a) or b)`,
		`sum by (c, n) (label_replace(count by (c, n, p) (a), "n", "$1", "p", "(.+)"))`:  `max by (c, n) (label_replace(count by (c, n, p) (a), "n", "$1", "p", "(.+)"))`,
		`sum by (c) (rate(a[5m])) > 0`:                                                   `sum by (c) (increase(a[5m])) > 0`,
		`sum by (c) (rate(a[5m])) > bool 0.5`:                                            `sum by (c) (increase(a[5m])) > bool 0.5`,
		`b unless on (c) sum by (c) (a) > 0`:                                             `b unless on (c) max by (c) (a) > 0`,
		`b unless on (c) sum by (c) (rate(a[5m])) > 0.5`:                                 `b unless on (c) max by (c) (rate(a[5m])) > 0.5`,
		`sum by (c) (a) >= bool 0`:                                                       `sum by (c) (a) >= bool -1`,
		`1 * max by (n) (b) + 1`:                                                         `1 * min by (n) (b) + 1`,
		`max by (n) (b > 1)`:                                                             `min by (n) (b > 1)`,
		`sum by (n) (b == 2)`:                                                            `max by (n) (b == 2)`,
		`a unless on (c, n) max by (c, n) (b)`:                                           `a unless on (c, n) max by (c) (b)`,
		`a unless on (c) (max by (c, n) (b) > 1)`:                                        `a unless on (c) (max by (c) (b) > 1)`,
		`a{x="1"} unless on (x) (c > count(b{x="1"}))`:                                   `a{x="1"} unless on (x) (c > count(b))`,
		`a{x="1"} unless on (x) absent(b{x="1"})`:                                        `a{x="1"} unless on (x) absent(b)`,
		`a{x="1"} and on (x) (b{x="1"} or c{y="1",x="1"})`:                               `a{x="1"} and on (x) (b or c{x="1",y="1"})`,
	} {
		if got := mutated(t, expr); !slices.Contains(got, other) {
			t.Errorf("%s is taken for the same as %s: %q", other, expr, got)
		}
	}
	if got := mutated(t, `a{x="1"}`, "a", "b"); !slices.Contains(got, `b{x="1"}`) {
		t.Errorf("no metric is swapped: %q", got)
	}
}

// TestProofs verifies what is taken for equivalent of rules that read one another.
func TestProofs(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "rules.yaml")
	text := `groups:
- name: g
  rules:
  - {record: "job:ill", expr: "up == 0", labels: {alert: A, signal: s}}
  - {record: "job:ill", expr: "up == 2", labels: {alert: B, signal: s}}
  - {alert: A, expr: 'max without (alert, signal) (job:ill{alert="A"} unless b)', labels: {signal: s}}
  - {alert: B, expr: 'max without (alert, signal) (job:ill{alert=~"A|B"})', labels: {signal: s}}
  - {record: "job:ill:count", expr: 'count without (node) (job:ill{alert=~"A|B"})', labels: {signal: s}}
  - {record: "job:ill:count", expr: 'count without (node) (job:ill{alert=~"C|D"})', labels: {signal: other}}
  - {alert: A, expr: 'max without (alert, signal) (job:ill:count{alert="A"} and d)', labels: {signal: s}}
  - {record: "job:slow", expr: "max by (job, node) (latency) > 1", labels: {side: in}}
  - {record: "job:slow", expr: "max by (job, peer) (latency) > 1", labels: {side: out}}
  - {alert: C, expr: "max by (job, node, peer, side) (job:slow)"}
  - {alert: C, expr: "max by (job, node, peer) (job:slow)"}
  - {alert: C, expr: 'max by (job, node) (job:slow{side="in"})'}
  - {alert: C, expr: 'max by (job, node) (job:slow{side="out"})'}
`
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	p := parser.NewParser(parser.Options{})
	all, err := loadRules(p, []string{path})
	if err != nil {
		t.Fatal(err)
	}
	made, err := mutantsOf(p, newGraph(all))
	if err != nil {
		t.Fatal(err)
	}
	var proven []string
	for _, m := range made {
		if m.state == equivalent {
			proven = append(proven, m.original.title()+" "+m.change())
		}
	}
	// What B reads differs in the label alert.
	want := []string{`A max -> min`, `A without signal -> dropped`, `B without signal -> dropped`, `job:ill:count signal -> dropped`, `A max -> min`, `A without signal -> dropped`, `C max -> min`, `C max -> min`}
	if !slices.Equal(proven, want) {
		t.Errorf("got %q\nwant %q", proven, want)
	}
}

func TestListed(t *testing.T) {
	t.Parallel()
	_, made := tried(t, "testdata/tests.yaml")
	var live, dead *mutant
	for _, m := range made {
		if m.state == alive {
			live = m
		}
		if m.state == killed {
			dead = m
		}
	}
	list := func(m *mutant) []entry {
		return []entry{{Reason: "so it is", Mutants: []pattern{{Rule: m.original.title(), Operator: m.operator, Change: m.change()}}}}
	}
	if wrong := (&listed{Equivalent: list(live)}).excuse(made); len(wrong) > 0 || live.state != equivalent {
		t.Errorf("of one that survives: %q", wrong)
	}
	if wrong := (&listed{Accepted: list(dead)}).excuse(made); len(wrong) != 1 || !strings.Contains(wrong[0], "killed by") {
		t.Errorf("of one that is killed: %q", wrong)
	}
	gone := []entry{{Reason: "so it was", Mutants: []pattern{{Rule: "NoSuch*", Operator: "number", Change: "*"}}}}
	if wrong := (&listed{Equivalent: gone}).excuse(made); len(wrong) != 1 || !strings.Contains(wrong[0], "no such mutant") {
		t.Errorf("of one that is gone: %q", wrong)
	}
}

// TestStoreRefuses verifies that samples are taken and refused as Prometheus does.
func TestStoreRefuses(t *testing.T) {
	t.Parallel()
	inputs := newTable()
	inputs.add(&series{labels.FromStrings("__name__", "given"), []point{{1000, 1}}, 0})
	s := newStore(inputs)
	written, given := labels.FromStrings("__name__", "written"), labels.FromStrings("__name__", "given")
	for _, c := range []struct {
		l    labels.Labels
		t    int64
		v    float64
		want error
	}{
		{written, 1000, 1, nil}, {written, 1000, 1, nil},
		{written, 1000, 2, storage.ErrDuplicateSampleForTimestamp},
		{written, 2000, 2, nil}, {written, 1000, 1, storage.ErrOutOfOrderSample},
		{given, 1000, 1, nil}, {given, 1000, 2, storage.ErrDuplicateSampleForTimestamp},
	} {
		if err := s.append(0, c.l, c.t, c.v); !errors.Is(err, c.want) {
			t.Errorf("%s %v at %d: %v, want %v", c.l, c.v, c.t, err, c.want)
		}
	}
}
