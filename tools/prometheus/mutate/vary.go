package main

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"
)

// seed is what the series of a case are made of: those of another case.
type seed struct {
	lines    []given
	interval time.Duration
	file     *testFile
	// times are those at which the other case looks.
	times []time.Duration
	// possible are the rules that may come to anything.
	possible map[int]bool
}

// steps is for how many intervals there is anything, or is looked at something.
func (s *seed) steps() int {
	n := 1
	for _, l := range s.lines {
		n = max(n, len(l.values))
	}
	for _, t := range s.times {
		n = max(n, int(t/s.interval)+1)
	}
	return n
}

// size is how many values there may be.
func (s *seed) size() int { return s.steps() * len(s.lines) }

// variation changes the series of seeds by chance, in ways that matter to rules: values next
// to the numbers of rules, labels that rules ask for or join by, series that come, end or are
// there twice, and those of another seed.
type variation struct {
	*rand.Rand
	words *vocabulary
	// mutant is what is to come to something else than its rule.
	mutant *mutant
	// others are seeds of the same signal.
	others []*seed
	// measured is whether there is nothing that only rules write.
	measured bool
}

// mostChanges is how many changes there are at once: with more hardly anything fires.
const mostChanges = 4

// of are the series of a seed with some changes.
func (v *variation) of(s *seed) []given {
	lines, steps := v.taken(s), s.steps()
	for n := 1 + v.few(mostChanges); n > 0; n-- {
		lines = v.change(lines, s, steps)
	}
	return once(lines)
}

// taken are the series of a seed.
func (v *variation) taken(s *seed) []given {
	below := func(x parser.SequenceValue) bool { return x.Value < 0 }
	return slices.DeleteFunc(slices.Clone(s.lines), func(l given) bool {
		return v.measured && (!measured(l.name()) || counts(l.name()) && slices.ContainsFunc(l.values, below))
	})
}

// few is a number below the limit, of which each is half as likely as the one before.
func (v *variation) few(limit int) int {
	n := 0
	for n < limit-1 && v.IntN(2) == 0 {
		n++
	}
	return n
}

func (v *variation) change(lines []given, s *seed, steps int) []given {
	if len(lines) == 0 {
		return v.asked(lines, s, steps)
	}
	at := v.line(lines)
	one := lines[at]
	switch v.IntN(14) {
	case 0, 1, 2:
		lines[at] = v.valued(one, s, steps)
	case 3:
		lines = slices.Delete(lines, at, at+1)
	case 4:
		lines[at] = v.timed(one)
	case 5:
		lines[at] = v.labelled(one, lines)
	case 6, 7:
		lines = append(lines, v.valued(v.labelled(one, lines), s, steps))
	case 8:
		lines = append(lines, v.valued(one.with("instance", v.either("two", "other")), s, steps))
	case 9:
		lines = v.many(lines, s, steps)
	case 10:
		lines = v.elsewhere(lines, s, steps)
	case 11:
		if other := v.others[v.IntN(len(v.others))]; other != s {
			lines = append(lines, v.taken(other)...) // two things at once
		}
	default:
		lines = v.asked(lines, s, steps)
	}
	return lines
}

// line is one of them: most often one of a metric that the change is about, or that the rule
// reads at least.
func (v *variation) line(lines []given) int {
	var changed, read []int
	for i, l := range lines {
		if slices.Contains(v.mutant.metrics, l.name()) {
			changed = append(changed, i)
		}
		if slices.ContainsFunc(v.mutant.original.reads, func(m []*labels.Matcher) bool { return nameOf(m) == l.name() }) {
			read = append(read, i)
		}
	}
	for _, some := range [][]int{changed, read} {
		if len(some) > 0 && v.IntN(3) > 0 {
			return some[v.IntN(len(some))]
		}
	}
	return v.IntN(len(lines))
}

func (v *variation) either(some ...string) string { return some[v.IntN(len(some))] }

// most is how many objects there are at most.
const most = 100

// crowd is how many are many: a dozen, or as many as a rule knows of.
func (v *variation) crowd() int {
	n := 6 + v.IntN(10)
	if known := v.words.of[v.mutant.original.name]; v.IntN(4) == 0 && len(known) > 0 {
		if of := known[v.IntN(len(known))]; of > float64(n) && of <= most {
			n = int(of) + v.IntN(2)
		}
	}
	return n
}

// many are a dozen more of a series, or of all, with as many values of one label; some of them
// may be others.
func (v *variation) many(lines []given, s *seed, steps int) []given {
	at := v.line(lines)
	var names []string
	lines[at].labels.Range(func(l labels.Label) {
		if l.Name != model.MetricNameLabel && l.Name != "job" {
			names = append(names, l.Name)
		}
	})
	if len(names) == 0 {
		return lines
	}
	label := names[v.IntN(len(names))]
	of := lines[at : at+1]
	if v.IntN(2) == 0 {
		has := lines[at].labels.Get(label)
		of = nil
		for _, l := range lines {
			if l.labels.Get(label) == has && len(of) < 4 {
				of = append(of, l)
			}
		}
	}
	from, to := 0, steps
	if v.IntN(2) == 0 {
		from, to = v.span(steps)
	}
	for n := range v.crowd() {
		for _, l := range of {
			l = l.with(label, fmt.Sprintf("%s-%d", l.labels.Get(label), n))
			if v.IntN(10) == 0 {
				l = v.timed(l)
			}
			lines = append(lines, l.within(from, to))
		}
	}
	return lines
}

// elsewhere puts into another cluster what is there, or one series of it, with a change.
func (v *variation) elsewhere(lines []given, s *seed, steps int) []given {
	var other []given
	if v.IntN(2) == 0 {
		other = append(other, lines[v.IntN(len(lines))])
	} else {
		other = slices.Clone(lines)
	}
	at := v.IntN(len(other))
	switch v.IntN(4) {
	case 0:
		other = slices.Delete(other, at, at+1)
	case 1:
		other[at] = v.valued(other[at], s, steps)
	case 2:
		other[at] = v.labelled(other[at], lines)
	}
	for _, l := range other {
		lines = append(lines, l.with("cluster", "elsewhere"))
	}
	return lines
}

// once leaves out what is there twice: the last of the same labels stands.
func once(lines []given) []given {
	seen := map[string]bool{}
	var all []given
	for _, l := range slices.Backward(lines) {
		if key := l.labels.String(); !seen[key] {
			seen[key] = true
			all = append(all, l)
		}
	}
	slices.Reverse(all)
	return all
}
