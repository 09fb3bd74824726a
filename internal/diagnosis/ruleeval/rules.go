// Package ruleeval evaluates the alerting rules of the mixin over samples in
// memory, with Prometheus' own engine: the same rules, and no second set of
// thresholds.
package ruleeval

import (
	"errors"
	"fmt"
	"log/slog"
	"regexp"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/rulefmt"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/parser"
)

// Rules are alerting and recording rules in the order in which they are to be
// evaluated. They never change, and are safe for concurrent use.
type Rules struct {
	list   []rule
	parser parser.Parser
	engine *promql.Engine
}

type rule struct {
	rulefmt.Rule
	expr parser.Expr
	// lookback is how far back the rule looks, in ranges, subqueries and offsets.
	lookback time.Duration
	// triggers are the selectors that make the rule true; they are its evidence.
	triggers []*parser.VectorSelector
}

const (
	// maxSamples and queryTimeout bound one rule; a cluster of 5,000 nodes has
	// 300,000 series.
	maxSamples   = 20_000_000
	queryTimeout = time.Minute
)

// Parse reads a rule file of Prometheus. Its error names every rule that is wrong.
func Parse(file []byte) (*Rules, error) {
	r := &Rules{
		parser: parser.NewParser(parser.Options{}),
		engine: promql.NewEngine(promql.EngineOpts{MaxSamples: maxSamples, Timeout: queryTimeout, EnableAtModifier: true}),
	}
	groups, errs := rulefmt.Parse(file, false, model.UTF8Validation, r.parser, slog.New(slog.DiscardHandler))
	if len(errs) > 0 {
		return nil, fmt.Errorf("alerting rules: %w", errors.Join(errs...))
	}
	for _, g := range groups.Groups {
		for _, one := range g.Rules {
			expr, err := r.parser.ParseExpr(one.Expr)
			if err != nil {
				return nil, fmt.Errorf("rule %s%s: %w", one.Alert, one.Record, err)
			}
			if s := nameless(expr); s != nil {
				return nil, fmt.Errorf("rule %s%s: %s does not name its metric", one.Alert, one.Record, s)
			}
			r.list = append(r.list, rule{Rule: one, expr: expr, lookback: lookback(expr), triggers: TriggerSelectors(expr)})
		}
	}
	return r, nil
}

// Alert is what is known of an alert without any sample.
type Alert struct {
	Name, Severity, Signal string
	// Summary is what it means, in one sentence.
	Summary string
	// Description is the template of what it means for its labels.
	Description string
	// For is how long Prometheus waits before it fires, such as 5m.
	For string
	// RunbookURL is the address of its runbook.
	RunbookURL string
}

// Alerts returns all alerts in the order of the file.
func (r *Rules) Alerts() []Alert {
	var all []Alert
	for _, one := range r.list {
		if one.Alert != "" {
			all = append(all, Alert{
				Name: one.Alert, Severity: one.Labels["severity"], Signal: one.Labels["signal"], Summary: one.Annotations["summary"],
				Description: one.Annotations["description"],
				For:         one.For.String(), RunbookURL: one.Annotations["runbook_url"],
			})
		}
	}
	return all
}

// lookedUp are the metrics that an annotation looks up for its text.
var lookedUp = regexp.MustCompile(`([a-zA-Z_:][a-zA-Z0-9_:]*)\{[^{]`)

// Reads returns the names of all metrics that the rules and their annotations refer
// to, those that other rules record and those of other exporters among them.
func (r *Rules) Reads() map[string]bool {
	names := map[string]bool{}
	for _, one := range r.list {
		for _, s := range selectors(one.expr) {
			names[s.Name] = true
		}
		for _, text := range one.Annotations {
			for _, m := range lookedUp.FindAllStringSubmatch(text, -1) {
				names[m[1]] = true
			}
		}
	}
	return names
}

// nameless returns a selector of an expression that may select more than one
// metric, or nil: all that is kept in memory is found by name.
func nameless(expr parser.Expr) *parser.VectorSelector {
	for _, s := range selectors(expr) {
		if s.Name == "" {
			return s
		}
	}
	return nil
}

func selectors(expr parser.Expr) []*parser.VectorSelector {
	var found []*parser.VectorSelector
	parser.Inspect(expr, func(n parser.Node, _ []parser.Node) error {
		if s, ok := n.(*parser.VectorSelector); ok {
			found = append(found, s)
		}
		return nil
	})
	return found
}

// lookback returns the longest time that any part of an expression looks back.
func lookback(expr parser.Expr) time.Duration {
	var longest time.Duration
	parser.Inspect(expr, func(n parser.Node, _ []parser.Node) error {
		switch n := n.(type) {
		case *parser.MatrixSelector:
			longest = max(longest, n.Range)
		case *parser.SubqueryExpr:
			longest = max(longest, n.Range)
		case *parser.VectorSelector:
			longest = max(longest, n.OriginalOffset)
		}
		return nil
	})
	return longest
}

// TriggerSelectors returns the selectors that make an expression true: all but those that
// only keep it quiet, right of an unless.
func TriggerSelectors(expr parser.Expr) []*parser.VectorSelector {
	var found []*parser.VectorSelector
	parser.Inspect(expr, func(n parser.Node, path []parser.Node) error {
		s, ok := n.(*parser.VectorSelector)
		if !ok {
			return nil
		}
		for i, above := range path {
			b, ok := above.(*parser.BinaryExpr)
			if !ok || b.Op != parser.LUNLESS {
				continue
			}
			within := parser.Node(s)
			if i+1 < len(path) {
				within = path[i+1]
			}
			if within == b.RHS {
				return nil
			}
		}
		found = append(found, s)
		return nil
	})
	return found
}

// during returns the expression, to be changed at will, with every rate taken over the
// time that the samples cover, where it would be taken over more: a rate is per second, so
// it means the same, and an engine that is given two samples of half a minute would
// spread them over the whole range.
func (r *Rules) during(one rule, covered time.Duration) (parser.Expr, error) {
	expr, err := r.parser.ParseExpr(one.Expr)
	if err != nil {
		return nil, err
	}
	// The two samples must lie within it, and its start is exclusive.
	longest := covered + time.Second
	parser.Inspect(expr, func(n parser.Node, _ []parser.Node) error {
		call, ok := n.(*parser.Call)
		if !ok || call.Func.Name != "rate" {
			return nil
		}
		if m, ok := call.Args[0].(*parser.MatrixSelector); ok && m.Range > longest {
			m.Range = longest
		}
		return nil
	})
	return expr, nil
}

// recorded are the labels of a sample that a recording rule makes.
func recorded(one rule, l labels.Labels) labels.Labels {
	b := labels.NewBuilder(l).Set(model.MetricNameLabel, one.Record)
	for name, value := range one.Labels {
		b.Set(name, value)
	}
	return b.Labels()
}
