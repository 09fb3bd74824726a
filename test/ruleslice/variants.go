package main

import (
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"
)

// variants are what becomes of a test in which an alert fires of one object when some of its
// series are others, as mixin/variants.yaml has it for people to read: case by case, with a
// reason for each.
type variants struct {
	Alert string `json:"alert"`
	// Test begins the name of the test; where it is empty the first is taken.
	Test string `json:"test"`
	// Labels are other values of labels of the alert, and of all series of the test that
	// have its values.
	Labels map[string]string `json:"labels"`
	// Alone is whether the series of the test are left out: a case has all there are.
	Alone bool          `json:"alone"`
	Cases []variantCase `json:"cases"`

	used bool
}

type variantCase struct {
	// Fires or Silent says why.
	Fires  string `json:"fires"`
	Silent string `json:"silent"`
	// Labels are those of the alert that are others in this case.
	Labels map[string]string `json:"labels"`
	// Given are values by selector: of the series of the test that it selects, or else of a
	// new one of the exporter or of a rule, with the labels that it asks for; [1-9] in it is
	// each of nine numbers. A value is a number, "age" and a duration, "gone", or a sequence
	// as tests have it.
	Given map[string]any `json:"given"`
}

func readVariants(file string) ([]variants, error) {
	var content struct {
		Variants []variants `json:"variants"`
	}
	if file == "" {
		return nil, nil
	}
	if err := readYAML(file, &content); err != nil {
		return nil, err
	}
	for _, v := range content.Variants {
		for _, c := range v.Cases {
			if (c.Fires == "") == (c.Silent == "") {
				return nil, fmt.Errorf("%s: a case of %s says why it fires or why it is silent, one of both", file, v.Alert)
			}
		}
	}
	return content.Variants, nil
}

// of makes of a test one with a cluster for each case; and one in which there are, beside the
// series of each, those of another replica and of another program, which change nothing.
func (v *variants) of(t *ruleTest, a alertTest, counts *list) ([]map[string]any, error) {
	was := a.Expected[0].Labels
	base := slices.Clone(t.lines)
	if v.Alone {
		base = nil
	}
	for i := range base {
		for name, value := range v.Labels {
			if base[i].labels.Get(name) == was[name] {
				base[i] = base[i].with(name, value)
			}
		}
	}
	one := expected{maps.Clone(was), a.Expected[0].Annotations}
	maps.Copy(one.Labels, v.Labels)
	var lines, more []line
	var asked []any
	for n, c := range v.Cases {
		cluster := fmt.Sprintf("case-%02d", n+1)
		changed, err := t.given(base, c.Given, max(t.longest(), t.steps(time.Duration(a.At))+1))
		if err != nil {
			return nil, fmt.Errorf("%s, %s%s: %w", v.Alert, c.Fires, c.Silent, err)
		}
		for i, l := range changed {
			changed[i] = l.with(clusterLabel, cluster)
			if l.labels.Has(jobLabel) {
				more = append(more, changed[i].others()...)
			}
		}
		lines = append(lines, changed...)
		more = append(more, (&ruleTest{lines: changed}).replica(counts)...)
		if c.Silent != "" {
			asked = append(asked, alertTest{At: a.At, Name: a.Name}.in(cluster))
		} else {
			fires := expected{maps.Clone(one.Labels), one.Annotations}
			maps.Copy(fires.Labels, c.Labels)
			asked = append(asked, alertTest{At: a.At, Name: a.Name, Expected: []expected{fires}}.in(cluster))
		}
	}
	made := func(lines []line, beside string) map[string]any {
		return map[string]any{
			"name":     fmt.Sprintf("%s: %s in %d cases%s", t.Name, v.Alert, len(v.Cases), beside),
			"interval": t.Interval.String(), "input_series": writtenAll(lines), "promql_expr_test": asked,
		}
	}
	return []map[string]any{made(lines, ""), made(append(lines, more...), ", beside another replica and another program")}, nil
}

