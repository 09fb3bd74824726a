package main

import (
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/promql/parser"
)

const (
	jobLabel, clusterLabel, instanceLabel = "job", "cluster", "instance"
	// exporter is what runs in replicas, which tell of the same.
	exporter = "kubevitals"
	// otherCluster is ill in the same way.
	otherCluster = "of-others"
)

// What may be beside the series of a test and change nothing of what it says.
const (
	inOtherCluster = "another cluster"
	ofReplica      = "another replica"
	ofOtherProgram = "another program"
	ofOtherAlert   = "another alert"
)

var besides = []string{inOtherCluster, ofReplica, ofOtherProgram, ofOtherAlert}

// beside makes of a test one with more series. What is asserted is the same, and in the
// other cluster once more.
func beside(t *ruleTest, raw map[string]any, kinds []string, counts *list, perAlert []string) map[string]any {
	lines := slices.Clone(t.lines)
	for _, kind := range kinds {
		switch kind {
		case ofReplica:
			lines = append(lines, t.replica(counts)...)
		case ofOtherProgram:
			for _, l := range t.lines {
				lines = append(lines, l.others()...)
			}
		case ofOtherAlert:
			lines = append(lines, t.ofOthers(perAlert)...)
		}
	}
	alerts := raw["alert_rule_test"]
	if slices.Contains(kinds, inOtherCluster) {
		for _, l := range t.lines {
			lines = append(lines, l.with(clusterLabel, otherCluster))
		}
		alerts = t.twice()
	}
	return map[string]any{
		"name":     t.Name + ": beside " + strings.Join(kinds, ", "),
		"interval": t.Interval.String(), "input_series": writtenAll(lines), "alert_rule_test": alerts,
	}
}

// replica are the series of another replica, which tells of everything what counts less.
func (t *ruleTest) replica(counts *list) []line {
	var all []line
	for _, l := range t.lines {
		metric := l.labels.Get(model.MetricNameLabel)
		if !l.isOurs() || slices.Contains(counts.Alone, metric) {
			continue
		}
		const much = 1e9
		switch {
		case slices.Contains(counts.Either, metric):
		case slices.Contains(counts.Smallest, metric):
			l = l.changed(func(v float64) float64 { return v + much })
		case strings.HasSuffix(metric, "_total"):
			// It begins at 0, which increase() and rate() know.
			l = l.changed(func(v float64) float64 { return v / 2 })
		default:
			l = l.changed(func(v float64) float64 { return v - much })
		}
		all = append(all, l.with(instanceLabel, l.labels.Get(instanceLabel)+"-replica"))
	}
	return all
}

// isOurs tells whether a series is one of those of which there are replicas: not of what an
// agent says of itself.
func (l line) isOurs() bool {
	return strings.HasPrefix(l.labels.Get(model.MetricNameLabel), exporter+"_") &&
		(l.labels.Get(jobLabel) == exporter || l.labels.Get("node") != "")
}

// others are series of the same name and labels that another program has: large and
// growing, and small.
func (l line) others() []line {
	of := l.with(jobLabel, "of-others")
	grows := make([]parser.SequenceValue, len(l.values))
	for i := range grows {
		grows[i].Value = 1e9 + 1e6*float64(i)
	}
	return []line{
		{of.with(instanceLabel, "large").labels, grows},
		of.with(instanceLabel, "small").always(-1e9),
	}
}

// twice are the expected alerts in both clusters.
func (t *ruleTest) twice() []alertTest {
	all := slices.Clone(t.Alerts)
	for i, a := range all {
		all[i].Expected = slices.Clone(a.Expected)
		for _, e := range a.Expected {
			all[i].Expected = append(all[i].Expected, e.in(otherCluster))
		}
	}
	return all
}

// named is where a text names the cluster.
var named = regexp.MustCompile(`(cluster |var-cluster=)a\b`)

// in is the same alert of another cluster.
func (e expected) in(cluster string) expected {
	other := expected{maps.Clone(e.Labels), maps.Clone(e.Annotations)}
	other.Labels[clusterLabel] = cluster
	for name, text := range other.Annotations {
		other.Annotations[name] = named.ReplaceAllString(text, "${1}"+cluster)
	}
	return other
}
