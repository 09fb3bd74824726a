package main

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"
)

// limit says from which value of a metric on an alert fires, as mixin/limits.yaml has it for
// people to read beside the texts of the alert.
type limit struct {
	Alert string `json:"alert"`
	// Of selects the series that have the value. Where it is empty it is all that the test
	// gives, from the start, for which the alert waits, or goes on firing once it is gone.
	Of string `json:"of"`
	// Fires is one of the words of sides, and a number, or a duration of Prometheus.
	Fires string `json:"fires"`
	// Waits is for how long the value has been there when the alert fires, or 0 where it is
	// not this alone that it waits for.
	Waits span `json:"waits"`
	// Since is when in the test there is what it waits for, if not from the start.
	Since span `json:"since"`
	// Keeps is for how long the alert fires when nothing is there any more.
	Keeps span `json:"keeps"`

	matchers []*labels.Matcher
	words    string
	number   float64
}

// side is how a value is compared with a limit.
type side struct {
	// up is whether larger values fire, and equal whether the limit itself does.
	up, equal bool
	// ages is 1 where the value is a time and its age counts, and -1 where what is left
	// until then does.
	ages float64
}

var sides = map[string]side{
	"above": {up: true}, "from": {up: true, equal: true}, "below": {}, "up to": {equal: true},
	"older than": {up: true, ages: 1}, "younger than": {ages: 1},
	"due within": {ages: -1}, "due up to": {equal: true, ages: -1},
}

func readLimits(file string) ([]limit, error) {
	var content struct {
		Limits []limit `json:"limits"`
	}
	if file == "" {
		return nil, nil
	}
	if err := readYAML(file, &content); err != nil {
		return nil, err
	}
	for i := range content.Limits {
		if err := content.Limits[i].parse(); err != nil {
			return nil, fmt.Errorf("%s: limit of %s: %w", file, content.Limits[i].Alert, err)
		}
	}
	return content.Limits, nil
}

func (l *limit) parse() error {
	if l.Of == "" && l.Fires == "" && l.Waits+l.Keeps > 0 {
		return nil
	}
	at := strings.LastIndex(l.Fires, " ")
	l.words = l.Fires[:max(at, 0)]
	if _, ok := sides[l.words]; !ok {
		return fmt.Errorf("%q says nothing that is known", l.Fires)
	}
	var err error
	if sides[l.words].ages != 0 {
		var d model.Duration
		d, err = model.ParseDuration(l.Fires[at+1:])
		l.number = time.Duration(d).Seconds()
	} else {
		l.number, err = strconv.ParseFloat(l.Fires[at+1:], 64)
	}
	if err != nil {
		return err
	}
	l.matchers, err = parser.NewParser(parser.Options{}).ParseMetricSelector(l.Of)
	return err
}

// values are the ones nearest to the limit: one that is silent, and one that fires. Of a
// time they are a second apart, and otherwise next to nothing.
func (l *limit) values() (silent, fires float64) {
	s := sides[l.words]
	step := math.Max(math.Abs(l.number), 1) * 1e-6
	if s.ages != 0 {
		step = 1
	}
	if !s.up {
		step = -step
	}
	if s.equal {
		return l.number - step, l.number
	}
	return l.number, l.number + step
}

// held is a series of a test with one value at all times, or one age.
func (l *limit) held(of line, v float64, interval span) line {
	s := sides[l.words]
	if s.ages == 0 {
		return of.changed(func(float64) float64 { return v })
	}
	held := slices.Clone(of.values)
	for i := range held {
		if !held[i].Omitted && !isEnd(held[i]) {
			held[i].Value = float64(i)*time.Duration(interval).Seconds() - s.ages*v
		}
	}
	return line{of.labels, held}
}

