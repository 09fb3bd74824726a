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

// manyOf makes of a test in which an alert tells of one object one in which it tells of as
// many as it tells of one by one; then of one more; and then of as many again. At each
// moment from when it first fires either each object is told of, or all in one, and never
// both: but for an alert that goes on firing for a while, which the other form can't know.
func manyOf(t *ruleTest, a alertTest, f form) map[string]any {
	one := a.Expected[0].Labels
	at, keep := t.steps(time.Duration(a.At)), t.steps(f.keep)
	// The last object falls ill, as all did before, just after the alert has fired of the
	// others, and it is gone some time after all in one were told of.
	late := at + 1
	gone := late + at + 2 + keep
	end := gone + t.steps(f.hold) + keep + t.steps(lookBack)
	var lines []line
	for _, l := range t.lines {
		l = l.upTo(at+1, t.Interval)
		if !f.bears(l.labels, one) {
			lines = append(lines, l.upTo(end+1, t.Interval))
			continue
		}
		for n := range f.limit {
			lines = append(lines, f.renamed(l, one, n).upTo(end+1, t.Interval))
		}
		lines = append(lines, f.renamed(l, one, f.limit).after(late, t.Interval).end(gone, t.Interval))
	}
	each, all := alerting(a.Name, ""), alerting(a.Name, "many")
	single, whole := f.told(a.Name, one)
	minutes := fmt.Sprintf("[%s:%s]", t.at(end-at), t.Interval)
	ask := func(expr string, step int, samples ...any) any {
		return map[string]any{"expr": expr, "eval_time": t.at(step), "exp_samples": samples}
	}
	asked := []any{
		ask(each, at, single...), ask(all, at),
		ask(each, gone-1), ask(all, gone-1, whole),
		ask(each, end, single...), ask(all, end),
		ask(fmt.Sprintf("max_over_time(absent(%s or %s)%s)", each, all, minutes), end),
	}
	if keep == 0 {
		asked = append(asked, ask(fmt.Sprintf("count_over_time((%s and on () %s)%s)", each, all, minutes), end))
	}
	return map[string]any{
		"name": t.Name + ": " + a.Name + " of many", "interval": t.Interval.String(),
		"input_series": writtenAll(lines), "promql_expr_test": asked,
	}
}

// alerting selects the alerts of a name in one form.
func alerting(name, objects string) string {
	return fmt.Sprintf(`ALERTS{alertname=%q, alertstate="firing", objects=%q}`, name, objects)
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
