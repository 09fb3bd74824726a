package main

import (
	"maps"
	"slices"
	"time"

	"github.com/prometheus/prometheus/promql/parser"
)

// mostLines is how many series a seed may have: what is larger takes long.
const mostLines = 120

// sow makes seeds of cases for the mutants that are alive: of one with many clusters one for
// each of them.
func (s *seeker) sow(cases []*testCase) {
	wanted := map[string]bool{}
	for _, m := range s.alive {
		wanted[family(m.original.group)] = true
	}
	for _, c := range cases {
		s.engine(c) // before there are workers
		p := prepare(s.graph, c)
		maps.DeleteFunc(p.families, func(name string, _ bool) bool { return !wanted[name] })
		if len(p.families) == 0 {
			continue
		}
		lines := c.lines(s.parser)
		if len(lines) == 0 || len(lines) > 10*mostLines {
			continue
		}
		for _, some := range apart(lines) {
			one := &seed{lines: some, interval: time.Duration(c.Interval), file: c.file, times: c.times()}
			one.possible = s.possibleOf(one, p)
			for name := range p.families {
				s.seeds[name] = append(s.seeds[name], one)
			}
		}
	}
}

// seedsOf are those in which the rule of a mutant may come to something, or all of its groups
// if there are none.
func (s *seeker) seedsOf(m *attempt) []*seed {
	all := s.seeds[family(m.original.group)]
	var near []*seed
	for _, one := range all {
		if one.possible[m.at] {
			near = append(near, one)
		}
	}
	if len(near) == 0 {
		return all
	}
	return near
}

// apart are series as they are, or those of each cluster where there are many.
func apart(lines []given) [][]given {
	of, order := map[string][]given{}, []string{}
	for _, l := range lines {
		cluster := l.labels.Get("cluster")
		if of[cluster] == nil {
			order = append(order, cluster)
		}
		of[cluster] = append(of[cluster], l)
	}
	if len(lines) <= mostLines/2 && len(order) < 4 {
		return [][]given{lines}
	}
	var all [][]given
	for _, cluster := range order {
		if some := of[cluster]; len(some) <= mostLines {
			for i, l := range some {
				some[i] = l.with("cluster", "a")
			}
			all = append(all, some)
		}
	}
	return all
}

// possibleOf are the rules that may come to anything of a seed.
func (s *seeker) possibleOf(one *seed, p *prepared) map[int]bool {
	c := &testCase{file: p.file, Interval: p.Interval}
	for _, l := range one.lines {
		c.Input = append(c.Input, l.input())
	}
	if c.read(s.parser) != nil {
		return nil
	}
	return possible(s.graph, c, p.needed).rules
}

// lines are the series of a case.
func (c *testCase) lines(p parser.Parser) []given {
	var all []given
	for _, in := range c.Input {
		of, values, err := p.ParseSeriesDesc(in.Series + " " + in.Values)
		if err == nil { // it was read before
			all = append(all, given{of, values})
		}
	}
	return once(all)
}

// times are those at which a case looks.
func (c *testCase) times() []time.Duration {
	all := map[time.Duration]bool{}
	for _, a := range c.Alerts {
		all[time.Duration(a.At)] = true
	}
	for _, e := range c.Exprs {
		all[time.Duration(e.At)] = true
	}
	return slices.Sorted(maps.Keys(all))
}