// sets tells whether a limit is of a series of a test, and of the object of an alert.
func (l *limit) sets(of line, one map[string]string) bool {
	for _, m := range l.matchers {
		if !m.Matches(of.labels.Get(m.Name)) {
			return false
		}
	}
	same := true
	of.labels.Range(func(has labels.Label) {
		told, ok := one[has.Name]
		same = same && (!ok || has.Name == model.MetricNameLabel || told == has.Value)
	})
	return same
}

// at makes of a test in which an alert fires two clusters: in one of them the value is as
// near to the limit as it can be without that anything fires, and in the other the next that
// fires.
func (l *limit) at(t *ruleTest, a alertTest) map[string]any {
	silent, fires := l.values()
	var lines []line
	for cluster, v := range map[string]float64{"silent": silent, "fires": fires} {
		for _, one := range t.lines {
			if l.sets(one, a.Expected[0].Labels) {
				one = l.held(one, v, t.Interval)
			}
			lines = append(lines, one.with(clusterLabel, cluster))
		}
	}
	slices.SortStableFunc(lines, func(a, b line) int {
		return strings.Compare(a.labels.Get(clusterLabel), b.labels.Get(clusterLabel))
	})
	asked := []any{a.in("fires"), alertTest{At: a.At, Name: a.Name}.in("silent")}
	if l.Waits > 0 {
		a.At = l.Waits
		asked = append(asked, a.in("fires"), alertTest{At: l.Waits - t.Interval, Name: a.Name}.in("fires"))
	}
	return map[string]any{
		"name":     fmt.Sprintf("%s: %s fires %s of %s", t.Name, l.Alert, l.Fires, l.Of),
		"interval": t.Interval.String(), "input_series": writtenAll(lines), "promql_expr_test": asked,
	}
}

// lasts makes of a test in which an alert fires one with the moments between which it does:
// when all has been there for as long as it waits, and when all is gone for as long as it goes
// on. A step before it waits still, and a step later it is silent.
func (l *limit) lasts(t *ruleTest, a alertTest) map[string]any {
	end := t.steps(time.Duration(a.At)) + 1
	lines := slices.Clone(t.lines)
	for i := range lines {
		if l.Keeps > 0 {
			lines[i] = lines[i].end(end, t.Interval)
		}
	}
	cluster := a.Expected[0].Labels[clusterLabel]
	from, until := l.Since+l.Waits-t.Interval, l.Since+l.Waits
	name := fmt.Sprintf("waits for %s from %s on", l.Waits, l.Since)
	if l.Keeps > 0 {
		// It is gone in the step after the one in which it fired.
		from, until = a.At+t.Interval+l.Keeps, a.At+l.Keeps
		name = fmt.Sprintf("goes on for %s", l.Keeps)
	}
	a.At = until
	return map[string]any{
		"name":     fmt.Sprintf("%s: %s %s", t.Name, l.Alert, name),
		"interval": t.Interval.String(), "input_series": writtenAll(lines),
		"promql_expr_test": []any{a.in(cluster), alertTest{At: from, Name: a.Name}.in(cluster)},
	}
}

// limited adds the limits of the alerts that a test is the first to fire.
func (d *derivation) limited(t *ruleTest, a alertTest, add func(map[string]any)) {
	for i := range d.limits {
		l := &d.limits[i]
		if l.Alert == a.Name && !d.reached[l] && l.Of == "" {
			d.reached[l] = true
			add(l.lasts(t, a))
			continue
		}
		if l.Alert != a.Name || d.reached[l] || !slices.ContainsFunc(t.lines, func(of line) bool { return l.sets(of, a.Expected[0].Labels) }) {
			continue
		}
		d.reached[l] = true
		add(l.at(t, a))
	}
}

// unreached is an error that names the limits by which no test fires.
func (d *derivation) unreached() error {
	var all []error
	for i := range d.limits {
		if l := &d.limits[i]; !d.reached[l] {
			all = append(all, fmt.Errorf("%s is said to fire %s of %s, to wait for %s or to go on for %s, and no test gives that", l.Alert, l.Fires, l.Of, l.Waits, l.Keeps))
		}
	}
	return errors.Join(all...)
}
