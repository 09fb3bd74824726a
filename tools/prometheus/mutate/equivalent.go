package main

import (
	"slices"
	"strings"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"
)

// What follows proves that an edit changes nothing, whatever the samples. Of what it can't
// prove a person must say so: see listed.go.

// inner is the expression without the parentheses around it.
func inner(expr parser.Expr) parser.Expr {
	for {
		p, ok := expr.(*parser.ParenExpr)
		if !ok {
			return expr
		}
		expr = p.Expr
	}
}

// positive tells whether no value of the expression can be 0 or less: it counts what is
// there.
func positive(expr parser.Expr) bool {
	switch n := inner(expr).(type) {
	case *parser.AggregateExpr:
		return n.Op == parser.COUNT || n.Op == parser.GROUP || (n.Op == parser.MAX || n.Op == parser.MIN || n.Op == parser.SUM) && positive(n.Expr)
	case *parser.BinaryExpr:
		return (n.Op == parser.LAND || n.Op == parser.LUNLESS) && positive(n.LHS) || n.Op == parser.LOR && positive(n.LHS) && positive(n.RHS)
	}
	return false
}

const neverZero = "what is counted is never 0: where nothing is, there is no count"

// comparison proves that another operator or number says the same of what is compared.
func (e *editor) comparison(n *parser.BinaryExpr, op parser.ItemType) string {
	number, ok := inner(n.RHS).(*parser.NumberLiteral)
	if !ok || !positive(n.LHS) || n.ReturnBool {
		return ""
	}
	switch {
	case n.Op == parser.GTR && op == parser.GTE && number.Val == 0:
		return neverZero
	case n.Op == parser.GTR && number.Val == 0, n.Op == parser.GTE && number.Val == 1:
		e.below[number] = true
	}
	return ""
}

// source is the selector that the labels and values of an expression come from, or nil if
// there is none, or several.
func source(expr parser.Expr) *parser.VectorSelector {
	switch n := inner(expr).(type) {
	case *parser.VectorSelector:
		return n
	case *parser.BinaryExpr:
		if n.Op == parser.LAND || n.Op == parser.LUNLESS {
			return source(n.LHS)
		}
	}
	return nil
}

// constant tells whether a label has one value in all that a selector selects: it asks for
// that value, or those rules that write it set it, and what they write is no metric.
func (e *editor) constant(selector *parser.VectorSelector, label string) bool {
	_, ok := e.value(selector, label)
	return ok
}

// value is the one that a label has then.
func (e *editor) value(selector *parser.VectorSelector, label string) (value string, ok bool) {
	asked := func(m *labels.Matcher) bool { return m.Name == label && m.Type == labels.MatchEqual }
	if at := slices.IndexFunc(selector.LabelMatchers, asked); at >= 0 {
		return selector.LabelMatchers[at].Value, true
	}
	found := false
	for _, r := range e.writers(selector.LabelMatchers) {
		asked := slices.DeleteFunc(slices.Clone(selector.LabelMatchers), func(m *labels.Matcher) bool {
			_, sets := r.labels[m.Name]
			return sets // anew, whatever it counts has
		})
		if excluded(r.parsed, asked) {
			continue
		}
		set, ok := r.labels[label]
		if !ok || strings.Contains(set, "{{") || found && set != value {
			return "", false
		}
		value, found = set, true
	}
	return value, found && strings.Contains(selector.Name, ":")
}

// has tells whether all that an expression comes to has a label of this value.
func (e *editor) has(expr parser.Expr, label, wanted string) bool {
	switch n := inner(expr).(type) {
	case *parser.VectorSelector:
		value, ok := e.value(n, label)
		return ok && value == wanted
	case *parser.AggregateExpr:
		return slices.Contains(n.Grouping, label) != n.Without && e.has(n.Expr, label, wanted)
	case *parser.BinaryExpr:
		switch n.Op {
		case parser.LOR:
			return e.has(n.LHS, label, wanted) && e.has(n.RHS, label, wanted)
		case parser.LAND, parser.LUNLESS:
			return e.has(n.LHS, label, wanted)
		}
	}
	return false
}

// excluded tells whether nothing that an expression comes to has a label that the matchers
// ask for, because all that it counts has another value of it.
func excluded(expr parser.Expr, wanted []*labels.Matcher) bool {
	switch n := inner(expr).(type) {
	case *parser.VectorSelector:
		return slices.ContainsFunc(wanted, func(want *labels.Matcher) bool {
			return slices.ContainsFunc(n.LabelMatchers, func(has *labels.Matcher) bool {
				values := has.SetMatches()
				if has.Type == labels.MatchEqual {
					values = []string{has.Value}
				}
				return has.Name == want.Name && has.Name != model.MetricNameLabel && len(values) > 0 &&
					(has.Type == labels.MatchEqual || has.Type == labels.MatchRegexp) && !slices.ContainsFunc(values, want.Matches)
			})
		})
	case *parser.AggregateExpr:
		kept := slices.DeleteFunc(slices.Clone(wanted), func(m *labels.Matcher) bool { return slices.Contains(n.Grouping, m.Name) == n.Without })
		return excluded(n.Expr, kept)
	case *parser.BinaryExpr:
		switch n.Op {
		case parser.LOR:
			return excluded(n.LHS, wanted) && excluded(n.RHS, wanted)
		case parser.LAND, parser.LUNLESS:
			return excluded(n.LHS, wanted)
		}
	}
	return false
}

// alone tells whether each group of an aggregation is of one series: it takes away labels
// of one value only.
func (e *editor) alone(n *parser.AggregateExpr) bool {
	from := source(n.Expr)
	if !n.Without || from == nil {
		return false
	}
	for _, label := range n.Grouping {
		if !e.constant(from, label) {
			return false
		}
	}
	return true
}

// ungrouped proves that it does not matter whether an aggregation takes a label away: it
// has one value, and the rule sets it.
func (e *editor) ungrouped(n *parser.AggregateExpr, label string) string {
	from := source(n.Expr)
	_, set := e.owner.labels[label]
	if n.Without && from != nil && set && e.outermost == n && e.constant(from, label) {
		return "the label has one value, and the rule sets it anew"
	}
	return ""
}
