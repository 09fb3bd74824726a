package main

import (
	"errors"
	"fmt"
	"slices"
)

// derivation makes the tests that follow from others, so that nobody has to write what
// they expect:
//
//   - beside the series of a test there may be those of another cluster that is ill alike,
//     of another replica, of another program and of another alert: see beside;
//   - what a cause of the graph accounts for is not told again: see explained;
//   - what ails one cluster is nothing to another: see together;
//   - an alert fires from its limit on, and not a step before: see limit;
//   - with other series it fires or is silent, case by case: see variants;
//   - a metric of another program is as good as none: see missing;
//   - what an alert does not select of a metric changes nothing: see strays;
//   - of many objects that are ill alike one alert tells, in place of those of each: see
//     manyOf, and recordedMany.
type derivation struct {
	*list
	// edges are the graph of causes.
	edges []edge
	// limits are from which values on alerts fire, and reached of which there was a test.
	limits  []limit
	reached map[*limit]bool
	// selected is what each rule selects of metrics, as selectors.
	selected map[string][]string
	// variants are cases of alerts.
	variants []variants
	// told are the alerts of which was made already what explains them.
	told map[string]bool
	// formed and recorded are the alerts of which many were made already: the first test is enough.
	formed, recorded map[string]bool
}

// The names of what follows, beside those of besides.
const (
	ofMissing  = "a metric of another program"
	ofMany     = "many objects"
	ofRecorded = "many recorded objects"
)

func newDerivation(of known) (*derivation, error) {
	l, err := readList(of.list)
	if err != nil {
		return nil, err
	}
	d := &derivation{list: l, told: map[string]bool{}, formed: map[string]bool{}, recorded: map[string]bool{}, reached: map[*limit]bool{}}
	if d.limits, err = readLimits(of.limits); err != nil {
		return nil, err
	}
	if d.variants, err = readVariants(of.variants); err != nil {
		return nil, err
	}
	if of.causes != "" {
		err = readYAML(of.causes, &d.edges)
	}
	if of.selected != "" {
		err = errors.Join(err, readYAML(of.selected, &d.selected))
	}
	return d, err
}

// derived are tests that hold, those beside what no rule selects, which hold as well, and
// those that are listed not to.
type derived struct{ holds, unselected, listed []any }

// of returns what follows from tests.
func (d *derivation) of(tests []any, rules *ruleset) (all derived, err error) {
	forms, perAlert := rules.forms(), rules.perAlert()
	var apart []*ruleTest
	for _, raw := range tests {
		t, err := readTest(raw)
		if err != nil {
			return all, err
		}
		if len(t.Alerts) == 0 || t.Interval <= 0 {
			continue
		}
		add := func(what, of string, one map[string]any) {
			if d.has(what, of) {
				all.listed = append(all.listed, one)
			} else {
				all.holds = append(all.holds, one)
			}
		}
		d.beside(t, raw, perAlert, add)
		if t.isOfOneCluster() {
			apart = append(apart, t)
			for _, one := range missing(t) {
				add(ofMissing, t.Name, one)
			}
			one, err := strays(t, rules, d.selected)
			if err != nil {
				return all, err
			}
			if one != nil {
				all.unselected = append(all.unselected, one)
			}
		}
		for _, a := range t.Alerts {
			if a.isOfOne() {
				d.ofOne(t, a, rules, forms, add)
			}
			if f, ok := forms[a.Name]; ok && !d.recorded[a.Name] && a.tellsOne() {
				d.recorded[a.Name] = true
				add(ofRecorded, a.Name, recordedMany(t, a, f, d.causes(a.Name, forms)))
			}
			if err := d.varied(t, a, func(one map[string]any) { add("", "", one) }); err != nil {
				return all, err
			}
		}
	}
	for _, one := range together(apart) {
		all.holds = append(all.holds, one)
	}
	return all, nil
}

// beside adds the test with all that may be beside its series, and those with one thing
// that may not.
func (d *derivation) beside(t *ruleTest, raw any, perAlert []string, add func(what, of string, one map[string]any)) {
	own, _ := raw.(map[string]any)
	var kinds []string
	for _, kind := range besides {
		switch {
		case !t.may(kind) || kind == ofOtherAlert && len(perAlert) == 0:
		case d.all[[2]string{kind, t.Name}]:
			add(kind, t.Name, beside(t, own, []string{kind}, d.list, perAlert))
		default:
			kinds = append(kinds, kind)
		}
	}
	if len(kinds) > 0 {
		add("", "", beside(t, own, kinds, d.list, perAlert))
	}
}

