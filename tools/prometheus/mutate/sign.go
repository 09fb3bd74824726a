package main

import (
	"github.com/prometheus/prometheus/promql/parser"
)

const (
	onlySign  = "only whether it is above 0 matters here, which is the same of both"
	neverLess = "it is never less than 0"
)

// signOnly proves that of the expression that is visited only the sign can be told, which the
// change leaves as it is: what is made of it by sums, largest and smallest values is compared
// with 0, and nothing sees more of it from there on.
func (e *editor) signOnly(nonNegative bool) string {
	for i := len(e.path) - 1; i > 0; i-- {
		switch n := e.path[i-1].(type) {
		case *parser.ParenExpr:
		case *parser.AggregateExpr:
			if n.Op != parser.SUM && n.Op != parser.MAX && n.Op != parser.MIN {
				return ""
			}
		case *parser.BinaryExpr:
			zero, number := inner(n.RHS).(*parser.NumberLiteral)
			switch {
			case n.LHS != e.path[i] || !number || zero.Val != 0 || !n.Op.IsComparisonOperator():
				return ""
			case n.ReturnBool && n.Op == parser.GTE && nonNegative:
				return neverLess
			case n.ReturnBool, n.Op == parser.EQLC:
				return onlySign
			}
			if e.unseenFrom(i-1) != "" {
				return onlySign
			}
			return ""
		default:
			return ""
		}
	}
	return ""
}

// nonNegative tells whether no value of the expression can be less than 0: no counter is.
func nonNegative(expr parser.Expr) bool {
	switch n := inner(expr).(type) {
	case *parser.Call:
		return n.Func.Name == "rate" || n.Func.Name == "increase"
	case *parser.AggregateExpr:
		switch n.Op {
		case parser.COUNT, parser.GROUP:
			return true
		case parser.SUM, parser.MAX, parser.MIN, parser.AVG:
			return nonNegative(n.Expr)
		}
	case *parser.BinaryExpr:
		switch {
		case n.ReturnBool:
			return true
		case n.Op == parser.LAND, n.Op == parser.LUNLESS, n.Op.IsComparisonOperator():
			return nonNegative(n.LHS)
		case n.Op == parser.LOR:
			return nonNegative(n.LHS) && nonNegative(n.RHS)
		}
	}
	return false
}

// neverBelow proves that another number says the same of what is compared with it: both are
// at most 0, and nothing is less.
func (e *editor) neverBelow(n *parser.NumberLiteral, other float64) string {
	if len(e.path) < 2 || n.Val != 0 || other > 0 {
		return ""
	}
	b, ok := e.path[len(e.path)-2].(*parser.BinaryExpr)
	if ok && b.RHS == parser.Expr(n) && b.Op == parser.GTE && nonNegative(b.LHS) {
		return neverLess
	}
	return ""
}
