package ruleeval_test

import (
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/kubevitals/kubevitals/internal/diagnosis/ruleeval"
)

func parsed(t *testing.T) *ruleeval.Rules {
	t.Helper()
	rules, err := ruleeval.Parse([]byte(ruleFile))
	if err != nil {
		t.Fatal(err)
	}
	return rules
}

func TestReads(t *testing.T) {
	t.Parallel()
	want := []string{"a_up", "at_timestamp_seconds", "failures_total", "quiet", "up_ratio:a"}
	if got := slices.Sorted(maps.Keys(parsed(t).Reads())); !slices.Equal(got, want) {
		t.Errorf("rules read %v, want %v", got, want)
	}
}

// TestReadsOfAnnotations verifies that a metric is read that only a text looks up.
func TestReadsOfAnnotations(t *testing.T) {
	t.Parallel()
	rules, err := ruleeval.Parse([]byte("groups: [{name: g, rules: [{alert: A, expr: 'up == 0', annotations: " +
		"{description: 'is down{{ with query (printf `max(why_info{cluster=%q} == 1)` $labels.cluster) }}: {{ . | first | value }}{{ end }}'}}]}]"))
	if err != nil {
		t.Fatal(err)
	}
	if got := slices.Sorted(maps.Keys(rules.Reads())); !slices.Equal(got, []string{"up", "why_info"}) {
		t.Errorf("reads %v", got)
	}
}

// TestOnlyWhatIsRead verifies that rules find the same without what they do not read,
// and nothing of what is left out.
func TestOnlyWhatIsRead(t *testing.T) {
	t.Parallel()
	rules := parsed(t)
	for _, test := range []struct {
		name string
		only map[string]bool
		want []string
	}{
		{"what the rules read", rules.Reads(), []string{"Down", "Failing", "Half"}},
		{"less", map[string]bool{"failures_total": true}, []string{"Failing"}},
		{"nothing", map[string]bool{}, nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			s := ruleeval.NewSamples(map[string]string{"job": "j", "cluster": "lab"}).Only(test.only)
			s.Add(families(t, "a_up{node=\"n\"} 1\nfailures_total 0\nother 1\n"), time.Unix(1000, 0))
			s.Add(families(t, "a_up{node=\"n\"} 0\nfailures_total 30\nother 1\n"), time.Unix(1030, 0))
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

// TestVanishedIsNoEvidence verifies that only what the last scrape had is shown.
func TestVanishedIsNoEvidence(t *testing.T) {
	t.Parallel()
	evaluation := evaluate(t, "a_up{node=\"n\",port=\"1\"} 0\na_up{node=\"n\",port=\"2\"} 0\n", "a_up{node=\"n\",port=\"2\"} 0\n")
	if len(evaluation.Findings) == 0 || evaluation.Findings[0].Alert != "Down" {
		t.Fatalf("found %v", names(evaluation))
	}
	want := []ruleeval.Evidence{{Series: `a_up{node="n", port="2"}`, Value: 0, Metric: "a_up"}}
	if got := evaluation.Findings[0].Evidence; !slices.Equal(got, want) {
		t.Errorf("evidence %v, want %v", got, want)
	}
}

// TestEvaluateAfterEachScrape verifies that what a rule recorded counts as long as it
// is recorded again, and no longer.
func TestEvaluateAfterEachScrape(t *testing.T) {
	t.Parallel()
	rules := parsed(t)
	s := ruleeval.NewSamples(map[string]string{"job": "j", "cluster": "lab"})
	for i, step := range []struct {
		scrape string
		want   []string
	}{
		{"a_up{node=\"n\"} 0\n", []string{"Down", "Half"}},
		{"a_up{node=\"n\"} 0\n", []string{"Down", "Half"}},
		{"other 1\n", nil},
		{"a_up{node=\"n\"} 0\n", []string{"Down", "Half"}},
	} {
		s.Add(families(t, step.scrape), time.Unix(1000+30*int64(i), 0))
		evaluation, err := rules.Evaluate(t.Context(), s)
		if err != nil {
			t.Fatal(err)
		}
		if got := names(evaluation); !slices.Equal(got, step.want) {
			t.Errorf("scrape %d: found %v, want %v", i, got, step.want)
		}
	}
}