// given are series with other values. A selector is asked of those of the test alone.
func (t *ruleTest) given(base []line, values map[string]any, steps int) ([]line, error) {
	all, each := slices.Clone(base), map[string]any{}
	for selector, value := range values {
		for _, one := range numbered(selector) {
			each[one] = value
		}
	}
	values = each
	for _, selector := range slices.Sorted(maps.Keys(values)) {
		of, err := readSelector(selector)
		if err != nil {
			return nil, err
		}
		text := fmt.Sprint(values[selector])
		hits := 0
		for i, l := range all[:len(base)] {
			if l.labels.Get(model.MetricNameLabel) != of.name || !of.matches(l.labels, nil) {
				continue
			}
			hits++
			if all[i].values, err = t.sequence(l, text, len(l.values)); err != nil {
				return nil, err
			}
		}
		if hits > 0 {
			continue
		}
		made := labels.NewBuilder(labels.FromStrings(model.MetricNameLabel, of.name))
		if !strings.Contains(of.name, ":") {
			made.Set(jobLabel, exporter).Set(instanceLabel, "one")
		}
		for _, m := range of.matchers {
			if m.Type != labels.MatchEqual {
				return nil, fmt.Errorf("%s selects no series of the test, and says not of which a new one is", selector)
			}
			made.Set(m.Name, m.Value)
		}
		l := line{labels: made.Labels()}
		if l.values, err = t.sequence(l, text, steps); err != nil {
			return nil, err
		}
		all = append(all, l)
	}
	return slices.DeleteFunc(all, func(l line) bool { return len(l.values) == 0 }), nil
}

// numbers are written [1-9] in a selector, and stand for that many.
var numbers = regexp.MustCompile(`\[(\d+)-(\d+)\]`)

// numbered is a selector for each of its numbers.
func numbered(selector string) []string {
	at := numbers.FindStringSubmatchIndex(selector)
	if at == nil {
		return []string{selector}
	}
	var all []string
	from, _ := strconv.Atoi(selector[at[2]:at[3]])
	to, _ := strconv.Atoi(selector[at[4]:at[5]])
	for n := from; n <= to; n++ {
		all = append(all, numbered(selector[:at[0]]+strconv.Itoa(n)+selector[at[1]:])...)
	}
	return all
}

// sequence are the values of a series as a case has them.
func (t *ruleTest) sequence(l line, text string, steps int) ([]parser.SequenceValue, error) {
	if text == "gone" {
		return nil, nil
	}
	if v, err := strconv.ParseFloat(text, 64); err == nil {
		return constant(v, steps), nil
	}
	if age, ok := strings.CutPrefix(text, "age "); ok {
		d, err := model.ParseDuration(strings.TrimPrefix(age, "-"))
		seconds := time.Duration(d).Seconds()
		if strings.HasPrefix(age, "-") {
			seconds = -seconds
		}
		all := constant(0, steps)
		for i := range all {
			all[i].Value = float64(i)*time.Duration(t.Interval).Seconds() - seconds
		}
		return all, err
	}
	_, values, err := parser.NewParser(parser.Options{}).ParseSeriesDesc(l.labels.String() + " " + text)
	return values, err
}

// varied adds the cases of the alerts that a test is the first to fire: of one object, or of
// any where its series are left out.
func (d *derivation) varied(t *ruleTest, a alertTest, add func(map[string]any)) error {
	if !a.tellsOne() || !t.isOfOneCluster() {
		return nil
	}
	for i := range d.variants {
		v := &d.variants[i]
		if v.used || v.Alert != a.Name || !strings.HasPrefix(t.Name, v.Test) || !v.Alone && !a.isOfOne() {
			continue
		}
		v.used = true
		made, err := v.of(t, a, d.list)
		if err != nil {
			return err
		}
		for _, one := range made {
			add(one)
		}
	}
	return nil
}

// unvaried is an error that names the cases that no test begins with.
func (d *derivation) unvaried() error {
	var all []error
	for _, v := range d.variants {
		if !v.used {
			all = append(all, fmt.Errorf("there is no test %q in which %s fires of one object, and cases of it", v.Test, v.Alert))
		}
	}
	return errors.Join(all...)
}
