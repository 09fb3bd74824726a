package ruleeval

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql"
)

// TestPruneChangesNoResult verifies with random expressions over random samples that what
// is left of an expression yields what the whole yields.
func TestPruneChangesNoResult(t *testing.T) {
	t.Parallel()
	rules, err := Parse(nil)
	if err != nil {
		t.Fatal(err)
	}
	shorter, nothing := 0, 0
	for seed := range uint64(4000) {
		random := rand.New(rand.NewPCG(seed, 0))
		text, at := randomVector(random, 4), time.Unix(1030, 0)
		samples := randomSamples(random)
		whole, err := rules.instant(t.Context(), samples, text, at)
		if err != nil { // nothing can be said of what makes two of the same series
			continue
		}
		expr, err := rules.parser.ParseExpr(text)
		if err != nil {
			t.Fatalf("seed %d: %s: %v", seed, text, err)
		}
		before := expr.String()
		var pruned promql.Vector
		left := ""
		if expr = samples.prune(expr); expr != nil {
			left = expr.String()
			if pruned, err = rules.instant(t.Context(), samples, left, at); err != nil {
				t.Fatalf("seed %d: %s, which is left of %s: %v", seed, left, text, err)
			}
		}
		if got, want := sortedText(pruned), sortedText(whole); !slices.Equal(got, want) {
			t.Fatalf("seed %d: %s yields %v, but what is left of it, %s, %v", seed, text, want, left, got)
		}
		switch {
		case left == "":
			nothing++
		case left != before:
			shorter++
		}
	}
	if shorter < 100 || nothing < 100 {
		t.Errorf("of 4000 expressions %d became shorter and of %d nothing was left: the test tries too few", shorter, nothing)
	}
}

// randomVector is an expression of metrics a to e over nodes.
func randomVector(random *rand.Rand, depth int) string {
	metric := string(rune('a' + random.IntN(5)))
	if random.IntN(4) == 0 {
		metric += `{kind="x"}`
	}
	if depth == 0 {
		return metric
	}
	deeper := func() string { return randomVector(random, depth-1) }
	switch random.IntN(14) {
	case 0, 1:
		return fmt.Sprintf("(%s or on (node) %s)", deeper(), deeper())
	case 2, 3:
		return fmt.Sprintf("(%s unless on (node) %s)", deeper(), deeper())
	case 4:
		return fmt.Sprintf("(%s and on (node) %s)", deeper(), deeper())
	case 5:
		return fmt.Sprintf("max by (node) (%s) * on (node) max by (node) (%s)", deeper(), deeper())
	case 6:
		return fmt.Sprintf("(count by (node) (%s) > 0)", deeper())
	case 7:
		return fmt.Sprintf("(count(%s) or vector(0))", deeper())
	case 8:
		return fmt.Sprintf("absent(%s)", deeper())
	case 9:
		return fmt.Sprintf("(time() - %s > 1)", deeper())
	case 10:
		return fmt.Sprintf("max_over_time((%s)[1m:10s])", deeper())
	case 11:
		return fmt.Sprintf("-changes(%s[1m])", metric)
	case 12:
		return fmt.Sprintf("vector(scalar(%s))", deeper())
	}
	return fmt.Sprintf("%s or %s unless %s", deeper(), deeper(), deeper())
}

// randomSamples are two scrapes of three nodes, of which some metrics have none.
func randomSamples(random *rand.Rand) *Samples {
	s := NewSamples(nil)
	for _, at := range []time.Time{time.Unix(1000, 0), time.Unix(1030, 0)} {
		s.times = append(s.times, at)
		for _, metric := range []string{"a", "b", "c", "d", "e"} {
			for node := range 3 {
				if random.IntN(3) == 0 && metric < "d" {
					kind := []string{"x", "y"}[random.IntN(2)]
					s.append(labels.FromStrings("__name__", metric, "node", fmt.Sprint(node), "kind", kind), at, float64(random.IntN(3)))
				}
			}
		}
		s.markVanished(at)
	}
	return s
}

func sortedText(vector promql.Vector) []string {
	var all []string
	for _, sample := range vector {
		all = append(all, fmt.Sprint(sample.Metric, sample.F))
	}
	slices.Sort(all)
	return all
}
