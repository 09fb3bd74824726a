package main

import (
	"fmt"
	"maps"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
)

// objectMetric is what rules record of each object that an alert would tell of.
const objectMetric = "kubevitals:alert_object"

// recordedMany makes of an alert that has a form for many a test of what is recorded of its
// objects, whatever they came from: in one cluster as many as are told of one by one, of
// which each is; in another one more, which are all in one, and of which rules that the alert
// explains know each. It follows of alerts of which no cluster can have many as well, because
// another alert tells of those.
func recordedMany(t *ruleTest, a alertTest, f form, causes bool) map[string]any {
	one := a.Expected[0].Labels
	// A group of rules that is evaluated each ten minutes is so here, too.
	at := t.steps(f.hold) + 2
	clusters := map[string]int{"each": f.limit, "more": f.limit + 1}
	var lines []line
	for _, cluster := range []string{"each", "more"} {
		of := labels.NewBuilder(labels.FromMap(one)).Del("severity").Set(model.MetricNameLabel, objectMetric)
		object := line{of.Set(alertLabel, a.Name).Set(clusterLabel, cluster).Labels(), constant(1, at+1)}
		for n := range clusters[cluster] {
			lines = append(lines, f.renamed(object, one, n))
		}
	}
	in := func(cluster string) map[string]string {
		of := maps.Clone(one)
		of[clusterLabel] = cluster
		return of
	}
	m := &many{ruleTest: t, form: f}
	each, _ := f.told(a.Name, in("each"))
	_, all := f.told(a.Name, in("more"))
	fires := func(cluster string) string {
		return fmt.Sprintf(`ALERTS{alertname=%q, alertstate="firing", cluster=%q}`, a.Name, cluster)
	}
	asked := []any{m.ask(fires("each"), at, each...), m.ask(fires("more"), at, all)}
	if hold := t.steps(f.hold); hold > 0 && f.hold == time.Duration(hold)*time.Duration(t.Interval) {
		asked = append(asked, m.ask(fires("each"), hold, each...), m.ask(fires("each"), hold-1), m.ask(fires("more"), hold-1))
	}
	if causes {
		told := fmt.Sprintf("count by (cluster) (%s{alert=%q})", toldMetric, a.Name)
		asked = append(asked, m.ask(told, at, map[string]any{"labels": `{cluster="more"}`, "value": f.limit + 1}))
	}
	return map[string]any{
		"name": fmt.Sprintf("%s: %s of as many as are recorded", t.Name, a.Name), "interval": t.Interval.String(),
		"input_series": writtenAll(lines), "promql_expr_test": asked,
	}
}
