package ruleeval_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/kubevitals/kubevitals/exporter"
	"github.com/kubevitals/kubevitals/internal/diagnosis/ruleeval"
)

const ruleFile = `
groups:
  - name: g
    rules:
      - record: up_ratio:a
        expr: avg by (cluster) (a_up{job="j"})
      - alert: Down
        expr: max by (cluster, node) (a_up{job="j"}) == 0 unless on (cluster) quiet{job="j"} == 1
        for: 5m
        labels: {severity: critical, signal: a}
        annotations: {summary: "Down.", description: "{{ $labels.node }} of {{ $labels.cluster }} is at {{ $value }}.", runbook_url: "https://x/?node={{ urlquery $labels.node }}"}
      - alert: Half
        expr: up_ratio:a < 0.6
        labels: {severity: info, signal: a}
      - alert: Failing
        expr: rate(failures_total{job="j"}[5m]) > 0.9
        labels: {severity: warning, signal: b}
      - alert: ManyFailures
        expr: increase(failures_total{job="j"}[1h]) > 100
        labels: {severity: warning, signal: b}
      - alert: Old
        expr: time() - at_timestamp_seconds{job="j"} > 50
        labels: {severity: warning, signal: c}
`

func families(t *testing.T, text string) exporter.Families {
	t.Helper()
	families, err := exporter.Parse(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	return families
}

func evaluate(t *testing.T, scrapes ...string) *ruleeval.Evaluation {
	t.Helper()
	rules, err := ruleeval.Parse([]byte(ruleFile))
	if err != nil {
		t.Fatal(err)
	}
	s := ruleeval.NewSamples(map[string]string{"job": "j", "cluster": "lab"})
	for i, text := range scrapes {
		s.Add(families(t, text), time.Unix(1000+30*int64(i), 0))
	}
	evaluation, err := rules.Evaluate(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	return evaluation
}

func names(r *ruleeval.Evaluation) []string {
	var list []string
	for _, f := range r.Findings {
		list = append(list, f.Alert)
	}
	return list
}

func TestFindings(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name    string
		scrapes []string
		want    []string
	}{
		{"well", []string{"a_up{node=\"n\"} 1\n"}, nil},
		{"down, and what is recorded of it", []string{"a_up{node=\"n\"} 0\n"}, []string{"Down", "Half"}},
		{"down and kept quiet", []string{"a_up{node=\"n\"} 0\nquiet 1\n"}, []string{"Half"}},
		{"as of the last scrape", []string{"a_up{node=\"n\"} 0\n", "a_up{node=\"n\"} 1\n"}, nil},
		{"a rate from two scrapes 30 s apart", []string{"failures_total 0\n", "failures_total 30\n"}, []string{"Failing"}},
		{"a lower rate", []string{"failures_total 0\n", "failures_total 25\n"}, nil},
		{"no rate from one scrape", []string{"failures_total 30\n"}, nil},
		{"time of the scrape and not of the clock", []string{"at_timestamp_seconds 951\n"}, nil},
		{"vanished before the last scrape", []string{"a_up{node=\"n\"} 0\n", "other 1\n"}, nil},
		{"vanished and came back", []string{"a_up{node=\"n\"} 0\n", "other 1\n", "a_up{node=\"n\"} 0\n"}, []string{"Down", "Half"}},
		{"no longer kept quiet by what vanished", []string{"a_up{node=\"n\"} 0\nquiet 1\n", "a_up{node=\"n\"} 0\n"}, []string{"Down", "Half"}},
		{"the rate that it had, as in Prometheus", []string{"failures_total 0\n", "failures_total 100\n", "other 1\n"}, []string{"Failing", "ManyFailures"}},
		{"old at the second scrape", []string{"at_timestamp_seconds 951\n", "at_timestamp_seconds 951\n"}, []string{"Old"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			if got := names(evaluate(t, test.scrapes...)); !slices.Equal(got, test.want) {
				t.Errorf("found %v, want %v", got, test.want)
			}
		})
	}
}

func TestFindingIsComplete(t *testing.T) {
	t.Parallel()
	evaluation := evaluate(t, "a_up{node=\"n 1\"} 0\na_up{node=\"m\"} 1\nquiet 0\n")
	if len(evaluation.Findings) != 2 || evaluation.Evaluated != 5 {
		t.Fatalf("%d findings of %d alerts", len(evaluation.Findings), evaluation.Evaluated)
	}
	f := evaluation.Findings[0]
	if f.Description != "n 1 of lab is at 0." || f.RunbookURL != "https://x/?node=n+1" || f.For != "5m" || f.Severity != "critical" || f.Signal != "a" {
		t.Errorf("%+v", f)
	}
	// What only keeps the alert quiet, and what is of another node, is no evidence.
	if want := []ruleeval.Evidence{{Series: `a_up{node="n 1"}`, Value: 0, Metric: "a_up"}}; !slices.Equal(f.Evidence, want) {
		t.Errorf("evidence %v, want %v", f.Evidence, want)
	}
	if want := []string{"Failing", "ManyFailures"}; !slices.Equal(evaluation.InsufficientHistory, want) {
		t.Errorf("in need of a second sample or a longer memory: %v, want %v", evaluation.InsufficientHistory, want)
	}
}

// TestRatesNeedTwoSamples verifies that of one sample a rate is not known, and of two it is.
func TestRatesNeedTwoSamples(t *testing.T) {
	t.Parallel()
	if got, want := evaluate(t, "failures_total 30\n", "failures_total 30\n").InsufficientHistory, []string{"ManyFailures"}; !slices.Equal(got, want) {
		t.Errorf("in need of a longer memory: %v, want %v", got, want)
	}
}

// TestProject asks what will hold if all stays as it is: what has lasted for long is
// no news, and what beats goes on beating.
func TestProject(t *testing.T) {
	t.Parallel()
	rules, err := ruleeval.Parse([]byte(`
groups:
  - name: g
    rules:
      - alert: Waits
        expr: time() - min by (cluster, node) (oldest_timestamp_seconds{job="j"}) > 300
        labels: {severity: warning, signal: a}
        annotations: {description: "{{ $labels.node }} waits since {{ $value }} s"}
      - alert: Silent
        expr: time() - max by (cluster, node) (beat_timestamp_seconds{job="j"}) > 40
        labels: {severity: critical, signal: b}
      - alert: Marked
        expr: |
          max by (cluster, node) (ready{job="j"}) == 0
          and on (cluster, node)
          time() - max by (cluster, node) (oldest_timestamp_seconds{job="j"}) > 300
        labels: {severity: critical, signal: b}
`))
	if err != nil {
		t.Fatal(err)
	}
	s := ruleeval.NewSamples(map[string]string{"job": "j", "cluster": "lab"})
	s.Add(families(t, "oldest_timestamp_seconds{node=\"long\"} 600\noldest_timestamp_seconds{node=\"new\"} 970\nbeat_timestamp_seconds{node=\"new\"} 995\nready{node=\"new\"} 0\n"), time.Unix(1000, 0))
	now, err := rules.Evaluate(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	if got := names(now); !slices.Equal(got, []string{"Waits"}) {
		t.Fatalf("now %v holds, want what has lasted for long", got)
	}
	for _, test := range []struct {
		longer time.Duration
		want   []string
	}{
		{4 * time.Minute, nil},
		{5 * time.Minute, []string{"Marked", "Waits"}},
	} {
		projected, err := rules.Project(t.Context(), s, now, []string{"oldest_timestamp_seconds"}, test.longer)
		if err != nil {
			t.Fatal(err)
		}
		if got := names(&ruleeval.Evaluation{Findings: projected}); !slices.Equal(got, test.want) {
			t.Fatalf("after %s more %v holds, want %v", test.longer, got, test.want)
		}
		for _, f := range projected {
			if !f.Projected || f.Labels["node"] != "new" || f.Alert == "Waits" && f.Description != "new waits since 30 s" {
				t.Errorf("after %s more: %+v", test.longer, f)
			}
			for _, e := range f.Evidence {
				if e.Series == `oldest_timestamp_seconds{node="new"}` && e.Value != 970 {
					t.Errorf("the evidence is not what was seen: %v", e)
				}
			}
		}
	}
}

func TestWrongRulesAreNamed(t *testing.T) {
	t.Parallel()
	for _, expr := range []string{"a (", `{node="n"}`, `a_up * on () {__name__=~"b_.+"}`} {
		_, err := ruleeval.Parse([]byte("groups:\n  - name: g\n    rules:\n      - alert: Broken\n        expr: '" + expr + "'\n"))
		if err == nil || !strings.Contains(err.Error(), "Broken") {
			t.Errorf("%s: %v, want the name of the rule", expr, err)
		}
	}
}
