package main

import (
	"maps"
	"slices"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"
)

// possibility knows of which rules a case can make anything at all: of most it gives no
// sample, so that they, and their mutants, need not be evaluated.
type possibility struct {
	inputs *table
	graph  *graph
	rules  map[int]bool
}

// possible finds the rules that may write something, of those that the case needs.
func possible(g *graph, c *testCase, needed map[int]bool) *possibility {
	return (&possibility{inputs: c.inputs, rules: map[int]bool{}}).with(g, needed)
}

// with finds what may write something as well when one rule is another.
func (p *possibility) with(g *graph, needed map[int]bool) *possibility {
	p = &possibility{inputs: p.inputs, graph: g, rules: maps.Clone(p.rules)}
	for changed := true; changed; {
		changed = false
		for i := range needed {
			if !p.rules[i] && p.of(g.rules[i].parsed) {
				p.rules[i], changed = true, true
			}
		}
	}
	return p
}

// selects tells whether a selector finds a series of the case, or one that a rule may write.
func (p *possibility) selects(matchers []*labels.Matcher) bool {
	if len(p.inputs.selected(matchers)) > 0 {
		return true
	}
	for i := range p.rules {
		if p.graph.rules[i].feeds(matchers) {
			return true
		}
	}
	return false
}

// of tells whether an expression may come to anything. It is never wrong when it says no.
func (p *possibility) of(expr parser.Expr) bool {
	switch n := expr.(type) {
	case *parser.ParenExpr:
		return p.of(n.Expr)
	case *parser.UnaryExpr:
		return p.of(n.Expr)
	case *parser.VectorSelector:
		return p.selects(n.LabelMatchers)
	case *parser.MatrixSelector:
		return p.of(n.VectorSelector)
	case *parser.SubqueryExpr:
		return p.of(n.Expr)
	case *parser.AggregateExpr:
		return p.of(n.Expr)
	case *parser.BinaryExpr:
		switch n.Op {
		case parser.LUNLESS:
			return p.of(n.LHS)
		case parser.LOR:
			return p.of(n.LHS) || p.of(n.RHS)
		}
		return p.of(n.LHS) && p.of(n.RHS)
	case *parser.Call:
		if n.Func.Name == "absent" || n.Func.Name == "absent_over_time" || n.Func.Name == "vector" || n.Func.Name == "scalar" {
			return true
		}
		return !slices.ContainsFunc(n.Args, func(arg parser.Expr) bool { return !p.of(arg) })
	}
	return true
}
