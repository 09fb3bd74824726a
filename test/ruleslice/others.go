package main

import (
	"maps"
	"slices"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"
)

const alertLabel = "alert"

// perAlert are the series that rules record of several alerts under one name: whatever
// reads them says of which alert.
func (s *ruleset) perAlert() []string {
	told := map[string]bool{}
	for _, r := range s.rules {
		for _, be := range r.reads {
			of := slices.ContainsFunc(be.matchers, func(m *labels.Matcher) bool {
				return m.Name == alertLabel && (m.Type == labels.MatchEqual || m.Type == labels.MatchRegexp) && !m.Matches("") && !m.Matches(otherAlert)
			})
			before, known := told[be.name]
			told[be.name] = of && (before || !known)
		}
	}
	var names []string
	for _, r := range s.rules {
		if !r.isAlert && told[r.makes] && !slices.Contains(names, r.makes) {
			names = append(names, r.makes)
		}
	}
	slices.Sort(names)
	return names
}

// fault is what the nodes of an alert are counted under, or nothing: what is recorded of its
// objects alone.
func (s *ruleset) fault(alert string) string {
	for _, r := range s.rules {
		if r.makes == "kubevitals:node_fault" && slices.ContainsFunc(r.reads, func(be reading) bool {
			return be.name == "kubevitals:alert_object" && slices.ContainsFunc(be.matchers, func(m *labels.Matcher) bool { return m.Name == alertLabel && m.Value == alert })
		}) {
			return r.labels["fault"]
		}
	}
	return ""
}

const (
	// otherAlert is one that nothing asks for, and tells of the same objects, of others and
	// of the whole cluster.
	otherAlert = "of-others"
	// manyObjects is more than any alert tells of one by one.
	manyObjects = 1e6
	// mostObjects is of how many objects of a test another alert tells.
	mostObjects = 20
)

// ofOthers are series of another alert than those that the test asks for.
func (t *ruleTest) ofOthers(names []string) []line {
	always := constant(manyObjects, t.longest())
	var all []line
	for _, name := range names {
		for _, object := range t.objects() {
			of := labels.NewBuilder(object).Set(model.MetricNameLabel, name).Set(alertLabel, otherAlert)
			all = append(all, line{of.Labels(), always})
		}
	}
	return all
}

// longest is how many steps the longest series of a test has.
func (t *ruleTest) longest() int {
	steps := 0
	for _, l := range t.lines {
		steps = max(steps, len(l.values))
	}
	return steps
}

// constant is one value for so many steps.
func constant(v float64, steps int) []parser.SequenceValue {
	all := make([]parser.SequenceValue, steps)
	for i := range all {
		all[i].Value = v
	}
	return all
}

// objects are the labels by which a test tells its objects apart, those of others, and
// those of each cluster.
func (t *ruleTest) objects() []labels.Labels {
	seen, order := map[string]bool{}, []labels.Labels{}
	add := func(l labels.Labels) {
		if key := l.String(); !seen[key] {
			seen[key], order = true, append(order, l)
		}
	}
	object := func(of labels.Labels) {
		if len(order) >= 3*mostObjects {
			return
		}
		own := labels.NewBuilder(of).Del(model.MetricNameLabel, jobLabel, instanceLabel, "severity", "signal", "objects").Labels()
		other := labels.NewBuilder(own)
		own.Range(func(l labels.Label) {
			if l.Name != clusterLabel {
				other.Set(l.Name, "of-others")
			}
		})
		add(labels.FromMap(map[string]string{clusterLabel: of.Get(clusterLabel)}))
		add(own)
		add(other.Labels())
	}
	for _, a := range t.Alerts {
		for _, e := range a.Expected {
			object(labels.FromMap(maps.Clone(e.Labels)))
		}
	}
	for _, l := range t.lines {
		object(l.labels)
	}
	return order
}
