package main

import (
	"context"
	"fmt"
	"maps"
	"math"
	"slices"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/value"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/rules"
)

// asked is what a play of a case looks at: some of its tests, by their index.
type asked struct {
	alerts, exprs []int
	// until, if set, is the number of steps to play, whatever is looked at.
	until int
}

// last is the time of the last of them, since the start of the case.
func (a asked) last(c *testCase) time.Duration {
	last := time.Duration(max(0, a.until-1)) * time.Duration(c.file.Interval)
	for _, i := range a.alerts {
		last = max(last, time.Duration(c.Alerts[i].At))
	}
	for _, i := range a.exprs {
		last = max(last, time.Duration(c.Exprs[i].At))
	}
	return last
}

// play is one run of a case: rules are evaluated over its series, step by step, in the
// order and by the code of Prometheus.
type play struct {
	c     *testCase
	all   ruleset
	store *store
	query rules.QueryFunc
	order []int              // of the rules that take part
	live  map[int]rules.Rule // those that are evaluated
	left  map[int]map[string]labels.Labels
	taped *tape // of the others
	new   *tape
	// known is what the expressions of some rules come to.
	known map[int]vectors
}

// newPlay prepares a run of those of the rules that are needed. What is not live is
// taken from the tape.
func newPlay(e *promql.Engine, c *testCase, all ruleset, order []int, live func(int) bool, taped *tape) *play {
	p := &play{
		c: c, all: all, store: newStore(c.inputs), order: order, taped: taped,
		live: map[int]rules.Rule{}, left: map[int]map[string]labels.Labels{},
		new: &tape{wrote: map[int][][]promql.Sample{}, fired: map[int]map[int][]told{}, foreseen: map[int]promql.Matrix{}},
	}
	p.new.written = p.store.written
	p.query = rules.EngineQueryFunc(e, p.store)
	for _, i := range order {
		if live(i) {
			p.live[i] = p.make(i)
		}
	}
	return p
}

// make makes a rule without any state. What alerts say that nobody looks at takes most of
// the time otherwise.
func (p *play) make(i int) rules.Rule {
	told := slices.ContainsFunc(p.c.Alerts, func(t alertTest) bool { return t.Alert == p.all[i].name })
	return p.all[i].made(p.c.ExternalLabels, p.c.ExternalURL, told)
}

// run plays until the last of what is asked, and returns why the case fails, or nothing.
// An error of a rule is a failure, as with promtool; the error is one of the context.
func (p *play) run(ctx context.Context, all ruleset, a asked) (string, error) {
	interval, start := time.Duration(p.c.file.Interval), p.c.start()
	last := start.Add(a.last(p.c))
	step := 0
	for ts := start; !ts.After(last); ts = ts.Add(interval) {
		p.store.now = ts.UnixMilli()
		for _, i := range p.order {
			if err := p.step(ctx, all[i], i, step, ts); err != nil {
				return fmt.Sprintf("%s at %s: %s", all[i].title(), ts.Sub(start), err), ctx.Err()
			}
		}
		if failure := p.alerts(all, a, step, ts.Sub(start)); failure != "" {
			return failure, nil
		}
		step++
		p.new.steps = step
	}
	return p.expressions(ctx, a)
}

// expressions judges the tests of expressions, of which all samples are there.
func (p *play) expressions(ctx context.Context, a asked) (string, error) {
	for _, i := range a.exprs {
		e := &p.c.Exprs[i]
		v, err := p.query(ctx, e.Expr, p.c.start().Add(time.Duration(e.At)))
		if err != nil {
			return fmt.Sprintf("%s: %s", e.Expr, err), ctx.Err()
		}
		if failure := e.judge(samplesOf(v), p.c.file.FuzzyCompare); failure != "" {
			return failure, nil
		}
	}
	return "", nil
}

// step evaluates one rule at one time, and keeps what it writes.
func (p *play) step(ctx context.Context, r *rule, i, step int, ts time.Time) error {
	live, ok := p.live[i]
	if !ok {
		for _, s := range p.taped.at(i, step) {
			if err := p.store.append(i, s.Metric, s.T, s.F); err != nil {
				return err
			}
		}
		return nil
	}
	vector, err := live.Eval(ctx, 0, ts, p.queryOf(r, i), nil, r.limit)
	if err != nil {
		return err
	}
	returned := make(map[string]labels.Labels, len(vector))
	var wrote []promql.Sample
	for _, s := range vector {
		if s.H != nil {
			return errHistogram
		}
		if err := p.store.append(i, s.Metric, s.T, s.F); err != nil {
			return err
		}
		returned[string(s.Metric.Bytes(nil))] = s.Metric
		wrote = append(wrote, s)
	}
	for key, l := range p.left[i] {
		if _, ok := returned[key]; ok {
			continue
		}
		// What is no longer returned ends now. Another rule may have written it.
		ended := promql.Sample{Metric: l, T: ts.UnixMilli(), F: math.Float64frombits(value.StaleNaN)}
		if p.store.append(i, l, ended.T, ended.F) == nil {
			wrote = append(wrote, ended)
		}
	}
	p.left[i] = returned
	p.new.wrote[i] = append(p.new.wrote[i], wrote)
	return nil
}

// queryOf asks what a rule asks, or tells what is known of it.
func (p *play) queryOf(r *rule, i int) rules.QueryFunc {
	if p.known[i] != nil {
		return p.known[i].answering(r.text, p.query)
	}
	return p.query
}

// alerts judges the tests of alerts whose time is now, up to the next step.
func (p *play) alerts(all ruleset, a asked, step int, since time.Duration) string {
	for _, at := range a.alerts {
		t := &p.c.Alerts[at]
		if d := time.Duration(t.At); d < since || d >= since+time.Duration(p.c.file.Interval) {
			continue
		}
		var got []told
		for i, r := range all {
			if r.alert && r.name == t.Alert {
				got = append(got, p.firing(i, step)...)
			}
		}
		if failure := t.judge(got); failure != "" {
			return failure
		}
	}
	return ""
}

// firing are the alerts of a rule that fire now.
func (p *play) firing(i, step int) []told {
	if seen, ok := p.new.fired[step][i]; ok {
		return seen // where rules are played one by one
	}
	if _, ok := p.live[i]; ok {
		return p.fires(i, step)
	}
	if p.taped == nil {
		return nil // it never can
	}
	return p.taped.fired[step][i]
}

// fires keeps the alerts of a rule that is evaluated and fires now.
func (p *play) fires(i, step int) []told {
	if p.new.fired[step] == nil {
		p.new.fired[step] = map[int][]told{}
	}
	p.new.fired[step][i] = firing(p.live[i])
	return p.new.fired[step][i]
}

// ordered are rules in the order in which a file of tests evaluates their groups.
func ordered(all ruleset, file *testFile, some map[int]bool) []int {
	order := slices.Sorted(maps.Keys(some))
	slices.SortStableFunc(order, func(a, b int) int {
		return max(0, slices.Index(file.Order, all[a].group)) - max(0, slices.Index(file.Order, all[b].group))
	})
	return order
}
