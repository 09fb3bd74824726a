package mixin_test

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// readable: who looks at a dashboard sees what it means: nothing is explained, an axis
// has its zero, columns and states have names, and no panel has a line for each node.
func readable(p Pack) []string {
	var problems []string
	for _, d := range p.Dashboards {
		say := func(format string, args ...any) {
			problems = append(problems, d.File+": "+fmt.Sprintf(format, args...))
		}
		if d.Editable {
			say("can be edited where it is, and not in its source")
		}
		if slices.Contains(d.Several, "cluster") {
			say("mixes clusters: the variable cluster has more than one value")
		}
		for _, panel := range d.Panels {
			for _, problem := range slices.Concat(emptyProblems(panel), shapeProblems(panel)) {
				say("panel %q: %s", panel.Title, problem)
			}
		}
	}
	return problems
}

var saysWhy = regexp.MustCompile(`^(none|none, or not collected: .+|not collected: .+)$`)

// emptyProblems: a panel that has nothing says whether that is health, and calls it
// health only where it would show that nothing is known.
func emptyProblems(p Panel) []string {
	switch {
	case p.Type == "row":
		return nil
	case !saysWhy.MatchString(p.NoValue):
		return []string{fmt.Sprintf("says %q where there is nothing: neither none nor why it is not collected", p.NoValue)}
	case p.NoValue == "none" && !slices.ContainsFunc(p.Targets, func(expr string) bool { return strings.Contains(expr, "absent(") }):
		return []string{"says none where nothing may be known: no query of it asks what is absent"}
	}
	return nil
}

var perNode = regexp.MustCompile(`\{\{ *(node|instance) *\}\}`)

func shapeProblems(p Panel) []string {
	var problems []string
	for i, legend := range p.Legends {
		if perNode.MatchString(legend) && !strings.HasPrefix(p.Targets[i], "topk(") && !strings.HasPrefix(p.Targets[i], "bottomk(") {
			problems = append(problems, "a line for each node, without a bound: "+legend)
		}
	}
	switch p.Type {
	case "timeseries":
		if !p.Zero {
			problems = append(problems, "an axis without its zero")
		}
	case "state-timeline":
		if p.Colour != "thresholds" {
			problems = append(problems, "no legend that says what its colours are")
		}
	case "table":
		problems = append(problems, columnProblems(p)...)
	}
	return problems
}

// columnProblems: each query of a table gives a column that has a name, or none.
func columnProblems(p Panel) []string {
	var problems []string
	if len(p.Targets) > 1 && !p.Merged {
		problems = append(problems, "only the answer of its first query is shown")
	}
	for i := range p.Targets {
		field := "Value"
		if len(p.Targets) > 1 {
			field = fmt.Sprintf("Value #%c", 'A'+i)
		}
		if p.Renamed[field] == "" && !p.Hidden[field] {
			problems = append(problems, "a column that is called "+field)
		}
	}
	if !p.Hidden["Time"] {
		problems = append(problems, "a column for the time of the query")
	}
	return problems
}
