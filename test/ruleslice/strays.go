package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"
)

// behind are the names of the rules from which an alert comes.
func (s *ruleset) behind(alert string) []string {
	ask := reading{name: alertsMetric, matchers: []*labels.Matcher{labels.MustNewMatcher(labels.MatchEqual, labels.AlertName, alert)}}
	names, seen := map[string]bool{}, map[*rule]bool{}
	var take func([]*rule)
	take = func(rules []*rule) {
		for _, r := range rules {
			if !seen[r] {
				seen[r], names[r.title()] = true, true
				take(s.sources(r))
			}
		}
	}
	take(s.selected(ask))
	return slices.Sorted(maps.Keys(names))
}

// title is what a rule makes, with the labels that tell it apart.
func (r *rule) title() string {
	var told []string
	for _, name := range slices.Sorted(maps.Keys(r.labels)) {
		if name != "severity" && name != "signal" && name != "objects" && name != labels.AlertName {
			told = append(told, fmt.Sprintf("%s=%q", name, r.labels[name]))
		}
	}
	if len(told) == 0 {
		return r.makes
	}
	return r.makes + "{" + strings.Join(told, ",") + "}"
}

// selectors are those of metrics that a rule itself selects, each once. Those of what rules
// record are not among them.
func (r *rule) selectors() []string {
	all := map[string]bool{}
	for _, be := range r.selects {
		if be.name != "" && be.name != alertsMetric && !strings.Contains(be.name, ":") {
			all[be.String()] = true
		}
	}
	return slices.Sorted(maps.Keys(all))
}

// String is the selector as it is written, with its matchers in the order of their labels.
func (be reading) String() string {
	var text []string
	for _, m := range be.matchers {
		text = append(text, m.String())
	}
	slices.Sort(text)
	return be.name + "{" + strings.Join(text, ",") + "}"
}

// matches tells whether the labels are selected, by all matchers but one.
func (be reading) matches(of labels.Labels, but *labels.Matcher) bool {
	return !slices.ContainsFunc(be.matchers, func(m *labels.Matcher) bool { return m != but && !m.Matches(of.Get(m.Name)) })
}

// strays makes of a test three clusters in which there are, beside its own, series that none
// of its alerts selects for one label alone: their values are far above and below all others,
// or 1, or 0, of which one or the other would change what is said if they counted. What an
// rule selects is read from a file that stands beside the rules, so that a rule that selects
// more is noticed. Where several alerts of a test select of the same metric, a stray is none
// for all of them.
func strays(t *ruleTest, rules *ruleset, selected map[string][]string) (map[string]any, error) {
	of, seen := map[string][]reading{}, map[string]bool{}
	for _, a := range t.Alerts {
		for _, name := range rules.behind(a.Name) {
			if seen[name] {
				continue
			}
			seen[name] = true
			for _, text := range selected[name] {
				one, err := readSelector(text)
				if err != nil {
					return nil, fmt.Errorf("what %s selects: %w", name, err)
				}
				of[one.name] = append(of[one.name], one)
			}
		}
	}
	var found []labels.Labels
	for _, metric := range slices.Sorted(maps.Keys(of)) {
		found = append(found, t.straysOf(of[metric])...)
	}
	if len(found) == 0 {
		return nil, nil
	}
	return t.amidst(found), nil
}

func readSelector(text string) (reading, error) {
	matchers, err := parser.NewParser(parser.Options{}).ParseMetricSelector(text)
	one := reading{}
	for _, m := range matchers {
		if m.Name == model.MetricNameLabel {
			one.name = m.Value
		} else {
			one.matchers = append(one.matchers, m)
		}
	}
	return one, err
}

// amidst is the test beside strays.
func (t *ruleTest) amidst(found []labels.Labels) map[string]any {
	steps := t.longest()
	for _, a := range t.Alerts {
		steps = max(steps, int(a.At/t.Interval)+1)
	}
	grows := constant(0, steps)
	for i := range grows {
		grows[i].Value = 1e9 + 1e6*float64(i)
	}
	var lines []line
	var asked []any
	for _, kind := range []string{"far", "one", "zero"} {
		for _, l := range t.lines {
			lines = append(lines, l.with(clusterLabel, kind))
		}
		for _, l := range found {
			one := line{l, constant(map[string]float64{"one": 1}[kind], steps)}.with(clusterLabel, kind)
			if kind == "far" {
				one.values = grows
				lines = append(lines, line{one.labels, constant(-1e9, steps)}.with(instanceLabel, "stray-small"))
			}
			lines = append(lines, one)
		}
		for _, a := range t.Alerts {
			asked = append(asked, a.in(kind))
		}
	}
	return map[string]any{
		"name":     t.Name + ": beside what is not selected",
		"interval": t.Interval.String(), "input_series": writtenAll(lines), "promql_expr_test": asked,
	}
}

// mostStrays is how many series of a metric are put beside a test for one matcher.
const mostStrays = 4

// straysOf are the labels of series of one metric, each of which one matcher alone keeps from
// being selected: of the series of the test, and, where that has none, of its objects.
func (t *ruleTest) straysOf(all []reading) []labels.Labels {
	seen := map[string]bool{}
	var found []labels.Labels
	for _, be := range all {
		for _, m := range be.matchers {
			if m.Name == jobLabel || m.Name == clusterLabel || m.Name == instanceLabel {
				continue
			}
			other, ok := outside(m)
			if !ok {
				continue
			}
			n := 0
			for _, near := range t.near(be, m) {
				stray := labels.NewBuilder(near).Set(m.Name, other).Set(instanceLabel, "stray").Labels()
				if n == mostStrays || slices.ContainsFunc(all, func(o reading) bool { return o.matches(stray, nil) }) {
					continue
				}
				n++
				if key := stray.String(); !seen[key] {
					seen[key], found = true, append(found, stray)
				}
			}
		}
	}
	return found
}

// outside is a value that a matcher refuses.
func outside(m *labels.Matcher) (string, bool) {
	for _, v := range []string{elsewhere, m.Value, sampleOf(m.Value)} {
		if !m.Matches(v) {
			return v, true
		}
	}
	return "", false
}

// sampleOf is a text that a regular expression matches, of those that rules use: the first of
// what it lets choose.
func sampleOf(pattern string) string {
	first, _, _ := strings.Cut(pattern, "|")
	return strings.NewReplacer(".+", "x", ".*", "x", "(", "", ")", "").Replace(first)
}

// near are labels which a selector selects but for one matcher, of the series of the test or
// else made of its objects.
func (t *ruleTest) near(be reading, but *labels.Matcher) []labels.Labels {
	var all []labels.Labels
	for _, l := range t.lines {
		if l.labels.Get(model.MetricNameLabel) == be.name && be.matches(l.labels, but) {
			all = append(all, l.labels)
		}
	}
	if len(all) > 0 {
		return all
	}
	for _, object := range t.objects() {
		made := labels.NewBuilder(object).Set(model.MetricNameLabel, be.name)
		for _, m := range be.matchers {
			for _, v := range []string{object.Get(m.Name), m.Value, sampleOf(m.Value), elsewhere} {
				if m.Matches(v) {
					made.Set(m.Name, v)
					break
				}
			}
		}
		if l := made.Labels(); be.matches(l, but) {
			all = append(all, l)
		}
	}
	return all
}
