// Consistency: checks that the parts of the mixin belong together: every
// alert has a runbook, a test that fires and one that is silent, a panel, and
// metrics that the exporter declares. Each check is a pure function from a Pack
// to problems, so that each can be shown to find its problem.
package mixin_test

import (
	"slices"
	"strings"

	"github.com/prometheus/prometheus/promql/parser"
)

// Pack is everything that must fit together.
type Pack struct {
	Alerts []Alert
	// Records are the recording rules, with what they record as the name.
	Records    []Alert
	Dashboards []Dashboard
	// Runbooks are the texts by name of alert.
	Runbooks map[string]string
	Tests    []RuleTest
	// TestFiles, SignalFiles and Collectors are names of failure modes.
	TestFiles, SignalFiles, Collectors []string
	// Declared are the labels of every metric of the exporter, by metric.
	Declared map[string][]string
	// OfNode are the metrics that the agents of nodes send, and the other instances
	// do not; OfBoth are those that all send.
	OfNode, OfBoth map[string]bool
	// Foreign are the metrics of others that the signals name, with the selectors
	// of which each must bear one.
	Foreign map[string][]string
	// Config are the thresholds of _config, and whether anything uses them.
	Config map[string]bool
	// Texts are the files of failure modes that people write, but for runbooks, by path.
	Texts map[string]string
	// Free are the placeholders that the reader of a runbook must fill in, by alert.
	Free map[string][]string

	// Selector and NodeSelector choose the series of kubevitals of scope cluster
	// and of scope node.
	ClusterLabel, Selector, NodeSelector, RunbookPattern string
}

// Alert is one alerting rule.
type Alert struct {
	Name, Expr, For     string
	Labels, Annotations map[string]string
}

// Dashboard is one generated dashboard.
type Dashboard struct {
	File, UID, Title, Description string
	Panels                        []Panel
	Variables                     []string
	// Several are the variables that can have more than one value.
	Several  []string
	Editable bool
}

// Panel is one panel; rows have no targets.
type Panel struct {
	ID                             int
	Title, Description, Unit, Type string
	Datasources                    []string
	Targets                        []string
	X, Y, W, H                     int
	// Row is the id of the row that is collapsed and holds it, or zero.
	Row int
	// NoValue stands where there is nothing; Legends are those of the targets.
	NoValue string
	Legends []string
	// Zero tells that the axis begins at 0 or reaches it, and Colour where colours come from.
	Zero   bool
	Colour string
	// Renamed are the names of columns by those of fields, Hidden the fields that are left
	// out, and Merged tells that the answers of several queries are one table.
	Renamed map[string]string
	Hidden  map[string]bool
	Merged  bool
}

// RuleTest is one expectation of a promtool test.
type RuleTest struct {
	File, Alert, EvalTime string
	Fires                 bool
	// Labels are those of all instances that fire.
	Labels      map[string]string
	Annotations map[string]string
}

// Check is one rule of
type Check struct {
	Name string
	Find func(Pack) []string
}

// Checks are all rules.
func Checks() []Check {
	return []Check{
		{"alerts are annotated", annotations},
		{"alerts and runbooks match", runbooks},
		{"commands of runbooks ask for labels", commands},
		{"alerts are tested", tested},
		{"metrics and labels are declared", declared},
		{"declared metrics are used", used},
		{"foreign metrics are named", foreign},
		{"alerts are drawn on their dashboard", drawn},
		{"rules select and aggregate", aggregates},
		{"names match on every floor", names},
		{"dashboards are well made", dashboards},
		{"dashboards can be read", readable},
		{"thresholds are used", thresholds},
		{"nothing is left to do", unfinished},
	}
}

// Expression replaces what Grafana fills in, so that the rest can be parsed.
func Expression(text string) string {
	return strings.NewReplacer("$__rate_interval", "5m", "$__interval", "5m").Replace(text)
}

// selectors returns the vector selectors of an expression.
func selectors(expr string) ([]*parser.VectorSelector, error) {
	tree, err := parser.NewParser(parser.Options{}).ParseExpr(Expression(expr))
	if err != nil {
		return nil, err
	}
	var found []*parser.VectorSelector
	parser.Inspect(tree, func(n parser.Node, _ []parser.Node) error {
		if s, ok := n.(*parser.VectorSelector); ok {
			found = append(found, s)
		}
		return nil
	})
	return found, nil
}

// metrics returns the names of the metrics in an expression.
func metrics(expr string) []string {
	found, err := selectors(expr)
	if err != nil {
		return nil
	}
	var all []string
	for _, s := range found {
		all = append(all, s.Name)
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// recorded tells whether a recording rule of ours must make the metric.
func recorded(metric string) bool { return strings.HasPrefix(metric, "kubevitals:") }

// ours tells whether the exporter itself must declare the metric.
func ours(metric string) bool { return strings.HasPrefix(metric, "kubevitals_") }
