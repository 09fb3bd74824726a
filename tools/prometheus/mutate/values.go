package main

import (
	"math"
	"slices"
	"strings"

	"github.com/prometheus/prometheus/model/value"
	"github.com/prometheus/prometheus/promql/parser"
)

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
			if v.measured && counts(one.name()) {
				values[i].Value = math.Abs(values[i].Value) // no program counts below 0, which proofs rely on
			}
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
