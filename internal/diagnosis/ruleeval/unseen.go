package ruleeval

import (
	"slices"
	"strings"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"

	"github.com/kubevitals/kubevitals/exporter"
)

// Unseen says of an alert that does not fire that it proves nothing.
type Unseen struct {
	// Metric that the alert goes by, and of which there is no sample.
	Metric string
	// Foreign says that another exporter tells the metric, which no look at a cluster
	// reads.
	Foreign bool
}

// Steady are the metrics, by name, that are there even where all is well. Beside each
// may stand values of labels of which each has a sample of its own.
type Steady map[string]map[string][]string

// Unseen returns the alerts, by name, for which a metric is missing without which
// nothing can be told: one of another exporter, or a steady one, which are those of
// ours that are there even where all is well. Of alternatives one is enough.
func (r *Rules) Unseen(s *Samples, steady Steady) map[string]Unseen {
	recorded := map[string]bool{}
	for _, one := range r.list {
		recorded[one.Record] = true
	}
	missing := func(selector *parser.VectorSelector) (Unseen, bool) {
		name := selector.Name
		foreign := !strings.HasPrefix(name, exporter.Namespace+"_") && !recorded[name] && name != "up"
		each, isSteady := steady[name]
		if !foreign && !isSteady || s.has(name) && !s.lacks(selector, each) {
			return Unseen{}, false
		}
		return Unseen{name, foreign}, true
	}
	unseen := map[string]Unseen{}
	for _, one := range r.list {
		if found, ok := firstMissing(one.expr, missing); ok && one.Alert != "" {
			unseen[one.Alert] = found
		}
	}
	return unseen
}

// firstMissing returns the first metric without which an expression can find nothing.
func firstMissing(expr parser.Node, missing func(*parser.VectorSelector) (Unseen, bool)) (Unseen, bool) {
	switch n := expr.(type) {
	case *parser.VectorSelector:
		return missing(n)
	case *parser.BinaryExpr:
		switch n.Op {
		case parser.LUNLESS: // what only keeps it quiet may be missing
			return firstMissing(n.LHS, missing)
		case parser.LOR:
			if _, ok := firstMissing(n.RHS, missing); !ok {
				return Unseen{}, false
			}
			return firstMissing(n.LHS, missing)
		}
	}
	for child := range parser.ChildrenIter(expr) {
		if found, ok := firstMissing(child, missing); ok {
			return found, true
		}
	}
	return Unseen{}, false
}

// has tells whether the last scrape has a sample of the metric, with these labels.
func (s *Samples) has(name string, with ...*labels.Matcher) bool {
	for _, bucket := range s.byName[name] {
		for _, one := range bucket {
			if !one.last().vanished() && matchesAll(one.labels, with) {
				return true
			}
		}
	}
	return false
}

// lacks tells whether the selector is of one value of a label that should have a sample
// of the metric, and the last scrape has none of it.
func (s *Samples) lacks(selector *parser.VectorSelector, each map[string][]string) bool {
	return slices.ContainsFunc(selector.LabelMatchers, func(m *labels.Matcher) bool {
		return m.Type == labels.MatchEqual && slices.Contains(each[m.Name], m.Value) && !s.has(selector.Name, m)
	})
}
