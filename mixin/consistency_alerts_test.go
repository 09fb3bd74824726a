package mixin_test

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/prometheus/prometheus/promql/parser"

	"github.com/kubevitals/kubevitals/internal/diagnosis/ruleeval"
)

// annotations: severity, a static summary, a templated description, both links.
func annotations(p Pack) []string {
	var problems []string
	say := func(a Alert, format string, args ...any) {
		problems = append(problems, a.Name+": "+fmt.Sprintf(format, args...))
	}
	uids := map[string]bool{}
	for _, d := range p.Dashboards {
		uids[d.UID] = true
	}
	seen := map[string]bool{}
	for _, a := range p.Alerts {
		if seen[a.Name] {
			say(a, "two alerts have this name")
		}
		seen[a.Name] = true
		if !strings.HasPrefix(a.Name, "KubeVitals") {
			say(a, "the name does not begin with KubeVitals")
		}
		if !slices.Contains([]string{"critical", "warning", "info"}, a.Labels["severity"]) {
			say(a, "severity %q", a.Labels["severity"])
		}
		if s := a.Annotations["summary"]; !strings.HasSuffix(s, ".") || strings.Contains(s, "{{") {
			say(a, "the summary is not a sentence without templates: %q", s)
		}
		if !strings.Contains(a.Annotations["description"], "{{") {
			say(a, "the description names no label")
		}
		if want := fmt.Sprintf(p.RunbookPattern, a.Name); RunbookOf(a) != want {
			say(a, "runbook_url is %q, want %q and the labels", a.Annotations["runbook_url"], want)
		}
		if !uids[DashboardOf(a)] {
			say(a, "dashboard_url leads to no dashboard: %q", a.Annotations["dashboard_url"])
		}
		if a.For == "" {
			say(a, "fires at once, without a for")
		}
	}
	return problems
}

// RunbookOf returns the address of the alert's runbook without the labels that are
// filled in when it fires.
func RunbookOf(a Alert) string {
	address, _, _ := strings.Cut(a.Annotations["runbook_url"], "{{")
	return address
}

// DashboardOf returns the uid of the dashboard that the alert links to.
func DashboardOf(a Alert) string {
	_, rest, _ := strings.Cut(a.Annotations["dashboard_url"], "/d/")
	uid, _, _ := strings.Cut(rest, "?")
	return uid
}

var (
	placeholder  = regexp.MustCompile(`\b(TODO|FIXME|TBD)\b`)
	alertName    = regexp.MustCompile(`\bKubeVitals[A-Z]\w+`)
	relativeLink = regexp.MustCompile(`\]\(([^)#:]+\.md)\)`)
)

// runbooks: one for each alert and none without, with the four headings, and no
// dead link.
func runbooks(p Pack) []string {
	var problems []string
	alerts := map[string]Alert{}
	for _, a := range p.Alerts {
		alerts[a.Name] = a
		if _, ok := p.Runbooks[a.Name]; !ok {
			problems = append(problems, a.Name+": no runbook")
		}
	}
	for name, text := range p.Runbooks {
		a, ok := alerts[name]
		if !ok {
			problems = append(problems, name+": a runbook without an alert")
			continue
		}
		if !strings.HasPrefix(text, "# "+name+"\n") {
			problems = append(problems, name+": the runbook's title is not the alert's name")
		}
		if row := fmt.Sprintf("| %s | %s |", a.Labels["severity"], a.Labels["signal"]); !strings.Contains(text, row) {
			problems = append(problems, name+": the runbook's table does not say "+row)
		}
		for _, heading := range []string{"Meaning", "Impact", "Diagnosis", "Mitigation"} {
			if _, rest, ok := strings.Cut(text, "\n## "+heading+"\n"); !ok || len(strings.TrimSpace(rest)) < 20 {
				problems = append(problems, name+": the runbook has no section "+heading)
			}
		}
		if placeholder.MatchString(text) {
			problems = append(problems, name+": the runbook is not finished")
		}
		for _, link := range relativeLink.FindAllStringSubmatch(text, -1) {
			if _, ok := p.Runbooks[strings.TrimSuffix(link[1], ".md")]; !ok {
				problems = append(problems, name+": the runbook links to "+link[1]+", which is not there")
			}
		}
		for _, other := range alertName.FindAllString(text, -1) {
			if _, ok := alerts[other]; !ok {
				problems = append(problems, name+": the runbook speaks of "+other+", which is no alert")
			}
		}
	}
	return problems
}

// unfinished: what make new-signal marked for its author is done.
func unfinished(p Pack) []string {
	var problems []string
	for file, text := range p.Texts {
		for i, line := range strings.Split(text, "\n") {
			if placeholder.MatchString(line) {
				problems = append(problems, fmt.Sprintf("%s:%d: not finished: %s", file, i+1, strings.TrimSpace(line)))
			}
		}
	}
	return problems
}

// tested: each alert fires in one test, with its annotations, and is silent in
// another at a named time.
func tested(p Pack) []string {
	var problems []string
	for _, a := range p.Alerts {
		fires, silent := false, false
		for _, t := range p.Tests {
			if t.Alert != a.Name || t.EvalTime == "" {
				continue
			}
			fires = fires || (t.Fires && strings.HasPrefix(t.Annotations["runbook_url"], RunbookOf(a)))
			silent = silent || !t.Fires
		}
		if !fires {
			problems = append(problems, a.Name+": no test in which it fires with its annotations")
		}
		if !silent {
			problems = append(problems, a.Name+": no test in which it is silent")
		}
	}
	for _, t := range p.Tests {
		if !slices.ContainsFunc(p.Alerts, func(a Alert) bool { return a.Name == t.Alert }) {
			problems = append(problems, t.File+": a test of "+t.Alert+", which is no alert")
		}
	}
	return problems
}

// drawn: every metric of an alert is in a panel of the dashboard it links to.
func drawn(p Pack) []string {
	var problems []string
	for _, a := range p.Alerts {
		shown := map[string]bool{}
		for _, d := range p.Dashboards {
			if d.UID != DashboardOf(a) {
				continue
			}
			for _, panel := range d.Panels {
				for _, target := range panel.Targets {
					for _, m := range metrics(target) {
						shown[m] = true
					}
				}
			}
		}
		for _, m := range telling(a.Expr) {
			if !shown[m] {
				problems = append(problems, a.Name+": "+m+" is in no panel of its dashboard")
			}
		}
	}
	return problems
}

// telling returns the metrics that make an alert fire.
func telling(expr string) []string {
	tree, err := parser.NewParser(parser.Options{}).ParseExpr(expr)
	if err != nil {
		return nil
	}
	var names []string
	for _, s := range ruleeval.TriggerSelectors(tree) {
		names = append(names, s.Name)
	}
	return names
}

// thresholds: every setting is used.
func thresholds(p Pack) []string {
	var problems []string
	for name, used := range p.Config {
		if !used {
			problems = append(problems, "_config.kubevitals."+name+" is used by nothing")
		}
	}
	return problems
}
