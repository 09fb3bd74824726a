package ruleeval_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/kubevitals/kubevitals/internal/diagnosis/ruleeval"
)

func TestLooksBack(t *testing.T) {
	t.Parallel()
	rules, err := ruleeval.Parse([]byte(`
groups:
  - name: g
    rules:
      - {alert: A, expr: 'rate(a_total[5m]) > 0 and b > 1'}
      - {alert: B, expr: 'c > 2 * c offset 1d'}
      - {alert: C, expr: 'max_over_time((d + e)[10m:1m]) > 0'}
`))
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"a_total", "c", "d", "e"}
	if got := slices.Sorted(maps.Keys(rules.LooksBack())); !slices.Equal(got, want) {
		t.Errorf("rules look back at %v, want %v", got, want)
	}
}

// TestPast verifies that a look of its own goes on from what was remembered, and that
// what is forgotten or has vanished does not count.
func TestPast(t *testing.T) {
	t.Parallel()
	rules, target := parsed(t), map[string]string{"job": "j", "cluster": "lab"}
	for _, test := range []struct {
		name         string
		forget       int64
		past, latest string
		want         []string
	}{
		{"a rate from the past", 0, "failures_total 0\n", "failures_total 30\n", []string{"Failing"}},
		{"no rate once forgotten", 1001, "failures_total 0\n", "failures_total 30\n", nil},
		{"vanished since", 0, "a_up{node=\"n\"} 0\n", "other 1\n", nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			past := ruleeval.NewSamples(target)
			past.Add(families(t, test.past), time.Unix(1000, 0))
			past.Forget(time.Unix(test.forget, 0))
			s := ruleeval.NewSamples(target)
			s.Continue(past)
			s.Add(families(t, test.latest), time.Unix(1030, 0))
			past.Add(families(t, "a_up{node=\"n\"} 0\nfailures_total 1000\n"), time.Unix(1031, 0))
			evaluation, err := rules.Evaluate(t.Context(), s)
			if err != nil {
				t.Fatal(err)
			}
			if got := names(evaluation); !slices.Equal(got, test.want) {
				t.Errorf("found %v, want %v", got, test.want)
			}
		})
	}
}

// TestBehind verifies that the series of an alert are shown whether it holds or not,
// and that labels of the target do not matter.
func TestBehind(t *testing.T) {
	t.Parallel()
	s := ruleeval.NewSamples(map[string]string{"job": "j", "cluster": "lab"})
	s.Add(families(t, "a_up{node=\"n\"} 1\na_up{node=\"m\"} 1\nquiet 1\n"), time.Unix(1000, 0))
	got := parsed(t).Behind("Down", s, map[string]string{"cluster": "other name", "node": "n", "pod": "p"})
	want := []ruleeval.Evidence{{Series: `a_up{node="n"}`, Value: 1, Metric: "a_up"}}
	if !slices.Equal(got, want) {
		t.Errorf("behind the alert: %v, want %v", got, want)
	}
}

// TestManyFindings verifies that each of many findings has its own evidence, and all
// have that which bears none of their labels.
func TestManyFindings(t *testing.T) {
	t.Parallel()
	rules, err := ruleeval.Parse([]byte(`
groups:
  - name: g
    rules:
      - {alert: A, expr: 'max by (node) (a) == 1 and on () all == 1'}
`))
	if err != nil {
		t.Fatal(err)
	}
	var text strings.Builder
	text.WriteString("all 1\n")
	for i := range 1000 {
		fmt.Fprintf(&text, "a{node=\"n%d\",port=\"1\"} 1\na{node=\"n%d\",port=\"2\"} 0\n", i, i)
	}
	s := ruleeval.NewSamples(nil)
	s.Add(families(t, text.String()), time.Unix(1000, 0))
	evaluation, err := rules.Evaluate(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	if len(evaluation.Findings) != 1000 {
		t.Fatalf("%d findings", len(evaluation.Findings))
	}
	for _, f := range evaluation.Findings {
		node := f.Labels["node"]
		want := []ruleeval.Evidence{
			{Series: "all", Value: 1, Metric: "all"},
			{Series: `a{node="` + node + `", port="1"}`, Value: 1, Metric: "a"},
			{Series: `a{node="` + node + `", port="2"}`, Value: 0, Metric: "a"},
		}
		if !slices.Equal(f.Evidence, want) {
			t.Errorf("evidence of %s: %v", node, f.Evidence)
		}
	}
}
