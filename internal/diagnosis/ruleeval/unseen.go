package ruleeval

import (
	"strings"

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

// Unseen returns the alerts, by name, for which a metric is missing without which
// nothing can be told: one of another exporter, or a steady one, which are those of
// ours that are there even where all is well. Of alternatives one is enough.
func (r *Rules) Unseen(s *Samples, steady map[string]bool) map[string]Unseen {
	recorded := map[string]bool{}
	for _, one := range r.list {
		recorded[one.Record] = true
	}
	missing := func(selector *parser.VectorSelector) (Unseen, bool) {
		name := selector.Name
		foreign := !strings.HasPrefix(name, exporter.Namespace+"_") && !recorded[name] && name != "up"
		if !foreign && !steady[name] || s.has(name) {
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

// has tells whether the last scrape has a sample of the metric.
func (s *Samples) has(name string) bool {
	for _, bucket := range s.byName[name] {
		for _, one := range bucket {
			if !one.last().vanished() {
				return true
			}
		}
	}
	return false
}
