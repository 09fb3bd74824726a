package main

import (
	"slices"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"
)

// vocabulary is what rules know of series: the numbers that stand in rules which read a
// metric, the labels by which those select, group and join, and the values of labels for
// which any rule asks.
type vocabulary struct {
	// numbers are by metric, and of are by the name of a rule.
	numbers map[string][]float64
	of      map[string][]float64
	names   map[string][]string
	values  map[string][]string
}

func vocabularyOf(all ruleset) *vocabulary {
	v := &vocabulary{numbers: map[string][]float64{}, of: map[string][]float64{}, names: map[string][]string{}, values: map[string][]string{}}
	for _, r := range all {
		var numbers []float64
		var names []string
		parser.Inspect(r.parsed, func(n parser.Node, _ []parser.Node) error {
			switch n := n.(type) {
			case *parser.NumberLiteral:
				numbers = add(numbers, n.Val)
			case *parser.BinaryExpr:
				if product, ok := product(n); ok {
					numbers = add(numbers, product)
				}
				if n.VectorMatching != nil {
					names = add(names, n.VectorMatching.MatchingLabels...)
				}
			case *parser.AggregateExpr:
				if !n.Without {
					names = add(names, n.Grouping...)
				}
			}
			return nil
		})
		v.of[r.name] = add(v.of[r.name], numbers...)
		for _, selector := range r.reads {
			metric := nameOf(selector)
			v.numbers[metric] = add(v.numbers[metric], numbers...)
			v.names[metric] = add(v.names[metric], names...)
			for _, m := range selector {
				if m.Name != model.MetricNameLabel {
					v.names[metric] = add(v.names[metric], m.Name)
					v.values[m.Name] = add(v.values[m.Name], valuesOf(m)...)
				}
			}
		}
	}
	return v
}

// product is the number that a product of numbers comes to, such as days in seconds.
func product(expr parser.Expr) (float64, bool) {
	switch n := inner(expr).(type) {
	case *parser.NumberLiteral:
		return n.Val, true
	case *parser.BinaryExpr:
		left, ok := product(n.LHS)
		right, also := product(n.RHS)
		return left * right, ok && also && n.Op == parser.MUL
	}
	return 0, false
}

func add[T comparable](to []T, some ...T) []T {
	for _, one := range some {
		if !slices.Contains(to, one) {
			to = append(to, one)
		}
	}
	return to
}

// valuesOf are the values that a matcher names.
func valuesOf(m *labels.Matcher) []string {
	switch m.Type {
	case labels.MatchEqual, labels.MatchNotEqual:
		return []string{m.Value}
	}
	return m.SetMatches()
}

// nameOf is the metric that a selector names.
func nameOf(selector []*labels.Matcher) string {
	for _, m := range selector {
		if m.Name == model.MetricNameLabel && m.Type == labels.MatchEqual {
			return m.Value
		}
	}
	return ""
}
