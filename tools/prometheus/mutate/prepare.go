package main

import (
	"maps"
	"slices"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"
)

// attempt is a mutant with the rules whose results it may change.
type attempt struct {
	*mutant
	affected map[int]bool
	// needs are the rules that it reads; relabelled is the graph with it where its labels
	// are others, which others may read or no longer read.
	needs      []int
	relabelled *graph
}

// attemptsOf are those mutants that are to be tried.
func attemptsOf(g *graph, mutants []*mutant) []*attempt {
	var all []*attempt
	affected := map[int]map[int]bool{}
	for _, m := range mutants {
		if m.state != alive {
			continue
		}
		m.rule.ready()
		a := &attempt{mutant: m}
		changed := g.with(m.at, m.rule)
		a.needs = changed.needs[m.at]
		if maps.Equal(m.original.labels, m.rule.labels) {
			// Whatever is changed then of one rule concerns the same others.
			if affected[m.at] == nil {
				affected[m.at] = g.affected(m.at, changed)
			}
			a.affected = affected[m.at]
		} else {
			a.affected, a.relabelled = g.affected(m.at, changed), changed
		}
		all = append(all, a)
	}
	return all
}

// in is the graph with the mutant in place of its rule.
func (m *attempt) in(g *graph) *graph {
	if m.relabelled != nil {
		return m.relabelled
	}
	changed := &graph{rules: slices.Clone(g.rules), needs: slices.Clone(g.needs), feeds: g.feeds}
	changed.rules[m.at], changed.needs[m.at] = m.rule, m.needs
	return changed
}

// prepared is a case with the rules that each of its tests looks at.
type prepared struct {
	*testCase
	alerts, exprs [][]int
	// selectors are those of each expression.
	selectors [][][]*labels.Matcher
	needed    map[int]bool
	possible  *possibility
	// order is that of the rules that may come to anything.
	order    []int
	families map[string]bool
}

// prepare finds which rules the tests of a case look at.
func prepare(g *graph, t *testCase) *prepared {
	p := &prepared{testCase: t, families: map[string]bool{}}
	var from []int
	for i := range t.Alerts {
		p.alerts = append(p.alerts, g.named(t.Alerts[i].Alert))
		from = append(from, p.alerts[i]...)
	}
	for i := range t.Exprs {
		p.exprs = append(p.exprs, g.read(t.Exprs[i].parsed))
		p.selectors = append(p.selectors, parser.ExtractSelectors(t.Exprs[i].parsed))
		from = append(from, p.exprs[i]...)
	}
	for _, i := range from {
		p.families[family(g.rules[i].group)] = true
	}
	p.needed = reached(from, g.needs)
	return p
}

// look finds which rules may come to anything, which takes its time, once.
func (p *prepared) look(g *graph) {
	if p.possible == nil {
		p.possible = possible(g, p.testCase, p.needed)
		p.order = ordered(g.rules, p.file, p.possible.rules)
	}
}

// whole is everything that a case asks.
func (p *prepared) whole() asked {
	var a asked
	for i := range p.Alerts {
		a.alerts = append(a.alerts, i)
	}
	for i := range p.Exprs {
		a.exprs = append(a.exprs, i)
	}
	return a
}

// asks are those of the tests of a case that a mutant may fail.
func (p *prepared) asks(m *attempt) asked {
	touched := func(all []int) bool {
		return slices.ContainsFunc(all, func(i int) bool { return m.affected[i] })
	}
	var a asked
	for i, all := range p.alerts {
		if touched(all) {
			a.alerts = append(a.alerts, i)
		}
	}
	for i := range p.exprs {
		if touched(p.exprs[i]) || m.relabelled != nil && slices.ContainsFunc(p.selectors[i], m.rule.feeds) {
			a.exprs = append(a.exprs, i)
		}
	}
	return a
}

// from are the rules that some tests of a case look at.
func (p *prepared) from(a asked, g *graph, m *attempt) []int {
	var from []int
	for _, i := range a.alerts {
		from = append(from, p.alerts[i]...)
	}
	for _, i := range a.exprs {
		from = append(from, p.exprs[i]...)
		if m.relabelled != nil {
			from = append(from, g.read(p.Exprs[i].parsed)...)
		}
	}
	return from
}

// taking are the rules that take part when a mutant is tried, and which of them are
// evaluated. The others write what they wrote without it, or nothing.
func (p *prepared) taking(m *attempt, g *graph, from []int) (order []int, live func(int) bool) {
	some := reached(from, g.needs)
	now := p.possible
	if !now.rules[m.at] || m.relabelled != nil {
		now = now.with(g, some)
	}
	maps.DeleteFunc(some, func(i int, _ bool) bool { return !now.rules[i] && !p.possible.rules[i] })
	return ordered(g.rules, p.file, some), func(i int) bool { return m.affected[i] || !p.needed[i] }
}

// todo are the mutants to try on a case, with what of it may notice them. Near are those
// of rules in the groups that the case looks at.
func (p *prepared) todo(g *graph, attempts []*attempt, near bool) map[*attempt]asked {
	todo := map[*attempt]asked{}
	of := map[int]asked{} // the same of all mutants of a rule, but for those of its labels
	for _, m := range attempts {
		if p.families[family(m.original.group)] != near || m.state != alive {
			continue
		}
		a, known := of[m.at]
		if !known || m.relabelled != nil {
			a = p.asks(m)
		}
		if m.relabelled == nil {
			of[m.at] = a
		}
		if len(a.alerts)+len(a.exprs) == 0 {
			continue
		}
		if p.look(g); p.possible.rules[m.at] || p.possible.of(m.rule.parsed) {
			todo[m] = a
		}
	}
	return todo
}
