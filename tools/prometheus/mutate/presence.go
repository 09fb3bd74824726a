package main

import (
	"slices"
	"strings"

	"github.com/prometheus/prometheus/promql/parser"
)

const (
	onlySeen  = "only whether there is something matters here, and not its value"
	sameValue = "what is aggregated has one value alone"
	unjoined  = "nothing is matched by the label"
)

// arithmetic tells whether an operator computes a value of two, and leaves out none.
func arithmetic(op parser.ItemType) bool {
	return op.IsOperator() && !op.IsSetOperator() && !op.IsComparisonOperator()
}

// unseen proves that no value of the expression that is visited can be told: it is on the
// right of an operator on sets, which asks for labels alone, and nothing on the way there
// compares it; or it is counted; or it is multiplied by 0, which is 0 of all that is finite.
func (e *editor) unseen() string { return e.unseenFrom(len(e.path) - 1) }

// unseenFrom proves the same of what the expression stands in, by its place on the path.
func (e *editor) unseenFrom(at int) string {
	here, _ := e.path[at].(*parser.BinaryExpr)
	divided := here != nil && here.Op == parser.DIV // which may not be finite
	for i := at; i > 0; i-- {
		switch n := e.path[i-1].(type) {
		case *parser.ParenExpr, *parser.MatrixSelector, *parser.SubqueryExpr:
		case *parser.Call:
			if !passes(n.Func.Name) {
				return ""
			}
		case *parser.AggregateExpr:
			switch {
			case n.Op == parser.COUNT, n.Op == parser.GROUP:
				return onlySeen
			case !countsAll(n.Op):
				return ""
			}
		case *parser.BinaryExpr:
			other, left := n.RHS, n.LHS == e.path[i]
			if !left {
				other = n.LHS
			}
			zero, number := inner(other).(*parser.NumberLiteral)
			divided = divided || n.Op == parser.DIV
			switch {
			case n.Op.IsSetOperator() && n.Op != parser.LOR && !left,
				n.Op == parser.MUL && number && zero.Val == 0 && !divided:
				return onlySeen
			case !n.Op.IsSetOperator() && !arithmetic(n.Op):
				return ""
			}
		default:
			return ""
		}
	}
	return ""
}

// passes tells whether a function has a value of all that has one, whatever it is.
func passes(function string) bool {
	return function == "label_replace" || function == "rate" || function == "increase" ||
		strings.HasSuffix(function, "_over_time") && !strings.HasPrefix(function, "absent")
}

// countsAll tells whether an aggregation has a value wherever it is given one.
func countsAll(op parser.ItemType) bool {
	return slices.Contains([]parser.ItemType{parser.MAX, parser.MIN, parser.SUM, parser.AVG, parser.COUNT, parser.GROUP}, op)
}

// single is the one value that all of an expression has, if that is so.
func single(expr parser.Expr) (value float64, ok bool) {
	switch n := inner(expr).(type) {
	case *parser.AggregateExpr:
		switch n.Op {
		case parser.GROUP:
			return 1, true
		case parser.MAX, parser.MIN:
			return single(n.Expr)
		}
	case *parser.BinaryExpr:
		number, isNumber := inner(n.RHS).(*parser.NumberLiteral)
		switch {
		case n.Op == parser.EQLC && isNumber && !n.ReturnBool:
			return number.Val, true
		case n.Op == parser.LAND, n.Op == parser.LUNLESS:
			return single(n.LHS)
		case n.Op == parser.LOR:
			left, ok := single(n.LHS)
			right, also := single(n.RHS)
			return left, ok && also && left == right
		}
	}
	return 0, false
}

// unmatchedBy proves that it does not matter by which labels the aggregation that is visited
// groups: it is on the right of an operator on sets that matches by others.
func (e *editor) unmatchedBy(label string) string {
	for i := len(e.path) - 1; i > 0; i-- {
		switch n := e.path[i-1].(type) {
		case *parser.ParenExpr:
		case *parser.BinaryExpr:
			if n.Op.IsSetOperator() && n.Op != parser.LOR && n.VectorMatching.On && n.RHS == e.path[i] && !slices.Contains(n.VectorMatching.MatchingLabels, label) {
				return unjoined
			}
			return ""
		default:
			return ""
		}
	}
	return ""
}

// regrouped proves that it does not matter whether an aggregation groups by a label: what it
// selects has one value of it, and the aggregation around it leaves the label out.
func (e *editor) regrouped(n *parser.AggregateExpr, label string) string {
	expr := inner(n.Expr)
	if b, ok := expr.(*parser.BinaryExpr); ok && filters(b) {
		expr = b.LHS
	}
	if from := source(expr); n.Without || from == nil || !e.constant(from, label) {
		return ""
	}
	for i := len(e.path) - 1; i > 0; i-- {
		switch n := e.path[i-1].(type) {
		case *parser.ParenExpr:
		case *parser.BinaryExpr:
			if !filters(n) {
				return ""
			}
		case *parser.AggregateExpr:
			if countsAll(n.Op) && !n.Without && !slices.Contains(n.Grouping, label) {
				return "it has one value, and is left out again"
			}
			return ""
		default:
			return ""
		}
	}
	return ""
}
