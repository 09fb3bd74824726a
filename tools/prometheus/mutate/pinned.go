package main

import (
	"slices"
	"strings"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"
)

// unmatched proves that it does not matter whether the selector that is visited has a
// matcher: what it would select besides finds nothing on the other side of an operator on
// sets, which has no other values of a label by which both sides are matched.
func (e *editor) unmatched(m *labels.Matcher) string {
	for i := len(e.path) - 1; i > 0; i-- {
		switch n := e.path[i-1].(type) {
		case *parser.ParenExpr, *parser.MatrixSelector, *parser.SubqueryExpr:
		case *parser.Call:
			to, from, copied := copies(n)
			switch {
			case copied && from == m.Name:
				m = labels.MustNewMatcher(m.Type, to, m.Value)
			case copied && to != m.Name, n.Func.Name == "clamp":
			case !strings.HasSuffix(n.Func.Name, "_over_time") || strings.HasPrefix(n.Func.Name, "absent"):
				return ""
			}
		case *parser.AggregateExpr:
			if !keeps(n, m.Name) {
				return ""
			}
		case *parser.BinaryExpr:
			left := n.LHS == e.path[i]
			other := n.LHS
			if left {
				other = n.RHS
			}
			on := n.VectorMatching
			joined := on != nil && slices.Contains(on.MatchingLabels, m.Name) == on.On
			switch {
			case filters(n), on == nil && arithmetic(n.Op):
			case on != nil && !n.Op.IsSetOperator():
				// What would be there twice is an error, even if nothing matches it.
				if joined && pinned(other, m) && e.matchedOnce(n, e.path[i]) {
					return "the other side has no other value of the label, by which both are matched"
				}
				return ""
			case n.Op != parser.LAND && n.Op != parser.LUNLESS:
				return ""
			case (!left || n.Op == parser.LAND) && joined && pinned(other, m):
				return "the other side has no other value of the label, by which both are matched"
			case !left:
				return ""
			}
		default:
			return ""
		}
	}
	return ""
}

// matchedOnce tells whether no two series of one side of a join are the same to the other, by
// the labels that are matched.
func (e *editor) matchedOnce(n *parser.BinaryExpr, side parser.Expr) bool {
	of := e.identity(side)
	return of != nil && !slices.ContainsFunc(of.apart, func(label string) bool {
		return slices.Contains(n.VectorMatching.MatchingLabels, label) != n.VectorMatching.On
	})
}

// keeps tells whether what an aggregation comes to of one value of a label depends on what
// has that value alone.
func keeps(n *parser.AggregateExpr, label string) bool {
	switch n.Op {
	case parser.MAX, parser.MIN, parser.SUM, parser.AVG, parser.COUNT, parser.GROUP:
		return slices.Contains(n.Grouping, label) != n.Without
	}
	return false
}

// filters tells whether an operator compares with a number, which leaves labels as they are.
func filters(n *parser.BinaryExpr) bool {
	_, number := inner(n.RHS).(*parser.NumberLiteral)
	return number && n.Op.IsComparisonOperator() && !n.ReturnBool
}

// copies tells to which label a call copies another one, that all series have: ALERTS has a
// name.
func copies(n *parser.Call) (to, from string, ok bool) {
	to, from, ok = renames(n)
	return to, from, ok && from == labels.AlertName
}

// pinned tells whether all that an expression comes to has a value of a label that a matcher
// takes.
func pinned(expr parser.Expr, m *labels.Matcher) bool {
	all := valuesIn(expr, m.Name)
	return len(all) > 0 && !slices.ContainsFunc(all, func(v string) bool { return !m.Matches(v) })
}

// valuesIn are the values that a label can have in what an expression comes to, or none if
// that is not known.
func valuesIn(expr parser.Expr, label string) []string {
	switch n := inner(expr).(type) {
	case *parser.VectorSelector:
		for _, m := range n.LabelMatchers {
			if m.Name == label && m.Type == labels.MatchEqual && m.Value != "" {
				return []string{m.Value}
			}
			if m.Name == label && m.Type == labels.MatchRegexp && len(m.SetMatches()) > 0 && !m.Matches("") {
				return m.SetMatches()
			}
		}
	case *parser.MatrixSelector:
		return valuesIn(n.VectorSelector, label)
	case *parser.SubqueryExpr:
		return valuesIn(n.Expr, label)
	case *parser.Call:
		if to, from, ok := copies(n); ok && to == label {
			return valuesIn(n.Args[0], from)
		} else if ok {
			return valuesIn(n.Args[0], label)
		}
		if strings.HasSuffix(n.Func.Name, "_over_time") && !strings.HasPrefix(n.Func.Name, "absent") {
			return valuesIn(n.Args[len(n.Args)-1], label)
		}
		if n.Func.Name == "clamp" {
			return valuesIn(n.Args[0], label)
		}
	case *parser.AggregateExpr:
		if keeps(n, label) {
			return valuesIn(n.Expr, label)
		}
	case *parser.BinaryExpr:
		switch {
		case filters(n), n.Op == parser.LAND, n.Op == parser.LUNLESS:
			return valuesIn(n.LHS, label)
		case !n.Op.IsSetOperator():
			return valuesOfBoth(n, label)
		case n.Op == parser.LOR:
			left, right := valuesIn(n.LHS, label), valuesIn(n.RHS, label)
			if len(left) > 0 && len(right) > 0 {
				return add(slices.Clone(left), right...)
			}
		}
	}
	return nil
}

// valuesOfBoth are the values in what is computed of two sides, or of one and a number.
func valuesOfBoth(n *parser.BinaryExpr, label string) []string {
	on := n.VectorMatching
	switch {
	case on == nil && n.LHS.Type() == parser.ValueTypeScalar:
		return valuesIn(n.RHS, label)
	case on == nil:
		return valuesIn(n.LHS, label)
	case slices.Contains(on.MatchingLabels, label) != on.On:
		return nil
	}
	if left := valuesIn(n.LHS, label); left != nil {
		return left
	}
	return valuesIn(n.RHS, label)
}

// oneValue proves that it does not matter whether both sides are matched by a label, of which
// they have the same value alone.
func oneValue(n *parser.BinaryExpr, label string) string {
	if !n.Op.IsSetOperator() && n.VectorMatching.Card == parser.CardOneToOne {
		return "" // what is matched by is what is left of the labels
	}
	left, right := valuesIn(n.LHS, label), valuesIn(n.RHS, label)
	if n.VectorMatching.On && len(left) == 1 && slices.Equal(left, right) {
		return "both sides have one value of it, which is the same"
	}
	return ""
}

// moment is the longest range that holds one sample of what rules record: none are evaluated
// as often.
const moment = 5 * time.Second

// momentary tells whether a range is of one sample of what a rule records, at most.
func momentary(expr parser.Expr, times float64) bool {
	n, ok := inner(expr).(*parser.MatrixSelector)
	if !ok {
		return false
	}
	of, ok := n.VectorSelector.(*parser.VectorSelector)
	return ok && strings.Contains(of.Name, ":") && time.Duration(float64(n.Range)*times) <= moment
}

const oneSample = "it is of one sample alone: no rule records more often"