// ofOne adds what follows from an alert that fires of one object.
func (d *derivation) ofOne(t *ruleTest, a alertTest, rules *ruleset, forms map[string]form, add func(what, of string, one map[string]any)) {
	one := func(made map[string]any) { add("", "", made) }
	if t.isOfOneCluster() {
		if !d.told[a.Name] {
			d.told[a.Name] = true
			for _, one := range explained(t, a, d.edges, forms, d.Outages) {
				add("", "", one)
			}
		}
		d.limited(t, a, one)
	}
	if f, ok := forms[a.Name]; ok && !d.formed[a.Name] {
		d.formed[a.Name] = true
		add(ofMany, a.Name, manyOf(t, a, f, rules.fault(a.Name), d.causes(a.Name, forms)))
	}
}

// causes tells whether an alert explains others of the same objects.
func (d *derivation) causes(alert string, forms map[string]form) bool {
	return slices.ContainsFunc(d.edges, func(e edge) bool { return e.Cause == alert && e.tellsObjects(forms) })
}

// tellsOne tells whether an alert fires of objects one by one.
func (a alertTest) tellsOne() bool {
	return len(a.Expected) > 0 && a.Expected[0].Labels["objects"] == ""
}

// isOfOne tells whether an alert fires of one object.
func (a alertTest) isOfOne() bool {
	return len(a.Expected) == 1 && a.Expected[0].Labels["objects"] == ""
}

// may tells whether there is anything of the kind to put beside a test.
func (t *ruleTest) may(kind string) bool {
	of := func(is func(line) bool) bool { return slices.ContainsFunc(t.lines, is) }
	switch kind {
	case inOtherCluster:
		return t.isOfOneCluster()
	case ofOtherAlert:
		return len(t.lines) > 0
	case ofReplica:
		return of(line.isOurs)
	}
	return of(func(l line) bool { return l.labels.Get(jobLabel) != "" })
}

// isOfOneCluster tells whether a test leaves clusters to others.
func (t *ruleTest) isOfOneCluster() bool {
	other := func(l line) bool { return l.labels.Get(clusterLabel) != "a" }
	return !slices.ContainsFunc(t.lines, other) && !slices.ContainsFunc(t.Alerts, func(a alertTest) bool {
		return slices.ContainsFunc(a.Expected, func(e expected) bool { return e.Labels[clusterLabel] != "a" })
	})
}

// list says what tests can't: see mixin/derived-tests.yaml.
type list struct {
	Smallest   []string    `json:"smallest"`
	Either     []string    `json:"either"`
	Alone      []string    `json:"alone"`
	Outages    []string    `json:"outages"`
	Exceptions []exception `json:"exceptions"`

	all, used map[[2]string]bool
}

// exception is why something does not follow from some tests, or for some alerts.
type exception struct {
	What   string   `json:"what"`
	Reason string   `json:"reason"`
	Of     []string `json:"of"`
}

func readList(file string) (*list, error) {
	l := &list{all: map[[2]string]bool{}, used: map[[2]string]bool{}}
	if file == "" {
		return l, nil
	}
	if err := readYAML(file, l); err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	for _, e := range l.Exceptions {
		if e.What == "" || e.Reason == "" || len(e.Of) == 0 {
			return nil, fmt.Errorf("%s: an exception of %q has no reason, or is of nothing", file, e.What)
		}
		for _, name := range e.Of {
			l.all[[2]string{e.What, name}] = true
		}
	}
	return l, nil
}

func (l *list) has(what, of string) bool {
	key := [2]string{what, of}
	l.used[key] = l.used[key] || l.all[key]
	return l.all[key]
}

// unused is an error that names what is listed and does not follow from anything.
func (l *list) unused() error {
	for key := range l.all {
		if !l.used[key] {
			return fmt.Errorf("%q of %q is listed, and there is no such test", key[0], key[1])
		}
	}
	return nil
}
