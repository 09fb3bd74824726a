package main

import (
	"maps"
	"slices"

	"github.com/prometheus/prometheus/promql/parser"
)

// graph says which rules read what others write.
type graph struct {
	rules ruleset
	// needs and feeds are indexes of rules by that of a rule: what it reads, what reads it.
	needs, feeds [][]int
}

func newGraph(all ruleset) *graph {
	g := &graph{rules: all, needs: make([][]int, len(all)), feeds: make([][]int, len(all))}
	for i, one := range all {
		one.ready()
		for j, other := range all {
			if one.needs(other) {
				g.needs[i] = append(g.needs[i], j)
				g.feeds[j] = append(g.feeds[j], i)
			}
		}
	}
	return g
}

// with returns the graph of the rules of which one is another of the same name. What it
// feeds is no other if its labels are the same.
func (g *graph) with(at int, other *rule) *graph {
	if maps.Equal(g.rules[at].labels, other.labels) {
		changed := &graph{rules: slices.Clone(g.rules), needs: slices.Clone(g.needs), feeds: g.feeds}
		changed.rules[at], changed.needs[at] = other, nil
		for i, one := range changed.rules {
			if other.needs(one) {
				changed.needs[at] = append(changed.needs[at], i)
			}
		}
		return changed
	}
	changed := &graph{rules: slices.Clone(g.rules), needs: slices.Clone(g.needs), feeds: slices.Clone(g.feeds)}
	changed.rules[at] = other
	changed.needs[at], changed.feeds[at] = nil, nil
	for i, one := range changed.rules {
		reads := i != at && one.needs(other)
		if i == at {
			reads = other.needs(other)
		} else if other.needs(one) {
			changed.needs[at] = append(changed.needs[at], i)
		}
		if reads != slices.Contains(g.needs[i], at) && i != at {
			changed.needs[i] = slices.DeleteFunc(slices.Clone(g.needs[i]), func(j int) bool { return j == at })
			if reads {
				changed.needs[i] = append(changed.needs[i], at)
			}
		}
		if reads {
			changed.feeds[at] = append(changed.feeds[at], i)
			if i == at {
				changed.needs[at] = append(changed.needs[at], at)
			}
		}
	}
	return changed
}

// reached are the rules that are come to from some, these included.
func reached(from []int, next [][]int) map[int]bool {
	seen := map[int]bool{}
	for todo := slices.Clone(from); len(todo) > 0; {
		one := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		if !seen[one] {
			seen[one] = true
			todo = append(todo, next[one]...)
		}
	}
	return seen
}

// affected are the rules whose results may change when one is replaced by another: it,
// what reads what it wrote or writes now, and so on.
func (g *graph) affected(at int, changed *graph) map[int]bool {
	all := reached([]int{at}, g.feeds)
	for i := range reached([]int{at}, changed.feeds) {
		all[i] = true
	}
	return all
}

// named are the rules of an alert.
func (g *graph) named(alert string) []int {
	var found []int
	for i, r := range g.rules {
		if r.alert && r.name == alert {
			found = append(found, i)
		}
	}
	return found
}

// read are the rules whose results an expression reads.
func (g *graph) read(expr parser.Expr) []int {
	var found []int
	selectors := parser.ExtractSelectors(expr)
	for i, r := range g.rules {
		if slices.ContainsFunc(selectors, r.feeds) {
			found = append(found, i)
		}
	}
	return found
}
