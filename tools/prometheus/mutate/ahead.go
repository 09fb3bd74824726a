package main

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/prometheus/prometheus/promql"
)

// ahead plays a case rule by rule, where a play goes step by step: each rule is evaluated
// at all steps before the next one is, so that one query can ask for all of them, and a
// rule of which nothing that it reads is other than on the tape need not be evaluated at
// all. Where rules read one another they are evaluated again until nothing changes: then
// each comes to what it does step by step, for what a rule reads is of this step or of
// earlier ones, and there is one solution only.
type ahead struct {
	*play
	campaign *campaign
	of       *prepared
	graph    *graph
	place    map[int]int
	// todo are the rules to evaluate, and played is how often each was.
	todo   map[int]bool
	played map[int]int
}

// mostRounds is how often a rule is evaluated before it is given up.
const mostRounds = 6

// ahead plays what is asked, and returns why the case fails; ok is whether it could.
func (c *campaign) ahead(ctx context.Context, p *prepared, g *graph, played *play, always func(int) bool, a asked) (failure string, ok bool, err error) {
	one := &ahead{play: played, campaign: c, of: p, graph: g, place: map[int]int{}, todo: map[int]bool{}, played: map[int]int{}}
	for n, i := range played.order {
		one.place[i], one.todo[i] = n, always(i)
	}
	clear(played.live) // of what is not played the tape tells
	played.store.taped, played.store.played = played.taped.written, map[int]bool{}
	played.new.steps = int(a.last(p.testCase)/time.Duration(p.file.Interval)) + 1
	order := g.sorted(played.order)
	for again := true; again; {
		again = false
		for _, i := range order {
			if !one.todo[i] {
				continue
			}
			if one.played[i]++; one.played[i] > mostRounds {
				return "", false, nil
			}
			if failure, err = one.rule(ctx, i, a); failure != "" || err != nil || played.store.shared {
				return failure, !played.store.shared, err
			}
			again = true
		}
	}
	failure, err = one.judge(ctx, a)
	return failure, true, err
}

// sorted are rules in an order in which each stands behind those that it reads, but for
// where they read in a circle.
func (g *graph) sorted(some []int) (order []int) {
	seen, takes := map[int]bool{}, map[int]bool{}
	for _, i := range some {
		takes[i] = true
	}
	var visit func(int)
	visit = func(i int) {
		seen[i] = true
		for _, j := range g.needs[i] {
			if takes[j] && !seen[j] {
				visit(j)
			}
		}
		order = append(order, i)
	}
	for _, i := range some {
		if !seen[i] {
			visit(i)
		}
	}
	return order
}

// rule plays one rule up to the last of what is asked. Where it comes to something else
// than it last did those that read it are to be played, too.
func (p *ahead) rule(ctx context.Context, i int, a asked) (string, error) {
	all := p.graph.rules
	interval, start := time.Duration(p.c.file.Interval), p.c.start()
	steps := p.new.steps
	before := p.anew(i)
	if err := p.foresee(ctx, i, steps); err != nil {
		return "", err
	}
	if known, ok := p.known[i]; ok && len(known) == 0 {
		p.new.wrote[i] = make([][]promql.Sample, steps)
		p.tell(i, before)
		return "", nil
	}
	p.store.late = func(writer int) bool { return p.late(i, writer) }
	looked := p.looked(i, a)
	for step := range steps {
		ts := start.Add(time.Duration(step) * interval)
		p.store.now = ts.UnixMilli()
		if err := p.step(ctx, all[i], i, step, ts); err != nil {
			return fmt.Sprintf("%s at %s: %s", all[i].title(), ts.Sub(start), err), ctx.Err()
		}
		if looked[step] {
			p.fires(i, step)
		}
	}
	p.tell(i, before)
	return "", nil
}

// tell lets what reads a rule be played, if it wrote something else than before.
func (p *ahead) tell(i int, before [][]promql.Sample) {
	p.todo[i] = false
	for step, wrote := range p.new.wrote[i] {
		if before == nil && len(wrote) > 0 || before != nil && !sameSamples(wrote, before[step]) {
			for _, j := range p.order {
				p.todo[j] = p.todo[j] || j != i && slices.Contains(p.graph.needs[j], i)
			}
			return
		}
	}
}

// anew forgets what a rule came to, and returns what it wrote.
func (p *ahead) anew(i int) [][]promql.Sample {
	before := p.taped.wrote[i]
	if p.store.played[i] {
		before = p.new.wrote[i]
		p.store.written.forget(i)
		delete(p.new.wrote, i)
		delete(p.left, i)
		delete(p.new.foreseen, i)
		for _, rules := range p.new.fired {
			delete(rules, i)
		}
		delete(p.known, i)
	}
	p.store.played[i] = true
	p.live[i] = p.make(i)
	return before
}

// foresee asks for what a rule comes to at all steps, if that is not known and one query
// can tell: where it reads nothing that is written later in a step.
func (p *ahead) foresee(ctx context.Context, i, steps int) error {
	if p.known[i] != nil || slices.ContainsFunc(p.graph.needs[i], func(j int) bool { return p.late(i, j) }) {
		return nil
	}
	p.store.late = nil
	p.store.now = p.c.start().Add(time.Duration(steps-1) * time.Duration(p.c.file.Interval)).UnixMilli()
	if found := p.campaign.whole(ctx, p.of, p.graph.rules[i].text, p.store, steps); found != nil {
		if p.known == nil {
			p.known = map[int]vectors{}
		}
		p.known[i], p.new.foreseen[i] = vectorsOf(found), found
	}
	return ctx.Err()
}

// late tells whether what a rule writes in a step is not there yet when another reads.
func (p *ahead) late(reader, writer int) bool {
	at, takes := p.place[writer]
	return takes && at >= p.place[reader]
}

// looked are the steps at which the alerts of a rule are looked at.
func (p *ahead) looked(i int, a asked) map[int]bool {
	steps := map[int]bool{}
	if r := p.graph.rules[i]; r.alert {
		for _, at := range a.alerts {
			if p.c.Alerts[at].Alert == r.name {
				steps[int(p.c.Alerts[at].At/p.c.file.Interval)] = true
			}
		}
	}
	return steps
}

// judge looks at what is asked once all rules were played.
func (p *ahead) judge(ctx context.Context, a asked) (string, error) {
	for _, at := range a.alerts {
		step := int(p.c.Alerts[at].At / p.c.file.Interval)
		since := time.Duration(step) * time.Duration(p.c.file.Interval)
		if failure := p.alerts(p.graph.rules, asked{alerts: []int{at}}, step, since); failure != "" {
			return failure, nil
		}
	}
	p.store.late = nil
	p.store.now = p.c.start().Add(a.last(p.c).Truncate(time.Duration(p.c.file.Interval))).UnixMilli()
	return p.expressions(ctx, a)
}
