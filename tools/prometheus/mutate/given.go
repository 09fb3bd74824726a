package main

import (
	"strconv"
	"strings"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
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

// input is a series as tests have it. What repeats is written once.
func (g given) input() inputSeries {
	var text []string
	for i := 0; i < len(g.values); {
		word, more := sequence(g.values[i]), i+1
		for more < len(g.values) && sequence(g.values[more]) == word {
			more++
		}
		n := more - i
		if by, steps := g.grows(i); n == 1 && steps > 2 {
			text, i = append(text, strconv.FormatFloat(g.values[i].Value, 'g', -1, 64)+signed(by)+"x"+strconv.Itoa(steps)), i+steps+1
			continue
		}
		switch {
		case n > 1 && word == "_":
			word += "x" + strconv.Itoa(n)
		case n > 1 && word != "stale":
			word += "x" + strconv.Itoa(n-1)
		case n > 1:
			word = strings.TrimSpace(strings.Repeat(word+" ", n))
		}
		text, i = append(text, word), more
	}
	return inputSeries{selector(g.labels), strings.Join(text, " ")}
}

// grows is by how much a series grows with each step from one on, and for how many steps.
func (g given) grows(from int) (by float64, steps int) {
	plain := func(i int) bool { return i < len(g.values) && !g.values[i].Omitted && !ended(g.values[i]) }
	if !plain(from) || !plain(from+1) {
		return 0, 0
	}
	first := g.values[from].Value
	by = g.values[from+1].Value - first
	// As the parser adds up.
	for v := first + by; plain(from+steps+1) && g.values[from+steps+1].Value == v; v += by {
		steps++
	}
	return by, steps
}

func signed(v float64) string {
	text := strconv.FormatFloat(v, 'f', -1, 64)
	if v >= 0 {
		text = "+" + text
	}
	return text
}

func sequence(v parser.SequenceValue) string {
	switch {
	case v.Omitted:
		return "_"
	case ended(v):
		return "stale"
	}
	return strconv.FormatFloat(v.Value, 'g', -1, 64)
}

// selector is a series as people write it.
func selector(l labels.Labels) string {
	name := l.Get(model.MetricNameLabel)
	if !model.LegacyValidation.IsValidMetricName(name) {
		return l.String()
	}
	rest := labels.NewBuilder(l).Del(model.MetricNameLabel).Labels()
	if rest.IsEmpty() {
		return name
	}
	return name + rest.String()
}
