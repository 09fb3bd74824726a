package main

import (
	"slices"
	"strings"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
)

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

// asked adds a series as a selector of the rule wants it, but at times for one label, of an
// object that other series have.
func (v *variation) asked(lines []given, s *seed, steps int) []given {
	reads := v.mutant.original.reads
	of := reads[v.IntN(len(reads))]
	for n := 0; n < len(reads) && !slices.Contains(v.mutant.metrics, nameOf(of)) && v.IntN(3) > 0; n++ {
		of = reads[v.IntN(len(reads))]
	}
	name := nameOf(of)
	if name == "" || v.measured && !measured(name) {
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

// measured tells whether programs expose a metric, and rules do not write it.
func measured(metric string) bool { return !strings.Contains(metric, ":") && metric != "ALERTS" }
