package main

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
)

// form is how an alert tells of many objects at once.
type form struct {
	// apart are the labels by which objects are told apart, which the alert for many lacks.
	apart []string
	// limit is the largest number of objects of which each has an alert.
	limit int
	// hold is for how long the condition has to be true, and keep for how long the alert
	// fires when it no longer is.
	hold, keep time.Duration
}

var (
	apartBy = regexp.MustCompile(`unless ignoring \(([\w, ]+)\)\s+min_over_time\(.+\) > (\d+)`)
)

// forms are the alerts that have a form for many.
func (s *ruleset) forms() map[string]form {
	all := map[string]form{}
	for _, r := range s.rules {
		found := apartBy.FindStringSubmatch(fmt.Sprint(r.raw["expr"]))
		if !r.isAlert || found == nil {
			continue
		}
		f := form{apart: strings.Split(found[1], ", ")}
		f.limit, _ = strconv.Atoi(found[2])
		f.hold, f.keep = r.duration("for"), r.duration("keep_firing_for")
		all[r.makes] = f
	}
	return all
}

// duration is one of a rule, or 0.
func (r *rule) duration(field string) time.Duration {
	text, _ := r.raw[field].(string)
	d, _ := model.ParseDuration(text) // others see that the rules are good
	return time.Duration(d)
}

// steps is how many intervals of a test a time takes.
func (t *ruleTest) steps(d time.Duration) int { return int(d / time.Duration(t.Interval)) }

// lookBack is for how long a rate may still see what is gone.
const lookBack = 33 * time.Minute

// few is the cluster beside the one of many, in which the object of the test is ill alone.
const few = "of-few"

// many is a test in which an alert tells of many, and the steps at which something changes.
type many struct {
	*ruleTest
	form
	alert alertTest
	// fault is what the nodes of the alert are counted under, and causes is whether it
	// explains alerts of the same objects.
	fault  string
	causes bool
	// at is when it fires of the first objects, gone when the last one is gone, and end when
	// each is told of again.
	at, gone, end, keep int
}

// manyOf makes of a test in which an alert tells of one object one in which it tells of as
// many as it tells of one by one; then of one more; and then of as many again. At each
// moment from when it first fires either each object is told of, or all in one, and never
// both: but for an alert that goes on firing for a while, which the other form can't know.
// In the other cluster the one object is told of all the time.
func manyOf(t *ruleTest, a alertTest, f form, fault string, causes bool) map[string]any {
	m := &many{ruleTest: t, form: f, alert: a, fault: fault, causes: causes}
	m.at, m.keep = t.steps(time.Duration(a.At)), t.steps(f.keep)
	// The last object falls ill, as all did before, just after the alert has fired of the
	// others, and it is gone some time after all in one were told of.
	late := m.at + 1
	m.gone = late + m.at + 2 + m.keep
	m.end = m.gone + t.steps(f.hold) + m.keep + t.steps(lookBack)
	one := a.Expected[0].Labels
	var lines []line
	for _, l := range t.lines {
		l = l.upTo(m.at+1, t.Interval)
		if t.isOfOneCluster() {
			lines = append(lines, l.upTo(m.end+1, t.Interval).with(clusterLabel, few))
		}
		if !f.bears(l.labels, one) {
			lines = append(lines, l.upTo(m.end+1, t.Interval))
			continue
		}
		for n := range f.limit {
			lines = append(lines, f.renamed(l, one, n).upTo(m.end+1, t.Interval))
		}
		lines = append(lines, f.renamed(l, one, f.limit).after(late, t.Interval).end(m.gone, t.Interval))
	}
	asked := append(m.forms(), m.moments()...)
	if t.isOfOneCluster() {
		asked = append(asked, m.besideFew()...)
	}
	return map[string]any{
		"name": t.Name + ": " + a.Name + " of many", "interval": t.Interval.String(),
		"input_series": writtenAll(lines), "promql_expr_test": asked,
	}
}

func (m *many) ask(expr string, step int, samples ...any) any {
	return map[string]any{"expr": expr, "eval_time": m.ruleTest.at(step), "exp_samples": samples}
}

// back is the range from a step on to another.
func (m *many) back(from, to int) string {
	return fmt.Sprintf("[%s:%s]", m.ruleTest.at(to-from), m.Interval)
}

// forms asks which form fires.
func (m *many) forms() []any {
	each, all := m.alerting(""), m.alerting("many")
	single, whole := m.told(m.alert.Name, m.alert.Expected[0].Labels)
	minutes := m.back(m.at, m.end)
	asked := []any{
		m.ask(each, m.at, single...), m.ask(all, m.at),
		m.ask(each, m.gone-1), m.ask(all, m.gone-1, whole),
		m.ask(each, m.end, single...), m.ask(all, m.end),
		m.ask(fmt.Sprintf("max_over_time(absent(%s or %s)%s)", each, all, minutes), m.end),
	}
	if m.keep == 0 {
		asked = append(asked, m.ask(fmt.Sprintf("count_over_time((%s and on () %s)%s)", each, all, minutes), m.end))
	}
	return asked
}

