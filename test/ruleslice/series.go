package main

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/value"
	"github.com/prometheus/prometheus/promql/parser"
)

// span is a time as tests write it.
type span time.Duration

// UnmarshalJSON reads a duration of Prometheus.
func (s *span) UnmarshalJSON(text []byte) error {
	var written string
	if err := json.Unmarshal(text, &written); err != nil {
		return err
	}
	d, err := model.ParseDuration(written)
	*s = span(d)
	return err
}

// MarshalJSON writes it as it is read.
func (s span) MarshalJSON() ([]byte, error) { return json.Marshal(s.String()) }

func (s span) String() string { return model.Duration(s).String() }

// ruleTest is what is read of a test of promtool's format.
type ruleTest struct {
	Name     string      `json:"name"`
	Interval span        `json:"interval"`
	Given    []given     `json:"input_series"`
	Alerts   []alertTest `json:"alert_rule_test"`

	lines []line
}

type given struct {
	Series string `json:"series"`
	Values string `json:"values"`
}

// alertTest says which alerts of a name fire at a time.
type alertTest struct {
	At       span       `json:"eval_time"`
	Name     string     `json:"alertname"`
	Expected []expected `json:"exp_alerts"`
}

type expected struct {
	Labels      map[string]string `json:"exp_labels"`
	Annotations map[string]string `json:"exp_annotations"`
}

// line is a series of a test, with its values at each interval since the start.
type line struct {
	labels labels.Labels
	values []parser.SequenceValue
}

func readTest(raw any) (*ruleTest, error) {
	text, err := json.Marshal(raw)
	if err != nil {
		return nil, err
	}
	t := &ruleTest{}
	if err := json.Unmarshal(text, t); err != nil {
		return nil, fmt.Errorf("test %q: %w", t.Name, err)
	}
	for _, s := range t.Given {
		of, values, err := parser.NewParser(parser.Options{}).ParseSeriesDesc(s.Series + " " + s.Values)
		if err != nil {
			return nil, fmt.Errorf("test %q: %w", t.Name, err)
		}
		t.lines = append(t.lines, line{of, values})
	}
	return t, nil
}

// with is the same series with another value of a label.
func (l line) with(label, value string) line {
	return line{labels.NewBuilder(l.labels).Set(label, value).Labels(), l.values}
}

// always is the same series with one value, wherever it has any.
func (l line) always(v float64) line {
	same := make([]parser.SequenceValue, len(l.values))
	for i, was := range l.values {
		same[i] = parser.SequenceValue{Value: v, Omitted: was.Omitted}
	}
	return line{l.labels, same}
}

// changed is the same series with other values.
func (l line) changed(into func(float64) float64) line {
	all := slices.Clone(l.values)
	for i := range all {
		if !all[i].Omitted && !isEnd(all[i]) {
			all[i].Value = into(all[i].Value)
		}
	}
	return line{l.labels, all}
}

// after is the same series so many steps later: before, there is nothing.
func (l line) after(steps int, interval span) line {
	late := make([]parser.SequenceValue, steps, steps+len(l.values))
	for i := range late {
		late[i].Omitted = true
	}
	return line{l.labels, append(late, l.changed(func(v float64) float64 { return v + l.ages(interval)*float64(steps) }).values...)}
}

// ages is by how much a value grows in one interval that is to tell of something as long
// ago as before.
func (l line) ages(interval span) float64 {
	if strings.HasSuffix(l.labels.Get(model.MetricNameLabel), "_timestamp_seconds") {
		return time.Duration(interval).Seconds()
	}
	return 0
}

// upTo is the same series, cut after so many steps, or going on: as it went before, or, if
// it is a time, as long ago.
func (l line) upTo(steps int, interval span) line {
	all := l.values[:min(steps, len(l.values))]
	all = all[:len(all):len(all)]
	for len(all) > 0 && len(all) < steps {
		last := all[len(all)-1]
		if ages := l.ages(interval); ages > 0 {
			last.Value += ages
		} else if n := len(all); n > 1 && !last.Omitted && !all[n-2].Omitted && !isEnd(last) && !isEnd(all[n-2]) {
			last.Value += last.Value - all[n-2].Value
		}
		all = append(all, last)
	}
	return line{l.labels, all}
}

// end is the same series, which is gone from a step on.
func (l line) end(step int, interval span) line {
	cut := l.upTo(step, interval)
	return line{cut.labels, append(cut.values, parser.SequenceValue{Value: math.Float64frombits(value.StaleNaN)})}
}

func isEnd(v parser.SequenceValue) bool { return !v.Omitted && value.IsStaleNaN(v.Value) }

// written is the series as a test writes it. What repeats is written once.
func (l line) written() given {
	var text []string
	for i := 0; i < len(l.values); {
		word, more := sequence(l.values[i]), i+1
		for more < len(l.values) && sequence(l.values[more]) == word {
			more++
		}
		switch n := more - i; {
		case n > 1 && word == "_":
			word += "x" + strconv.Itoa(n)
		case n > 1 && word != "stale":
			word += "x" + strconv.Itoa(n-1)
		case n > 1:
			word = strings.TrimSpace(strings.Repeat(word+" ", n))
		}
		text, i = append(text, word), more
	}
	return given{l.labels.String(), strings.Join(text, " ")}
}

func sequence(v parser.SequenceValue) string {
	switch {
	case v.Omitted:
		return "_"
	case isEnd(v):
		return "stale"
	}
	return strconv.FormatFloat(v.Value, 'g', -1, 64)
}

func writtenAll(lines []line) []given {
	all := make([]given, len(lines))
	for i, l := range lines {
		all[i] = l.written()
	}
	return all
}
