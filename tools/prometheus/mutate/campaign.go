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
	"golang.org/x/sync/errgroup"
)

// campaign lets tests judge mutants.
type campaign struct {
	graph   *graph
	workers int
	engines map[model.Duration]engines
	results *results
	parsed  *parsed
	// steps is whether all is played step by step, which takes much longer and comes to the
	// same. stepwise is how many cases could not be played otherwise.
	steps    bool
	stepwise int
	// near is whether mutants are tried on tests of their own signal alone.
	near bool
	// progress is told after each case.
	progress func(done, cases, alive int)
}

func newCampaign(g *graph, workers int) *campaign {
	c := &campaign{
		graph: g, workers: workers, engines: map[model.Duration]engines{}, results: &results{}, parsed: newParsed(),
		progress: func(int, int, int) {},
	}
	for _, r := range g.rules {
		c.parsed.add(r)
	}
	return c
}

func (c *campaign) engine(t *testCase) *promql.Engine {
	made, ok := c.engines[t.file.Interval]
	if !ok {
		made = newEngines(time.Duration(t.file.Interval), c.parsed)
		c.engines[t.file.Interval] = made
	}
	return made.step
}

// play plays a case with the rules as they are, all of them that it needs, and returns
// why it fails.
func (c *campaign) play(ctx context.Context, p *prepared) (string, *tape, error) {
	all := c.graph.rules
	played := newPlay(c.engine(p.testCase), p.testCase, all, p.order, func(int) bool { return true }, nil)
	failure, err := played.run(ctx, all, p.whole())
	return failure, played.new, err
}

// unmutated is what a case comes to with the rules as they are: rule by rule, or step by
// step where that can't be.
func (c *campaign) unmutated(ctx context.Context, p *prepared) (*tape, error) {
	if !c.steps {
		failure, played, ok, err := c.afresh(ctx, p, p.whole())
		if ok && failure == "" || err != nil {
			return played.new, err
		}
		c.stepwise++
	}
	failure, taped, err := c.play(ctx, p)
	taped.stepwise = true
	if err == nil && failure != "" {
		err = fmt.Errorf("%s fails without any change: %s", p.title(), failure)
	}
	return taped, err
}

// afresh plays what is asked of a case rule by rule, without anything on a tape.
func (c *campaign) afresh(ctx context.Context, p *prepared, a asked) (failure string, played *play, ok bool, err error) {
	every := func(int) bool { return true }
	played = newPlay(c.engine(p.testCase), p.testCase, c.graph.rules, p.order, every, &tape{written: newTable()})
	failure, ok, err = c.ahead(ctx, p, c.graph, played, every, a)
	return failure, played, ok, err
}

// try plays what a mutant may change of a case, and returns why the case fails.
func (c *campaign) try(ctx context.Context, p *prepared, m *attempt, a asked, taped *tape) (string, error) {
	known, same := c.compare(ctx, p, m, taped)
	if same {
		return "", ctx.Err()
	}
	g := m.in(c.graph)
	if known == nil && taped.stepwise && !c.noticeable(ctx, p, m, g, taped) {
		return "", ctx.Err()
	}
	order, live := p.taking(m, g, p.from(a, g, m))
	start := func() *play {
		played := newPlay(c.engines[p.file.Interval].step, p.testCase, g.rules, order, live, taped)
		played.known = known
		return played
	}
	if !taped.stepwise {
		failure, ok, err := c.ahead(ctx, p, g, start(), func(i int) bool { return i == m.at || !p.needed[i] }, a)
		if ok || err != nil {
			return failure, err
		}
	}
	return start().run(ctx, g.rules, a)
}

// compare tells what the mutant itself comes to, if one query can tell, and whether that is
// what its rule comes to. Most mutants come to the same in most cases, and then no test
// can fail.
func (c *campaign) compare(ctx context.Context, p *prepared, m *attempt, taped *tape) (known map[int]vectors, same bool) {
	before, ok := taped.foreseen[m.at]
	if !ok || !p.foreseeable(m.at, m.needs, m.affected) {
		return nil, false
	}
	after := before
	if m.rule.expr != m.original.expr {
		if after = c.foresee(ctx, p, m.rule.text, taped); after == nil {
			return nil, false
		}
		if sameMatrix(before, after) {
			return nil, true
		}
	}
	return map[int]vectors{m.at: vectorsOf(after)}, false
}

// noticeable tells whether a rule that records does anything else than before, step by step.
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
	played := newPlay(c.engines[p.file.Interval].step, p.testCase, g.rules, ordered(g.rules, p.file, some), func(i int) bool { return i == m.at }, taped)
	if failure, err := played.run(ctx, g.rules, asked{until: len(taped.wrote[m.at])}); failure != "" || err != nil {
		return true
	}
	return !slices.EqualFunc(played.new.wrote[m.at], taped.wrote[m.at], func(a, b []promql.Sample) bool {
		return sameSamples(a, b)
	})
}

// run tries the mutants on all cases until each is killed, or all were tried, or the time
// is over; then what earlier runs found is looked up still. The error says that a case fails
// without any change.
func (c *campaign) run(ctx context.Context, cases []*testCase, mutants []*mutant) error {
	attempts := attemptsOf(c.graph, mutants)
	for _, m := range attempts {
		c.parsed.add(m.rule)
	}
	of := map[*testCase]*prepared{}
	// Tests of the same signal first: most mutants do not live to see the others.
	passes := []bool{true, false}
	if c.near {
		passes = passes[:1]
	}
	for _, near := range passes {
		for n, t := range cases {
			p := of[t]
			if p == nil {
				p = prepare(c.graph, t)
				of[t] = p
			}
			todo := p.todo(c.graph, attempts, near)
			err := c.over(ctx, p, todo)
			if err != nil && !errors.Is(err, context.DeadlineExceeded) {
				return err
			}
			for m := range todo {
				// What earlier runs found is not in todo any more, and counts still.
				m.left = m.left || err != nil
			}
			attempts = slices.DeleteFunc(attempts, func(m *attempt) bool { return m.state != alive })
			c.progress(n+1, len(cases), len(attempts))
		}
	}
	return nil
}

// over tries mutants on one case, as many at once as there are workers.
func (c *campaign) over(ctx context.Context, p *prepared, todo map[*attempt]asked) error {
	keys := c.results.recall(c.graph, p, todo)
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
	told := &outcome{Case: p.title()}
	for _, m := range slices.SortedFunc(maps.Keys(todo), func(a, b *attempt) int { return a.at - b.at }) {
		group.Go(func() error {
			failure, err := c.try(ctx, p, m, todo[m], taped)
			if err != nil {
				return err
			}
			lock.Lock()
			defer lock.Unlock()
			told.add(keys[m], failure)
			if failure != "" {
				m.state, m.why = killed, p.title()+": "+failure
			}
			return nil
		})
	}
	return errors.Join(group.Wait(), c.results.keep(told))
}
