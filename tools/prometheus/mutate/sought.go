package main

import (
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/common/model"
)

// made is a case of series, which asks at times of its seed, at the end, and at some by chance.
func (s *seeker) made(from *seed, lines []given, m *attempt, r *rand.Rand) (*testCase, error) {
	times := slices.Clone(from.times)
	if len(times) > 3 {
		times = append(times[:2:2], times[len(times)-1])
	}
	steps := from.steps()
	turns := turnsOf(lines)
	for _, step := range []int{steps - 1, r.IntN(steps), turns[r.IntN(len(turns))] + r.IntN(3), turns[r.IntN(len(turns))] + r.IntN(20)} {
		times = add(times, time.Duration(min(step, steps-1))*from.interval)
	}
	slices.Sort(times)
	return s.caseOf(from.file, model.Duration(from.interval), lines, times, s.asks(m))
}

// turnsOf are the steps at which a series begins, ends, or goes on otherwise than before.
func turnsOf(lines []given) []int {
	turns := []int{0}
	for _, l := range lines {
		turns = add(turns, len(l.values))
		for i := 1; i+1 < len(l.values); i++ {
			before, now, after := l.values[i-1], l.values[i], l.values[i+1]
			if now.Omitted != before.Omitted || ended(now) || after.Value-now.Value != now.Value-before.Value {
				turns = add(turns, i)
			}
		}
	}
	return turns
}

// asks is the question of which the answer tells what a mutant changes: what it records, if it
// does, which texts and dashboards read; and which alerts fire.
func (s *seeker) asks(m *attempt) string {
	alerts := s.asksAlerts(m)
	if m.original.alert {
		return alerts
	}
	var own []string
	for _, name := range slices.Sorted(maps.Keys(m.original.labels)) {
		own = append(own, fmt.Sprintf("%s=%q", name, m.original.labels[name]))
	}
	records := m.original.name + "{" + strings.Join(own, ",") + "}"
	if alerts == "" {
		return records
	}
	return alerts + " or " + records
}

// asksAlerts asks which alerts of the same groups fire that a mutant may change, or else which
// of others; it is empty if there are none.
func (s *seeker) asksAlerts(m *attempt) string {
	own, all := []*rule{}, []*rule{}
	for i := range m.affected {
		if r := s.graph.rules[i]; r.alert {
			all = append(all, r)
			if family(r.group) == family(m.original.group) {
				own = append(own, r)
			}
		}
	}
	switch {
	case len(all) == 0:
		return ""
	case len(own) == 0:
		own = all
	}
	signals, names := map[string]bool{}, map[string]bool{}
	for _, r := range own {
		signals[r.labels["signal"]], names[r.name] = true, true
	}
	if signals[""] {
		return anyOf("alertname", names)
	}
	return anyOf("signal", signals)
}

// anyOf asks which alerts fire that have one of some values of a label.
func anyOf(label string, values map[string]bool) string {
	if len(values) == 1 {
		return fmt.Sprintf(`ALERTS{alertstate="firing",%s=%q}`, label, slices.Collect(maps.Keys(values))[0])
	}
	return fmt.Sprintf(`ALERTS{alertstate="firing",%s=~%q}`, label, strings.Join(slices.Sorted(maps.Keys(values)), "|"))
}

func (s *seeker) caseOf(file *testFile, interval model.Duration, lines []given, times []time.Duration, expr string) (*testCase, error) {
	c := &testCase{Interval: interval, file: file}
	for _, l := range lines {
		c.Input = append(c.Input, l.input())
	}
	for _, t := range times {
		c.Exprs = append(c.Exprs, exprTest{Expr: expr, At: model.Duration(t)})
	}
	return c, c.read(s.parser)
}

// judge plays a case without any change, which says what it expects, and then the mutants
// that are alive, or only some. It returns nothing if none is killed, or where rules fail.
func (s *seeker) judge(ctx context.Context, c *testCase, only ...*attempt) (*found, error) {
	p := prepare(s.graph, c)
	p.look(s.graph)
	if len(only) == 0 {
		only = s.living()
	}
	todo := p.todo(s.graph, only, true)
	if len(todo) == 0 {
		return nil, nil
	}
	taped, err := s.expects(ctx, p)
	if err != nil || taped == nil {
		return nil, err
	}
	of := &found{testCase: c}
	for m, a := range todo {
		failure, err := s.try(ctx, p, m, a, taped)
		if err != nil {
			return nil, err
		}
		if failure != "" {
			of.kills = append(of.kills, m.mutant)
		}
	}
	if len(of.kills) == 0 {
		return nil, ctx.Err()
	}
	return of, ctx.Err()
}

// expects sets what a case expects to what the rules come to. It returns nothing where rules
// fail, or can't be played one by one.
func (s *seeker) expects(ctx context.Context, p *prepared) (*tape, error) {
	until := int(p.last()/time.Duration(p.file.Interval)) + 1
	failure, played, ok, err := s.afresh(ctx, p, asked{until: until})
	if err != nil || !ok || failure != "" {
		return nil, err
	}
	for i := range p.Exprs {
		e := &p.Exprs[i]
		at := p.start().Add(time.Duration(e.At))
		played.store.late, played.store.now = nil, at.UnixMilli()
		v, err := played.query(ctx, e.Expr, at)
		if err != nil {
			return nil, err
		}
		e.expect = samplesOf(v)
	}
	return played.new, nil
}

// smaller takes away times and series which a case does not need to kill a mutant: the one
// that it was made for, or else the first of those. The case is named after it.
func (s *seeker) smaller(ctx context.Context, of *found, m *attempt) (*found, error) {
	if !slices.Contains(of.kills, m.mutant) {
		living := s.living() // once: other workers kill meanwhile
		at := slices.IndexFunc(living, func(a *attempt) bool { return a.mutant == of.kills[0] })
		if at < 0 {
			return nil, nil // another worker was faster
		}
		m = living[at]
	}
	made := func(lines []given, times []time.Duration) (*testCase, error) {
		return s.caseOf(of.file, of.Interval, lines, times, of.Exprs[0].Expr)
	}
	enough := func(lines []given, times []time.Duration) (bool, error) {
		c, err := made(lines, times)
		if err != nil {
			return false, err
		}
		one, err := s.judge(ctx, c, m)
		return one != nil, err
	}
	lines, times := of.lines(s.parser), of.times()
	for _, t := range times {
		ok, err := enough(lines, []time.Duration{t})
		if err != nil {
			return nil, err
		}
		if ok {
			times = []time.Duration{t}
			break
		}
	}
	lines, err := fewer(lines, func(some []given) (bool, error) { return enough(some, times) })
	if err != nil {
		return nil, err
	}
	c, err := made(lines, times)
	if err != nil {
		return nil, err
	}
	c.Name = fmt.Sprintf("%s, %s: %s", m.original.title(), m.operator, m.change())
	small, err := s.judge(ctx, c)
	if small != nil {
		small.signal = m.original.signal()
	}
	return small, err
}

// fewer leaves out whatever is not needed, many at once and then one by one.
func fewer(lines []given, enough func([]given) (bool, error)) ([]given, error) {
	for size := (len(lines) + 1) / 2; size > 0; size /= 2 {
		for from := 0; from < len(lines); {
			rest := slices.Delete(slices.Clone(lines), from, min(from+size, len(lines)))
			ok, err := enough(rest)
			if err != nil {
				return nil, err
			}
			if ok {
				lines = rest
			} else {
				from += size
			}
		}
	}
	return lines, nil
}
