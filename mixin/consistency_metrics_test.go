package mixin_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"
)

// expressions are all PromQL texts, by where they stand.
func (p Pack) expressions() map[string]string {
	all := map[string]string{}
	for _, a := range p.Alerts {
		all[a.Name] = a.Expr
	}
	for i, r := range p.Records {
		all[fmt.Sprintf("%s, rule %d", r.Name, i)] = r.Expr
	}
	for _, d := range p.Dashboards {
		for _, panel := range d.Panels {
			for i, target := range panel.Targets {
				all[fmt.Sprintf("%s, panel %q, target %d", d.File, panel.Title, i)] = target
			}
		}
	}
	return all
}

// labelsOf returns the labels of a metric that the exporter declares or a rule
// records: those that the rule sets or groups by.
func (p Pack) labelsOf(metric string) ([]string, bool) {
	names, ok := p.Declared[metric]
	for _, r := range p.Records {
		if r.Name == metric {
			ok = true
			names = append(names, append(grouping(r.Expr), slices.Collect(maps.Keys(r.Labels))...)...)
		}
	}
	return names, ok
}

// targetLabels come from the scrape and not from the exporter.
func targetLabels(p Pack) []string { return []string{"job", "instance", p.ClusterLabel} }

// declared: every metric that is ours is declared, and so is every label that
// selects, aggregates or joins.
func declared(p Pack) []string {
	var problems []string
	for where, expr := range p.expressions() {
		found, err := selectors(expr)
		if err != nil {
			problems = append(problems, where+": does not parse: "+err.Error())
			continue
		}
		known, foreigners := targetLabels(p), false
		for _, s := range found {
			own, ok := p.labelsOf(s.Name)
			own = slices.Concat(own, targetLabels(p))
			known = append(known, own...)
			if !ours(s.Name) && !recorded(s.Name) {
				foreigners = true
				continue
			}
			if !ok {
				problems = append(problems, where+": no collector declares and no rule records "+s.Name)
			}
			for _, m := range s.LabelMatchers {
				if m.Name != model.MetricNameLabel && !slices.Contains(own, m.Name) {
					problems = append(problems, fmt.Sprintf("%s: %s has no label %s", where, s.Name, m.Name))
				}
			}
		}
		for _, name := range grouping(expr) {
			// What labels the metrics of others bear is not known here.
			if !foreigners && !slices.Contains(known, name) && !strings.Contains(expr, `"`+name+`"`) { // label_replace makes labels
				problems = append(problems, fmt.Sprintf("%s: groups by %s, which no metric of it has", where, name))
			}
		}
	}
	return problems
}

// grouping returns the labels by which an expression aggregates or joins.
func grouping(expr string) []string {
	tree, err := parser.NewParser(parser.Options{}).ParseExpr(Expression(expr))
	if err != nil {
		return nil
	}
	var names []string
	parser.Inspect(tree, func(n parser.Node, _ []parser.Node) error {
		switch n := n.(type) {
		case *parser.AggregateExpr:
			names = append(names, n.Grouping...)
		case *parser.BinaryExpr:
			if n.VectorMatching != nil {
				names = append(names, n.VectorMatching.MatchingLabels...)
			}
		}
		return nil
	})
	return names
}

// used: every declared or recorded metric is in another rule or a panel.
func used(p Pack) []string {
	seen := map[string]bool{}
	for _, expr := range p.expressions() {
		for _, m := range metrics(expr) {
			seen[m] = true
		}
	}
	var problems []string
	for m := range p.Declared {
		if !seen[m] {
			problems = append(problems, m+" is declared, and no alert or panel uses it")
		}
	}
	for _, r := range p.Records {
		if !seen[r.Name] {
			problems = append(problems, r.Name+" is recorded, and no alert or panel uses it")
		}
	}
	return problems
}

