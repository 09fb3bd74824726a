package main

import (
	"math"
	"slices"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql"
)

// tape is what rules did in a play: what each wrote at each step, and which of its alerts
// fired when they were looked at. A rule that no mutant can reach is played from there.
type tape struct {
	wrote map[int][][]promql.Sample
	fired map[int]map[int][]told // by step, then rule
	// steps is how many were played, and written is all that rules wrote.
	steps   int
	written *table
	// foreseen is what one query over all steps comes to of a rule, where it can tell.
	foreseen map[int]promql.Matrix
	// stepwise is whether rules can't be played one by one.
	stepwise bool
}

// at is what a rule wrote at a step. Of one that never can there is nothing.
func (t *tape) at(i, step int) []promql.Sample {
	if t.wrote[i] == nil {
		return nil
	}
	return t.wrote[i][step]
}

// sameSamples compares what a rule wrote at a step, in whatever order.
func sameSamples(a, b []promql.Sample) bool {
	same := func(a, b promql.Sample) bool {
		return math.Float64bits(a.F) == math.Float64bits(b.F) && labels.Equal(a.Metric, b.Metric)
	}
	if len(a) != len(b) || slices.EqualFunc(a, b, same) {
		return len(a) == len(b)
	}
	sorted := func(all []promql.Sample) []promql.Sample {
		all = slices.Clone(all)
		slices.SortFunc(all, func(a, b promql.Sample) int { return labels.Compare(a.Metric, b.Metric) })
		return all
	}
	return slices.EqualFunc(sorted(a), sorted(b), same)
}

// sameTape tells whether two plays wrote the same, rule by rule and step by step, and
// whether the same alerts fired.
func sameTape(a, b *tape) bool {
	silent := func(steps [][]promql.Sample) bool {
		return !slices.ContainsFunc(steps, func(s []promql.Sample) bool { return len(s) > 0 })
	}
	for _, one := range []struct{ of, other *tape }{{a, b}, {b, a}} {
		for i, steps := range one.of.wrote {
			if !silent(steps) && !slices.EqualFunc(steps, one.other.wrote[i], sameSamples) {
				return false
			}
		}
	}
	return true
}