// moments asks when the form for many fires: as soon as there have been more than the limit
// for as long as the alert waits, no sooner, and for as long as it waits after that, and as
// it goes on firing.
func (m *many) moments() []any {
	all, hold := m.alerting("many"), m.steps(m.hold)
	_, whole := m.told(m.alert.Name, m.alert.Expected[0].Labels)
	asked := []any{m.ask(all, m.gone-1+hold+m.keep, whole)}
	if hold == 0 {
		return asked
	}
	counted := fmt.Sprintf("min_over_time(kubevitals:alert_object:count{alert=%q, cluster=%q}[%%s]) > %d", m.alert.Name, m.cluster(), m.limit)
	lasted := func(steps int) string { return fmt.Sprintf(counted, m.ruleTest.at(steps)) }
	minutes := m.back(m.at, m.gone-1)
	return append(asked,
		m.ask(fmt.Sprintf("count_over_time((%s unless on () (%s))%s)", all, lasted(hold), minutes), m.gone-1),
		m.ask(fmt.Sprintf("count_over_time(((%s) unless on () %s)%s)", lasted(hold+1), all, minutes), m.gone-1))
}

// besideFew asks what the other cluster tells, and what is recorded of both for others.
func (m *many) besideFew() []any {
	one := m.alert
	one.Expected = []expected{one.Expected[0].in(few)}
	var asked []any
	for _, step := range []int{m.at, m.gone - 1, m.end} {
		one.At = span(time.Duration(step) * time.Duration(m.Interval))
		asked = append(asked, one.in(few))
	}
	count := func(cluster string, n int) any {
		return map[string]any{"labels": fmt.Sprintf("{cluster=%q}", cluster), "value": n}
	}
	if m.causes {
		told := fmt.Sprintf("count by (cluster) (%s{alert=%q})", toldMetric, m.alert.Name)
		asked = append(asked, m.ask(told, m.at), m.ask(told, m.gone-1, count(m.cluster(), m.limit+1)), m.ask(told, m.end))
	}
	if m.fault != "" {
		asked = append(asked, m.ask(fmt.Sprintf("count by (cluster) (kubevitals:node_fault{fault=%q})", m.fault), m.at, count(m.cluster(), m.limit), count(few, 1)))
	}
	return asked
}

func (m *many) cluster() string { return m.alert.Expected[0].Labels[clusterLabel] }

// alerting selects the alerts of one form.
func (m *many) alerting(objects string) string {
	return fmt.Sprintf(`ALERTS{alertname=%q, alertstate="firing", cluster=%q, objects=%q}`, m.alert.Name, m.cluster(), objects)
}

func (t *ruleTest) at(step int) string {
	return span(time.Duration(step) * time.Duration(t.Interval)).String()
}

// bears tells whether a series is of the object that is ill. Rules may rename labels, so
// that the value counts, whichever label it is of.
func (f form) bears(of labels.Labels, one map[string]string) bool {
	found := false
	of.Range(func(l labels.Label) { found = found || f.names(l, one) })
	return found
}

func (f form) names(l labels.Label, one map[string]string) bool {
	if l.Name == model.MetricNameLabel || l.Name == jobLabel || l.Name == clusterLabel || l.Name == instanceLabel {
		return false
	}
	return slices.ContainsFunc(f.apart, func(name string) bool { return one[name] != "" && l.Value == one[name] })
}

// renamed is the series of another object.
func (f form) renamed(l line, one map[string]string, n int) line {
	l.labels.Range(func(of labels.Label) {
		if f.names(of, one) {
			l = l.with(of.Name, fmt.Sprintf("%s-%d", of.Value, n))
		}
	})
	return l
}

// told are the samples of ALERTS of as many as are told of one by one, and the one of all.
func (f form) told(alert string, one map[string]string) (each []any, all any) {
	sample := func(change func(map[string]string)) any {
		of := maps.Clone(one)
		change(of)
		of["alertname"], of["alertstate"], of["__name__"] = alert, "firing", "ALERTS"
		return map[string]any{"labels": labels.FromMap(of).String(), "value": 1}
	}
	for n := range f.limit {
		each = append(each, sample(func(of map[string]string) {
			for _, name := range f.apart {
				if of[name] != "" {
					of[name] = fmt.Sprintf("%s-%d", of[name], n)
				}
			}
		}))
	}
	return each, sample(func(of map[string]string) {
		of["objects"] = "many"
		for _, name := range f.apart {
			delete(of, name)
		}
	})
}
