package main

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/value"
	"github.com/prometheus/prometheus/promql/parser"
)

// given is a series of a case, with its values at each interval since the start.
type given struct {
	labels labels.Labels
	values []parser.SequenceValue
}

func (g given) name() string { return g.labels.Get(model.MetricNameLabel) }

func (g given) with(label, value string) given {
	return given{labels.NewBuilder(g.labels).Set(label, value).Labels(), g.values}
}

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
	// others are seeds of the same interval.
	others []*seed
}

// mostChanges is how many changes there are at once: with more hardly anything fires.
const mostChanges = 4

// of are the series of a seed with some changes.
func (v *variation) of(s *seed) []given {
	lines, steps := slices.Clone(s.lines), s.steps()
	for n := 1 + v.few(mostChanges); n > 0; n-- {
		lines = v.change(lines, s, steps)
	}
	return once(lines)
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
			lines = append(lines, other.lines...) // two things at once
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

// valued is a series with other values: one next to a number that rules compare it with,
// from some time on or always, or a multiple of what it has.
func (v *variation) valued(one given, s *seed, steps int) given {
	values := slices.Clone(one.values)
	if len(values) == 0 || v.IntN(8) == 0 {
		values = make([]parser.SequenceValue, steps)
	}
	number := v.number(one.name())
	of := func(int, float64) float64 { return number }
	switch {
	case strings.HasSuffix(one.name(), "_timestamp_seconds"):
		if v.IntN(2) == 0 {
			number = -number // it is to come
		}
		of = func(i int, _ float64) float64 { return float64(i)*s.interval.Seconds() - number }
	case v.IntN(6) == 0:
		factor := []float64{2, 0.5, -1}[v.IntN(3)]
		of = func(_ int, was float64) float64 { return was * factor }
	case counts(one.name()) && v.IntN(3) > 0:
		return v.counted(one, values, number*[]float64{1, s.interval.Seconds(), s.interval.Seconds() / 2}[v.IntN(3)])
	}
	from, to := 0, len(values)
	if v.IntN(3) == 0 {
		from, to = v.span(len(values))
	}
	for i := from; i < to; i++ {
		if !ended(values[i]) {
			values[i] = parser.SequenceValue{Value: of(i, values[i].Value) + 0} // no negative zero
		}
	}
	return given{one.labels, values}
}

// span is a part of so many steps, often up to the last.
func (v *variation) span(steps int) (from, to int) {
	from = v.IntN(steps)
	if v.IntN(2) == 0 {
		return from, steps
	}
	return from, from + v.IntN(steps-from) + 1
}

// counts tells whether a metric is a counter, by its name.
func counts(metric string) bool {
	return slices.ContainsFunc([]string{"_total", "_sum", "_count", "_bucket"}, func(end string) bool { return strings.HasSuffix(metric, end) })
}

// counted is a counter that grows by so much with each step, always or for a while.
func (v *variation) counted(one given, values []parser.SequenceValue, by float64) given {
	from, to := 0, len(values)
	if v.IntN(2) == 0 {
		from, to = v.span(len(values))
	}
	sum := 0.0
	for i := range values {
		if i > from && i < to {
			sum += math.Abs(by)
		}
		if !ended(values[i]) {
			values[i] = parser.SequenceValue{Value: sum}
		}
	}
	return given{one.labels, values}
}

// number is one that rules know of a metric, or next to it.
func (v *variation) number(metric string) float64 {
	known := v.words.numbers[metric]
	if len(known) == 0 || v.IntN(3) == 0 {
		known = []float64{0, 1, 2, 3, 1}
	}
	n := known[v.IntN(len(known))]
	step := math.Max(math.Abs(n), 1) * 1e-6
	return []float64{n, n, n, n + step, n - step, n + 1, n - 1, n / 2, n * 1.5}[v.IntN(9)]
}

func ended(v parser.SequenceValue) bool { return !v.Omitted && value.IsStaleNaN(v.Value) }

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
	for n := range 6 + v.IntN(10) {
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

// within is a series that is there from one step to before another.
func (g given) within(from, to int) given {
	values := slices.Clone(g.values)
	for i := range min(from, len(values)) {
		values[i] = parser.SequenceValue{Omitted: true}
	}
	if to < len(values) {
		values = append(values[:to], parser.SequenceValue{Value: math.Float64frombits(value.StaleNaN)})
	}
	return given{g.labels, values}
}

// timed is a series that begins later, or ends earlier.
func (v *variation) timed(one given) given {
	if len(one.values) == 0 {
		return one
	}
	at := v.IntN(len(one.values))
	if v.IntN(2) == 0 {
		return one.within(at, len(one.values))
	}
	return one.within(0, at)
}

// labelled is a series with another value of one label, one label more, or one less.
func (v *variation) labelled(one given, lines []given) given {
	names := v.words.names[one.name()]
	one.labels.Range(func(l labels.Label) {
		if l.Name != model.MetricNameLabel && !slices.Contains(names, l.Name) {
			names = append(names[:len(names):len(names)], l.Name)
		}
	})
	if len(names) == 0 {
		return one
	}
	label := names[v.IntN(len(names))]
	if v.mutant.label != "" && slices.Contains(v.mutant.metrics, one.name()) && v.IntN(3) > 0 {
		label = v.mutant.label
	}
	known := []string{"other", "other", ""}
	known = append(known, v.words.values[label]...)
	for _, l := range lines {
		if has := l.labels.Get(label); has != "" {
			known = append(known, has)
		}
	}
	return one.with(label, v.either(known...))
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

// asked adds a series as a selector of the rule wants it, but at times for one label, of an
// object that other series have.
func (v *variation) asked(lines []given, s *seed, steps int) []given {
	reads := v.mutant.original.reads
	of := reads[v.IntN(len(reads))]
	for n := 0; n < len(reads) && !slices.Contains(v.mutant.metrics, nameOf(of)) && v.IntN(3) > 0; n++ {
		of = reads[v.IntN(len(reads))]
	}
	name := nameOf(of)
	if name == "" {
		return lines
	}
	b := labels.NewBuilder(labels.FromStrings(model.MetricNameLabel, name))
	if len(lines) > 0 {
		like := lines[v.line(lines)].labels
		for _, label := range v.words.names[name] {
			if has := like.Get(label); has != "" {
				b.Set(label, has)
			}
		}
		b.Set("cluster", like.Get("cluster"))
	}
	for _, m := range of {
		if m.Name != model.MetricNameLabel && v.IntN(8) > 0 {
			b.Set(m.Name, v.matched(m))
		}
	}
	return append(lines, v.valued(given{b.Labels(), nil}, s, steps))
}

// matched is a value that a matcher takes, or at times one that it does not.
func (v *variation) matched(m *labels.Matcher) string {
	wanted := v.IntN(8) > 0
	known := append(slices.Clone(v.words.values[m.Name]), m.Value, "other", "")
	v.Shuffle(len(known), func(i, j int) { known[i], known[j] = known[j], known[i] })
	for _, one := range known {
		if m.Matches(one) == wanted {
			return one
		}
	}
	return "other"
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
