package main

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
)

// edge is one of the graph of causes, as mixin/generated/causes.json has it: what Alertmanager
// and the pages go by, and the rules have to.
type edge struct {
	Cause    string            `json:"cause"`
	Explains string            `json:"explains"`
	Inhibits bool              `json:"inhibits"`
	On       []string          `json:"on"`
	When     map[string]string `json:"when"`
	Where    map[string]string `json:"where"`
}

// What rules know of a cause: that the form for many of it tells of an object, or that it
// fires.
const (
	toldMetric   = "kubevitals:alert_object:told"
	alertsMetric = "ALERTS"
	elsewhere    = "of-others"
)

// variant is a cluster in which an alert would fire, but for a cause, or something near it.
type variant struct {
	cause  labels.Labels // without the cluster
	silent bool
	apart  bool // the cause is of another cluster
}

// explained makes of a test in which an alert fires of one object the clusters in which it
// does not, because a cause of the graph tells of it already, which no inhibition reaches:
// the object is one of many, or the outage of a moment ago. Where a label of the cause is
// another, or its cluster, or it explains something else, the alert fires as before.
func explained(t *ruleTest, a alertTest, edges []edge, forms map[string]form, outages []string) []map[string]any {
	one := a.Expected[0].Labels
	var variants []variant
	for _, e := range edges {
		if e.Explains == a.Name && e.Inhibits {
			variants = append(variants, e.variants(one, forms, outages)...)
		}
	}
	if len(variants) == 0 {
		return nil
	}
	for _, name := range outages {
		if name != a.Name && !slices.ContainsFunc(edges, func(e edge) bool { return e.Explains == a.Name && e.Cause == name }) {
			variants = append(variants, variant{cause: firingOf(name, nil)})
		}
	}
	var all []map[string]any
	for some := range slices.Chunk(variants, max(1, most/(len(t.lines)+1))) {
		all = append(all, sideBySide(t, a, some, len(all)))
	}
	return all
}

// sideBySide is a test of variants, each in a cluster of its own.
func sideBySide(t *ruleTest, a alertTest, variants []variant, part int) map[string]any {
	var lines []line
	var asked []any
	for n, v := range variants {
		cluster := fmt.Sprintf("%s-%02d", otherCluster, n)
		for _, l := range t.lines {
			lines = append(lines, l.with(clusterLabel, cluster))
		}
		of := labels.NewBuilder(v.cause).Set(clusterLabel, cluster)
		if v.apart {
			of.Set(clusterLabel, "apart-"+cluster)
		}
		lines = append(lines, line{of.Labels(), constant(1, max(t.longest(), t.steps(time.Duration(a.At))+1))})
		if v.silent {
			asked = append(asked, alertTest{At: a.At, Name: a.Name}.in(cluster))
		} else {
			asked = append(asked, a.in(cluster))
		}
	}
	return map[string]any{
		"name":     fmt.Sprintf("%s: %s beside what explains it, %d", t.Name, a.Name, part+1),
		"interval": t.Interval.String(), "input_series": writtenAll(lines), "promql_expr_test": asked,
	}
}

// variants are those of an edge that the rules go by.
func (e edge) variants(one map[string]string, forms map[string]form, outages []string) []variant {
	effect, formed := forms[e.Explains]
	byObject := e.byObject(forms)
	toObjects := slices.ContainsFunc(slices.Collect(maps.Keys(e.Where)), func(l string) bool { return slices.Contains(effect.apart, l) })
	plain := len(e.On)+len(e.When)+len(e.Where) == 0
	own := map[string]string{}
	for _, name := range e.On {
		own[name] = one[name]
	}
	for name, pattern := range e.When {
		own[name], _, _ = strings.Cut(pattern, "|")
		if !whole(pattern).MatchString(own[name]) {
			return nil
		}
	}
	told := firingOf
	switch {
	case formed && byObject:
		told = toldOf
	case formed && toObjects, plain && slices.Contains(outages, e.Cause) && one["severity"] != "info":
	default:
		return nil // inhibition sees to it
	}
	silent := true
	for name, pattern := range e.Where {
		silent = silent && whole(pattern).MatchString(one[name])
	}
	all := []variant{{cause: told(e.Cause, own), silent: silent}, {cause: told(e.Cause, own), apart: true}}
	for _, name := range slices.Sorted(maps.Keys(own)) {
		other := maps.Clone(own)
		other[name] = elsewhere
		all = append(all, variant{cause: told(e.Cause, other)})
	}
	if !byObject {
		pending := labels.NewBuilder(told(e.Cause, own)).Set("alertstate", "pending").Labels()
		all = append(all, variant{cause: pending})
	}
	return all
}

// byObject tells whether an edge is of objects, which the form for many of its cause lacks.
func (e edge) byObject(forms map[string]form) bool {
	cause, ok := forms[e.Cause]
	of := func(label string) bool { return slices.Contains(cause.apart, label) }
	return ok && (slices.ContainsFunc(e.On, of) || slices.ContainsFunc(slices.Collect(maps.Keys(e.When)), of))
}

// tellsObjects tells whether rules record the objects of the cause for what it explains.
func (e edge) tellsObjects(forms map[string]form) bool {
	_, ok := forms[e.Explains]
	return ok && e.Inhibits && e.byObject(forms)
}

func whole(pattern string) *regexp.Regexp { return regexp.MustCompile("^(?:" + pattern + ")$") }

func toldOf(alert string, of map[string]string) labels.Labels {
	b := labels.NewBuilder(labels.FromMap(of)).Set(model.MetricNameLabel, toldMetric)
	return b.Set(alertLabel, alert).Set("signal", elsewhere).Labels()
}

func firingOf(alert string, of map[string]string) labels.Labels {
	b := labels.NewBuilder(labels.FromMap(of)).Set(model.MetricNameLabel, alertsMetric)
	return b.Set(labels.AlertName, alert).Set("alertstate", "firing").Set("signal", elsewhere).Labels()
}
