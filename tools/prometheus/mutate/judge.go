package main

import (
	"fmt"
	"math"
	"slices"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/rules"
)

// told is an alert that fires, as far as a test looks at it.
type told struct{ labels, annotations labels.Labels }

func compareTold(a, b told) int {
	if diff := labels.Compare(a.labels, b.labels); diff != 0 {
		return diff
	}
	return labels.Compare(a.annotations, b.annotations)
}

// firing are the alerts of a rule that fire.
func firing(r rules.Rule) []told {
	var all []told
	if r, ok := r.(*rules.AlertingRule); ok {
		for _, a := range r.ActiveAlerts() {
			if a.State == rules.StateFiring {
				all = append(all, told{a.Labels.Copy(), a.Annotations.Copy()})
			}
		}
	}
	return all
}

// judge compares with what fires. What it returns is not empty if that is something else.
func (t *alertTest) judge(got []told) string {
	var expect []told
	for _, e := range t.Expect {
		b := labels.NewBuilder(labels.FromMap(e.Labels)).Set(labels.AlertName, t.Alert)
		expect = append(expect, told{b.Labels(), labels.FromMap(e.Annotations)})
	}
	got = slices.Clone(got)
	slices.SortFunc(got, compareTold)
	slices.SortFunc(expect, compareTold)
	if slices.EqualFunc(got, expect, func(a, b told) bool { return compareTold(a, b) == 0 }) {
		return ""
	}
	return fmt.Sprintf("%s at %s: %v fires, expected was %v", t.Alert, t.At, got, expect)
}

// sample is one that an expression evaluates to.
type sample struct {
	labels labels.Labels
	value  float64
}

func samplesOf(v promql.Vector) []sample {
	var all []sample
	for _, s := range v {
		all = append(all, sample{s.Metric.Copy(), s.F})
	}
	return all
}

// judge compares with what the expression evaluates to. What it returns is not empty if
// that is something else.
func (e *exprTest) judge(got []sample, fuzzy bool) string {
	expect := slices.Clone(e.expect)
	sorted := func(all []sample) {
		slices.SortFunc(all, func(a, b sample) int { return labels.Compare(a.labels, b.labels) })
	}
	sorted(got)
	sorted(expect)
	same := slices.EqualFunc(got, expect, func(a, b sample) bool {
		near := fuzzy && (math.Nextafter(a.value, math.Inf(-1)) == b.value || math.Nextafter(a.value, math.Inf(1)) == b.value)
		return labels.Equal(a.labels, b.labels) && (a.value == b.value || near)
	})
	if same {
		return ""
	}
	return fmt.Sprintf("%s at %s is %v, expected was %v", e.Expr, e.At, got, expect)
}