// foreign: a metric of another exporter is named by a signal, and selected in one
// of the ways that signals say.
func foreign(p Pack) []string {
	var problems []string
	for where, expr := range p.expressions() {
		found, err := selectors(expr)
		if err != nil {
			continue // declared says so
		}
		for _, s := range found {
			if ours(s.Name) || recorded(s.Name) || ofOurAlerts(s) {
				continue
			}
			allowed, ok := p.Foreign[s.Name]
			if !ok {
				problems = append(problems, where+": "+s.Name+" is not named as foreign by any signal")
			} else if !slices.ContainsFunc(allowed, func(selector string) bool { return hasSelector(s, selector) }) {
				problems = append(problems, where+": "+s.Name+" is not selected by "+strings.Join(allowed, " or "))
			}
		}
	}
	return problems
}

// ofOurAlerts tells whether the series are those that Prometheus makes of our alerts.
func ofOurAlerts(s *parser.VectorSelector) bool {
	return (s.Name == "ALERTS" || s.Name == "ALERTS_FOR_STATE") && slices.ContainsFunc(s.LabelMatchers, func(m *labels.Matcher) bool {
		return m.Name == "alertname" && strings.HasPrefix(m.Value, "KubeVitals")
	})
}

// hasSelector tells whether the series are selected by name="value".
func hasSelector(s *parser.VectorSelector, selector string) bool {
	name, value, _ := strings.Cut(selector, "=")
	return slices.ContainsFunc(s.LabelMatchers, func(m *labels.Matcher) bool {
		return m.Name == name && m.Value == strings.Trim(value, `"`)
	})
}

// selectorOf is what must choose the series: those of agents of nodes and those
// of the other instances are scraped under different jobs.
func (p Pack) selectorOf(s *parser.VectorSelector) string {
	if p.OfNode[s.Name] || p.OfBoth[s.Name] && hasSelector(s, p.NodeSelector) {
		return p.NodeSelector
	}
	return p.Selector
}

// aggregates: every selector of ours bears the job, every grouping of a rule
// the cluster, and what comes out of a rule does not bear the exporter's own
// labels.
func aggregates(p Pack) []string {
	var problems []string
	for where, expr := range p.expressions() {
		found, err := selectors(expr)
		if err != nil {
			continue
		}
		for _, s := range found {
			if want := p.selectorOf(s); ours(s.Name) && !hasSelector(s, want) {
				problems = append(problems, where+": "+s.Name+" is not selected by "+want)
			}
		}
	}
	for _, a := range slices.Concat(p.Alerts, p.Records) {
		tree, err := parser.NewParser(parser.Options{}).ParseExpr(a.Expr)
		if err != nil {
			continue
		}
		parser.Inspect(tree, func(n parser.Node, path []parser.Node) error {
			problems = append(problems, ungrouped(p, a, n, path)...)
			return nil
		})
	}
	return problems
}

// ungrouped finds a place in a rule that mixes clusters or replicas.
func ungrouped(p Pack, a Alert, n parser.Node, path []parser.Node) []string {
	switch n := n.(type) {
	case *parser.AggregateExpr:
		if !slices.Contains(n.Grouping, p.ClusterLabel) || n.Without {
			return []string{a.Name + ": aggregates without " + p.ClusterLabel + ": " + n.String()}
		}
	case *parser.BinaryExpr:
		if m := n.VectorMatching; m != nil && m.On && !slices.Contains(m.MatchingLabels, p.ClusterLabel) {
			return []string{a.Name + ": joins without " + p.ClusterLabel}
		}
	case *parser.VectorSelector:
		if comesOut(n, path) && !recorded(n.Name) {
			return []string{a.Name + ": " + n.Name + " is not aggregated, so every replica fires its own"}
		}
	case *parser.Call:
		if n.Func.Name == "absent" || n.Func.Name == "absent_over_time" {
			return []string{a.Name + ": " + n.Func.Name + " loses the cluster"}
		}
	}
	return nil
}

// comesOut tells whether the labels of a series that is selected, which has the path above
// it, may be among those of what the expression returns: they are not where it is
// aggregated, nor on the right of a set operator, which only chooses from what is left of it.
func comesOut(n parser.Node, path []parser.Node) bool {
	below := n
	for _, above := range slices.Backward(path) {
		switch above := above.(type) {
		case *parser.AggregateExpr:
			return false
		case *parser.BinaryExpr:
			if (above.Op == parser.LAND || above.Op == parser.LUNLESS) && below == parser.Node(above.RHS) {
				return false
			}
		}
		below = above
	}
	return true
}
