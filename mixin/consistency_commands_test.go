package mixin_test

import (
	"fmt"
	"maps"
	"regexp"
	"slices"

	"github.com/prometheus/prometheus/promql/parser"

	"github.com/kubevitals/kubevitals/internal/diagnosis/runbook"
)

// commands: every placeholder in the commands of a runbook is a label that the
// alert bears, or one that the reader must fill in. The labels are those with
// which Prometheus fires the alert in its tests. And no variable is put into the
// text of a script: what a node says of itself, such as its address, would be run
// by whoever follows the runbook; it has to be an argument.
func commands(p Pack) []string {
	var problems []string
	into := regexp.MustCompile(`\b(?:ba)?sh -c\s+(?:\\\n\s*)?"[^"]*\$`)
	for name, text := range p.Runbooks {
		book, err := runbook.Parse([]byte(text))
		if err != nil {
			problems = append(problems, name+": "+err.Error())
			continue
		}
		if script := into.FindString(text); script != "" {
			problems = append(problems, fmt.Sprintf("%s: the runbook puts a variable into the text of a script: %q", name, script))
		}
		labels := p.labelsOfAlert(name)
		for _, placeholder := range book.Placeholders() {
			if !labels[placeholder] && !slices.Contains(p.Free[name], placeholder) {
				problems = append(problems, fmt.Sprintf("%s: the runbook's placeholder '<%s>' is no label of the alert, which bears %v", name, placeholder, slices.Sorted(maps.Keys(labels))))
			}
		}
	}
	return append(problems, p.unusedFree()...)
}

// labelsOfAlert are those of its instances in all tests in which it fires, and
// those by which its expression aggregates last: a test shows no label that is
// empty.
func (p Pack) labelsOfAlert(name string) map[string]bool {
	labels := map[string]bool{}
	for _, t := range p.Tests {
		if t.Alert != name {
			continue
		}
		for label := range t.Labels {
			labels[label] = true
		}
	}
	for _, a := range p.Alerts {
		if a.Name != name {
			continue
		}
		tree, err := parser.NewParser(parser.Options{}).ParseExpr(a.Expr)
		if err != nil {
			continue
		}
		for _, label := range outermost(tree) {
			labels[label] = true
		}
	}
	return labels
}

// outermost returns the labels by which an expression aggregates last. It is
// empty where that cannot be told from the expression alone.
func outermost(e parser.Expr) []string {
	switch e := e.(type) {
	case *parser.ParenExpr:
		return outermost(e.Expr)
	case *parser.AggregateExpr:
		if !e.Without {
			return e.Grouping
		}
	case *parser.BinaryExpr:
		if e.LHS.Type() != parser.ValueTypeVector {
			return outermost(e.RHS)
		}
		if m := e.VectorMatching; m == nil || m.Card != parser.CardOneToMany {
			return outermost(e.LHS)
		}
		return outermost(e.RHS)
	}
	return nil
}

// unusedFree finds free placeholders that their runbook does not have.
func (p Pack) unusedFree() []string {
	var problems []string
	for name, list := range p.Free {
		book, err := runbook.Parse([]byte(p.Runbooks[name]))
		if err != nil {
			// Told already, or there is no such runbook.
			book = &runbook.Runbook{}
		}
		for _, placeholder := range list {
			if !slices.Contains(book.Placeholders(), placeholder) {
				problems = append(problems, fmt.Sprintf("%s: the free placeholder '<%s>' is not in its runbook", name, placeholder))
			}
		}
	}
	return problems
}
