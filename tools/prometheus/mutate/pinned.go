package main

import (
	"slices"
	"strings"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"
)

// unmatched proves that it does not matter whether the selector that is visited has a
// matcher: what it would select besides finds nothing on the other side of an operator on
// sets, which has this value alone of a label by which both sides are matched.
func (e *editor) unmatched(m *labels.Matcher) string {
	if m.Type != labels.MatchEqual {
		return ""
	}
	for i := len(e.path) - 1; i > 0; i-- {
		switch n := e.path[i-1].(type) {
		case *parser.ParenExpr, *parser.MatrixSelector, *parser.SubqueryExpr:
		case *parser.Call:
			if !strings.HasSuffix(n.Func.Name, "_over_time") || strings.HasPrefix(n.Func.Name, "absent") {
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
			switch on := n.VectorMatching; {
			case filters(n):
			case n.Op != parser.LAND && n.Op != parser.LUNLESS:
				return ""
			case (!left || n.Op == parser.LAND) && slices.Contains(on.MatchingLabels, m.Name) == on.On && pinned(other, m):
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

// pinned tells whether all that an expression comes to has the label and value of a matcher.
func pinned(expr parser.Expr, m *labels.Matcher) bool {
	switch n := inner(expr).(type) {
	case *parser.VectorSelector:
		return slices.ContainsFunc(n.LabelMatchers, func(o *labels.Matcher) bool {
			return o.Type == labels.MatchEqual && o.Name == m.Name && o.Value == m.Value
		})
	case *parser.MatrixSelector:
		return pinned(n.VectorSelector, m)
	case *parser.SubqueryExpr:
		return pinned(n.Expr, m)
	case *parser.Call:
		return strings.HasSuffix(n.Func.Name, "_over_time") && !strings.HasPrefix(n.Func.Name, "absent") &&
			pinned(n.Args[len(n.Args)-1], m)
	case *parser.AggregateExpr:
		return keeps(n, m.Name) && pinned(n.Expr, m)
	case *parser.BinaryExpr:
		switch {
		case filters(n), n.Op == parser.LAND, n.Op == parser.LUNLESS:
			return pinned(n.LHS, m)
		case n.Op == parser.LOR:
			return pinned(n.LHS, m) && pinned(n.RHS, m)
		}
	}
	return false
}
