package mixin_test

import (
	"fmt"
	"slices"
	"strings"
)

// names: collectors, signals and tests have the same names; a signal without a
// collector has metrics of others.
func names(p Pack) []string {
	var problems []string
	for _, c := range p.Collectors {
		if !slices.Contains(p.SignalFiles, c) {
			problems = append(problems, c+": a collector without a signal")
		}
	}
	for _, s := range p.SignalFiles {
		if !slices.Contains(p.Collectors, s) && s != "exporter" && len(p.Foreign) == 0 {
			problems = append(problems, s+": a signal without a collector and without metrics of others")
		}
		if !slices.Contains(p.TestFiles, s) {
			problems = append(problems, s+": a signal without a rule test")
		}
	}
	for _, t := range p.TestFiles {
		if !slices.Contains(p.SignalFiles, t) {
			problems = append(problems, t+": a rule test without a signal")
		}
	}
	ordered := slices.DeleteFunc(p.signals(), func(s string) bool { return !slices.Contains(p.Collectors, s) })
	if len(ordered) == len(p.Collectors) && !slices.Equal(ordered, p.Collectors) {
		problems = append(problems, fmt.Sprintf("signals.libsonnet has another order than collectors.Catalogue: %v, %v", ordered, p.Collectors))
	}
	return problems
}

// signals are the signals that have alerts, in the order of signals.libsonnet.
func (p Pack) signals() []string {
	var all []string
	for _, a := range p.Alerts {
		if s := a.Labels["signal"]; !slices.Contains(all, s) {
			all = append(all, s)
		}
	}
	return all
}

// dashboards: unique ids, no overlap, everything described, the data source a
// variable.
func dashboards(p Pack) []string {
	var problems []string
	uids := map[string]string{}
	for _, d := range p.Dashboards {
		say := func(format string, args ...any) {
			problems = append(problems, d.File+": "+fmt.Sprintf(format, args...))
		}
		if other, ok := uids[d.UID]; ok || len(d.UID) == 0 || len(d.UID) > 40 {
			say("uid %q is taken by %q or has a bad length", d.UID, other)
		}
		uids[d.UID] = d.File
		if !slices.Contains(d.Variables, "datasource") || !slices.Contains(d.Variables, "cluster") {
			say("variables datasource and cluster are missing in %v", d.Variables)
		}
		ids := map[int]bool{}
		for i, panel := range d.Panels {
			if ids[panel.ID] {
				say("two panels have id %d", panel.ID)
			}
			ids[panel.ID] = true
			for _, problem := range panelProblems(panel) {
				say("panel %q: %s", panel.Title, problem)
			}
			for _, other := range d.Panels[:i] {
				if overlap(panel, other) {
					say("panels %q and %q overlap", panel.Title, other.Title)
				}
			}
		}
	}
	return problems
}

func panelProblems(p Panel) []string {
	if p.Type == "row" {
		return nil
	}
	var problems []string
	if p.Title == "" || p.Unit == "" {
		problems = append(problems, "no title or no unit")
	}
	if !strings.HasSuffix(p.Description, ".") {
		problems = append(problems, "no description")
	}
	if len(p.Targets) == 0 {
		problems = append(problems, "no target")
	}
	for _, d := range p.Datasources {
		if d != "${datasource}" {
			problems = append(problems, "the data source is not the variable: "+d)
		}
	}
	for _, t := range p.Targets {
		if strings.Contains(t, "rate(") && !strings.Contains(t, "$__rate_interval") {
			problems = append(problems, "a rate over something else than $__rate_interval")
		}
		if !strings.Contains(t, "$cluster") {
			problems = append(problems, "a target that does not follow the choice of clusters")
		}
	}
	return problems
}

func overlap(a, b Panel) bool {
	// Panels of rows that are collapsed have their place once the row is opened.
	return a.Row == b.Row && a.X < b.X+b.W && b.X < a.X+a.W && a.Y < b.Y+b.H && b.Y < a.Y+a.H
}
