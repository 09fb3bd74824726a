package main

import (
	"maps"
	"slices"
	"strings"

	"github.com/prometheus/prometheus/promql/parser"
)

// names are labels by which all series of an expression can be told apart, and all labels
// that they have.
type names struct{ apart, all []string }

// identity finds the labels by which series of an expression are told apart, or nothing if it
// is not known: those that an aggregation groups by, also where a rule records what it comes to.
func (e *editor) identity(expr parser.Expr) *names {
	switch n := inner(expr).(type) {
	case *parser.AggregateExpr:
		if !n.Without && countsAll(n.Op) {
			return &names{n.Grouping, n.Grouping}
		}
	case *parser.VectorSelector:
		return e.recorded(n)
	case *parser.Call:
		if n.Func.Name == "clamp" {
			return e.identity(n.Args[0])
		}
		if to, from, ok := renames(n); ok {
			of := e.identity(n.Args[0])
			if of == nil || slices.Contains(of.all, to) {
				return nil
			}
			return &names{renamed(of.apart, from, to), add(slices.Clone(of.all), to)}
		}
	case *parser.BinaryExpr:
		switch {
		case filters(n), n.Op == parser.LAND, n.Op == parser.LUNLESS:
			return e.identity(n.LHS)
		case n.VectorMatching == nil && n.LHS.Type() == parser.ValueTypeScalar:
			return e.identity(n.RHS)
		case n.VectorMatching == nil:
			return e.identity(n.LHS)
		case n.Op == parser.LOR:
			left, right := e.identity(n.LHS), e.identity(n.RHS)
			// Of the same labels there is one of them.
			if left != nil && right != nil && !n.VectorMatching.On && len(n.VectorMatching.MatchingLabels) == 0 {
				all := add(slices.Clone(left.all), right.all...)
				return &names{all, all}
			}
		case !n.VectorMatching.On && n.VectorMatching.Card == parser.CardOneToOne && len(n.VectorMatching.MatchingLabels) == 0:
			return e.identity(n.LHS) // both have the same labels
		case arithmetic(n.Op) && n.VectorMatching.Card == parser.CardManyToOne:
			if of := e.identity(n.LHS); of != nil {
				return &names{of.apart, add(slices.Clone(of.all), n.VectorMatching.Include...)}
			}
		}
	}
	return nil
}

// recorded are the labels by which what rules record is told apart.
func (e *editor) recorded(n *parser.VectorSelector) *names {
	if !strings.Contains(n.Name, ":") {
		return nil // programs have it, too
	}
	writers := e.writers(n.LabelMatchers)
	var found *names
	for i, r := range writers {
		of := e.identity(r.parsed)
		same := func(other *rule) bool { return maps.Equal(other.labels, r.labels) }
		if of == nil || r.name != n.Name || slices.ContainsFunc(writers[:i], same) {
			return nil
		}
		if found == nil {
			found = &names{}
		}
		set := slices.Collect(maps.Keys(r.labels))
		found.apart = add(slices.Clone(found.apart), append(set, of.apart...)...)
		found.all = add(slices.Clone(found.all), append(set, of.all...)...)
	}
	return found
}

// renames tells to which label a call copies the whole of another one.
func renames(n *parser.Call) (to, from string, ok bool) {
	if n.Func.Name != "label_replace" {
		return "", "", false
	}
	text := func(i int) string {
		literal, _ := n.Args[i].(*parser.StringLiteral)
		if literal == nil {
			return ""
		}
		return literal.Val
	}
	return text(1), text(3), text(2) == "$1" && text(4) == "(.+)"
}

func renamed(all []string, from, to string) []string {
	all = slices.Clone(all)
	if at := slices.Index(all, from); at >= 0 {
		all[at] = to
	}
	return all
}

// ofOne tells whether each group of an aggregation is of one series: it groups by all labels
// by which those are told apart, but for labels of one value only.
func (e *editor) ofOne(n *parser.AggregateExpr) bool {
	of := e.identity(n.Expr)
	if of == nil {
		return false
	}
	return !slices.ContainsFunc(of.apart, func(label string) bool {
		return slices.Contains(n.Grouping, label) == n.Without && len(valuesIn(n.Expr, label)) != 1
	})
}
