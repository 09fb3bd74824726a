package mixin_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"sigs.k8s.io/yaml"
)

// inhibitRule is one of Alertmanager's inhibit_rules.
type inhibitRule struct {
	Source []string `json:"source_matchers"`
	Target []string `json:"target_matchers"`
	Equal  []string `json:"equal"`
}

func loadInhibitRules(t *testing.T) []inhibitRule {
	t.Helper()
	var file struct {
		Rules []inhibitRule `json:"inhibit_rules"`
	}
	if err := yaml.UnmarshalStrict([]byte(read(t, "generated/inhibit-rules.yaml")), &file); err != nil {
		t.Fatal(err)
	}
	return file.Rules
}

// matchedBy are the alerts that matchers name, and what they want of other labels.
func matchedBy(matchers []string) (alerts []string, labels map[string]string) {
	labels = map[string]string{}
	for _, m := range matchers {
		name, value, _ := strings.Cut(strings.Replace(m, "=~", "=", 1), "=")
		switch value = strings.Trim(value, `"`); name {
		case "alertname":
			alerts = strings.Split(value, "|")
		case "objects": // the form for many has other ways
		default:
			labels[name] = value
		}
	}
	return alerts, labels
}

// edges are those of the graph that a rule is, one for each pair of alerts.
func (r inhibitRule) edges() []explanation {
	var all []explanation
	causes, when := matchedBy(r.Source)
	explained, where := matchedBy(r.Target)
	for _, cause := range causes {
		for _, alert := range explained {
			all = append(all, explanation{cause, alert, r.Equal[1:], when, where, true})
		}
	}
	return all
}

// inhibitProblems says in what rules of Alertmanager and the graph differ.
func inhibitProblems(rules []inhibitRule, graph []explanation) []string {
	var problems []string
	got := map[string]bool{}
	for _, rule := range rules {
		if len(rule.Equal) == 0 || rule.Equal[0] != "cluster" {
			problems = append(problems, fmt.Sprintf("%v silences alerts of other clusters", rule.Source))
			continue
		}
		for _, edge := range rule.edges() {
			got[fmt.Sprint(edge)] = true
		}
	}
	want := 0
	for _, e := range graph {
		if !e.Inhibits {
			continue
		}
		want++
		if !got[fmt.Sprint(e)] {
			problems = append(problems, fmt.Sprintf("no rule for %+v", e))
		}
	}
	if len(got) != want {
		problems = append(problems, fmt.Sprintf("%d pairs are silenced, want %d", len(got), want))
	}
	return problems
}

// TestInhibitRulesAreTheGraph verifies that Alertmanager silences what the graph says, in
// one cluster only, and nothing else.
func TestInhibitRulesAreTheGraph(t *testing.T) {
	t.Parallel()
	for _, problem := range inhibitProblems(loadInhibitRules(t), loadCauses(t)) {
		t.Error(problem)
	}
}

// TestEachInhibitionIsHeld verifies that the test above notices each pair that is dropped
// from the rules, each label by which both sides must be equal, and each other matcher.
func TestEachInhibitionIsHeld(t *testing.T) {
	t.Parallel()
	rules, graph := loadInhibitRules(t), loadCauses(t)
	mutants := 0
	noticed := func(at int, what string, mutant ...inhibitRule) {
		mutants++
		if changed := slices.Concat(rules[:at], mutant, rules[at+1:]); len(inhibitProblems(changed, graph)) == 0 {
			t.Errorf("nobody notices without %s: %+v", what, rules[at])
		}
	}
	without := func(list []string, i int) []string { return slices.Delete(slices.Clone(list), i, i+1) }
	for at, rule := range rules {
		for _, e := range rule.edges() {
			var rest []inhibitRule
			for _, other := range rule.edges() {
				if other.Cause != e.Cause || other.Explains != e.Explains {
					rest = append(rest, rule.of(other))
				}
			}
			noticed(at, e.Cause+" -> "+e.Explains, rest...)
		}
		for i, label := range rule.Equal {
			noticed(at, "equal "+label, inhibitRule{rule.Source, rule.Target, without(rule.Equal, i)})
		}
		for i, m := range rule.Target {
			if !strings.HasPrefix(m, "objects=") {
				noticed(at, m, inhibitRule{rule.Source, without(rule.Target, i), rule.Equal})
			}
		}
		for i, m := range rule.Source {
			if !strings.HasPrefix(m, "objects=") {
				noticed(at, m, inhibitRule{without(rule.Source, i), rule.Target, rule.Equal})
			}
		}
	}
	if mutants < len(rules)*3 {
		t.Errorf("%d changes of %d rules were tried", mutants, len(rules))
	}
	t.Logf("%d changes of %d rules, each is noticed", mutants, len(rules))
}

// of is the rule for one of its edges.
func (r inhibitRule) of(e explanation) inhibitRule {
	only := func(matchers []string, alert string) []string {
		kept := slices.Clone(matchers)
		for i, m := range kept {
			if strings.HasPrefix(m, "alertname=") {
				kept[i] = fmt.Sprintf("alertname=%q", alert)
			}
		}
		return kept
	}
	return inhibitRule{only(r.Source, e.Cause), only(r.Target, e.Explains), r.Equal}
}
