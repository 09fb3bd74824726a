package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/parser"
	"golang.org/x/sync/errgroup"
)

// campaign lets tests judge mutants.
type campaign struct {
	graph   *graph
	workers int
	engines map[model.Duration]*promql.Engine
	// progress is told after each case.
	progress func(done, cases, alive int)
}

// attempt is a mutant with the rules whose results it may change.
type attempt struct {
	*mutant
	affected map[int]bool
}

// prepared is a case with the rules that each of its tests looks at.
type prepared struct {
	*testCase
	alerts, exprs [][]int
	needed        map[int]bool
	possible      *possibility
	families      map[string]bool
}

func newCampaign(g *graph, workers int) *campaign {
	return &campaign{graph: g, workers: workers, engines: map[model.Duration]*promql.Engine{}, progress: func(int, int, int) {}}
}

func (c *campaign) engine(t *testCase) *promql.Engine {
	if c.engines[t.file.Interval] == nil {
		c.engines[t.file.Interval] = newEngine(time.Duration(t.file.Interval))
	}
	return c.engines[t.file.Interval]
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
		from = append(from, p.exprs[i]...)
	}
	for _, i := range from {
		p.families[family(g.rules[i].group)] = true
	}
	p.needed = reached(from, g.needs)
	p.possible = possible(g, t, p.needed)
	return p
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
		if touched(p.exprs[i]) || slices.ContainsFunc(parser.ExtractSelectors(p.Exprs[i].parsed), m.rule.feeds) {
			a.exprs = append(a.exprs, i)
		}
	}
	return a
}

// play plays a case with the rules as they are, all of them that it needs, and returns
// why it fails.
func (c *campaign) play(ctx context.Context, p *prepared) (string, *tape, error) {
	all := c.graph.rules
	played := newPlay(c.engine(p.testCase), p.testCase, all, ordered(all, p.file, p.possible.rules), func(int) bool { return true }, nil)
	failure, err := played.run(ctx, all, p.whole())
	return failure, played.new, err
}

// unmutated is what a case comes to with the rules as they are.
func (c *campaign) unmutated(ctx context.Context, p *prepared) (*tape, error) {
	failure, taped, err := c.play(ctx, p)
	if err == nil && failure != "" {
		err = fmt.Errorf("%s fails without any change: %s", p.title(), failure)
	}
	return taped, err
}

// try plays what a mutant may change of a case, and returns why the case fails.
func (c *campaign) try(ctx context.Context, p *prepared, m *attempt, a asked, taped *tape) (string, error) {
	g := c.graph.with(m.at, m.rule)
	var from []int
	for _, i := range a.alerts {
		from = append(from, p.alerts[i]...)
	}
	for _, i := range a.exprs {
		from = append(from, g.read(p.Exprs[i].parsed)...)
	}
	if taped != nil && !c.noticeable(ctx, p, m, g, taped) {
		return "", ctx.Err()
	}
	order, live := p.taking(m, g, from)
	return newPlay(c.engines[p.file.Interval], p.testCase, g.rules, order, live, taped).run(ctx, g.rules, a)
}

// taking are the rules that take part when a mutant is tried, and which of them are
// evaluated. The others write what they wrote without it, or nothing.
func (p *prepared) taking(m *attempt, g *graph, from []int) (order []int, live func(int) bool) {
	some := reached(from, g.needs)
	now := p.possible
	if !now.rules[m.at] || !maps.Equal(m.original.labels, m.rule.labels) {
		now = now.with(g, some)
	}
	maps.DeleteFunc(some, func(i int, _ bool) bool { return !now.rules[i] && !p.possible.rules[i] })
	return ordered(g.rules, p.file, some), func(i int) bool { return m.affected[i] || !p.needed[i] }
}

// noticeable tells whether the rule itself does anything else than before. Most mutants
// don't in most cases, and then no test can fail.
func (c *campaign) noticeable(ctx context.Context, p *prepared, m *attempt, g *graph, taped *tape) bool {
	if !p.possible.rules[m.at] && !p.possible.of(m.rule.parsed) {
		return false
	}
	if m.original.alert || !slices.Equal(g.needs[m.at], c.graph.needs[m.at]) || slices.Contains(g.feeds[m.at], m.at) || taped.wrote[m.at] == nil {
		return true
	}
	some := map[int]bool{}
	for i := range reached([]int{m.at}, g.needs) {
		// What it reads must not read it in turn, else the tape is no longer true.
		if i != m.at && m.affected[i] {
			return true
		}
		some[i] = i == m.at || p.possible.rules[i]
	}
	maps.DeleteFunc(some, func(_ int, takes bool) bool { return !takes })
	played := newPlay(c.engines[p.file.Interval], p.testCase, g.rules, ordered(g.rules, p.file, some), func(i int) bool { return i == m.at }, taped)
	if failure, err := played.run(ctx, g.rules, asked{until: len(taped.wrote[m.at])}); failure != "" || err != nil {
		return true
	}
	return !slices.EqualFunc(played.new.wrote[m.at], taped.wrote[m.at], func(a, b []promql.Sample) bool {
		return sameSamples(a, b)
	})
}

// run tries the mutants on all cases until each is killed, or all were tried, or the time
// is over. The error says that a case fails without any change.
func (c *campaign) run(ctx context.Context, cases []*testCase, mutants []*mutant) error {
	var attempts []*attempt
	for _, m := range mutants {
		if m.state == alive {
			attempts = append(attempts, &attempt{m, c.graph.affected(m.at, c.graph.with(m.at, m.rule))})
		}
	}
	// Tests of the same signal first: most mutants do not live to see the others.
	for _, near := range []bool{true, false} {
		for n, t := range cases {
			if ctx.Err() != nil {
				for _, m := range attempts {
					m.left = m.state == alive
				}
				return nil
			}
			p := prepare(c.graph, t)
			todo := map[*attempt]asked{}
			for _, m := range attempts {
				if p.families[family(m.original.group)] != near || m.state != alive {
					continue
				}
				if a := p.asks(m); len(a.alerts)+len(a.exprs) > 0 && (p.possible.rules[m.at] || p.possible.of(m.rule.parsed)) {
					todo[m] = a
				}
			}
			if err := c.over(ctx, p, todo); err != nil && !errors.Is(err, context.DeadlineExceeded) {
				return err
			}
			attempts = slices.DeleteFunc(attempts, func(m *attempt) bool { return m.state != alive })
			c.progress(n+1, len(cases), len(attempts))
		}
	}
	return nil
}

// over tries mutants on one case, as many at once as there are workers.
func (c *campaign) over(ctx context.Context, p *prepared, todo map[*attempt]asked) error {
	if len(todo) == 0 || ctx.Err() != nil {
		return ctx.Err()
	}
	taped, err := c.unmutated(ctx, p)
	if err != nil {
		return err
	}
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(c.workers)
	var lock sync.Mutex
	for _, m := range slices.SortedFunc(maps.Keys(todo), func(a, b *attempt) int { return a.at - b.at }) {
		group.Go(func() error {
			failure, err := c.try(ctx, p, m, todo[m], taped)
			if err != nil || failure == "" {
				return err
			}
			lock.Lock()
			defer lock.Unlock()
			m.state, m.why = killed, p.title()+": "+failure
			return nil
		})
	}
	return group.Wait()
}
