package mixin_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"sigs.k8s.io/yaml"

	"github.com/kubevitals/kubevitals/internal/diagnosis/incident"
)

// explanation is an edge of the graph of causes.
type explanation struct {
	Cause, Explains string
	On              []string
	When, Where     map[string]string
	Inhibits        bool
}

func loadCauses(t *testing.T) []explanation {
	t.Helper()
	var all []explanation
	if err := json.Unmarshal([]byte(read(t, "generated/causes.json")), &all); err != nil {
		t.Fatal(err)
	}
	return all
}

// labelsOf are the labels that each alert has, by the tests in which it fires.
func labelsOf(p Pack) map[string]map[string]bool {
	labels := map[string]map[string]bool{}
	for _, test := range p.Tests {
		if test.Fires {
			if labels[test.Alert] == nil {
				labels[test.Alert] = map[string]bool{}
			}
			for label := range test.Labels {
				labels[test.Alert][label] = true
			}
		}
	}
	return labels
}

// TestCausesAreReal verifies that each edge of the graph leads between alerts that there
// are, by labels that both bear, that no alert explains itself, and that nobody is kept
// from a page by what is no page.
func TestCausesAreReal(t *testing.T) {
	t.Parallel()
	p := load(t)
	labels := labelsOf(p)
	rank := map[string]int{}
	for _, a := range p.Alerts {
		rank[a.Name] = slices.Index([]string{"info", "warning", "critical"}, a.Labels["severity"])
	}
	seen := map[string]bool{}
	for _, e := range loadCauses(t) {
		edge := e.Cause + " -> " + e.Explains
		bears := func(alert, label string) {
			if !labels[alert][label] {
				t.Errorf("%s: %s has no label %s in its tests", edge, alert, label)
			}
		}
		for _, alert := range []string{e.Cause, e.Explains} {
			if _, ok := rank[alert]; !ok {
				t.Errorf("%s: there is no alert %s", edge, alert)
			}
		}
		for _, label := range e.On {
			if label == "component" || label == "server" || label == "node" {
				continue // one of these, by what the alert is about
			}
			bears(e.Cause, label)
			bears(e.Explains, label)
		}
		if slices.Equal(e.On, []string{"node"}) {
			bears(e.Cause, "node")
			bears(e.Explains, "node")
		}
		for label := range e.When {
			bears(e.Cause, label)
		}
		for label := range e.Where {
			bears(e.Explains, label)
		}
		if e.Inhibits && rank[e.Cause] < rank[e.Explains] {
			t.Errorf("%s: silences what is more severe", edge)
		}
		key := fmt.Sprint(e)
		if seen[key] {
			t.Errorf("%s: stands twice", edge)
		}
		seen[key] = true
	}
	if _, err := incident.Parse([]byte(read(t, "generated/causes.json"))); err != nil {
		t.Error(err)
	}
}

// TestInhibitRulesAreTheGraph verifies that Alertmanager silences what the graph says, in
// one cluster only, and nothing else.
func TestInhibitRulesAreTheGraph(t *testing.T) {
	t.Parallel()
	var file struct {
		Rules []struct {
			Source []string `json:"source_matchers"`
			Target []string `json:"target_matchers"`
			Equal  []string
		} `json:"inhibit_rules"`
	}
	if err := yaml.UnmarshalStrict([]byte(read(t, "generated/inhibit-rules.yaml")), &file); err != nil {
		t.Fatal(err)
	}
	// A matcher as name, regular expression or not, and value.
	split := func(matcher string) (name, value string) {
		name, value, _ = strings.Cut(strings.Replace(matcher, "=~", "=", 1), "=")
		return name, strings.Trim(value, `"`)
	}
	got := map[string]bool{}
	for _, rule := range file.Rules {
		if rule.Equal[0] != "cluster" {
			t.Errorf("%v silences alerts of other clusters", rule.Source)
		}
		matched := func(matchers []string) (alerts []string, labels map[string]string) {
			labels = map[string]string{}
			for _, m := range matchers {
				switch name, value := split(m); name {
				case "alertname":
					alerts = strings.Split(value, "|")
				case "objects": // the form for many has other ways
				default:
					labels[name] = value
				}
			}
			return alerts, labels
		}
		causes, when := matched(rule.Source)
		explained, where := matched(rule.Target)
		for _, cause := range causes {
			for _, alert := range explained {
				got[fmt.Sprint(explanation{cause, alert, rule.Equal[1:], when, where, true})] = true
			}
		}
	}
	want := 0
	for _, e := range loadCauses(t) {
		if e.Inhibits {
			want++
			if !got[fmt.Sprint(e)] {
				t.Errorf("no rule for %+v", e)
			}
		}
	}
	if len(got) != want {
		t.Errorf("%d pairs are silenced, want %d", len(got), want)
	}
}

// causesOf are the alerts that explain one, and explainedBy those that it explains, each
// once.
func causesOf(all []explanation, alert string) (causes, explains []string) {
	add := func(list []string, name string) []string {
		if slices.Contains(list, name) {
			return list
		}
		return append(list, name)
	}
	for _, e := range all {
		if e.Explains == alert {
			causes = add(causes, e.Cause)
		}
		if e.Cause == alert {
			explains = add(explains, e.Explains)
		}
	}
	return causes, explains
}

// TestCausesDocumentIsFresh verifies the drawing and the table of docs/causes.md.
func TestCausesDocumentIsFresh(t *testing.T) {
	t.Parallel()
	all := loadCauses(t)
	var b bytes.Buffer
	b.WriteString("# Causes\n\n<!-- Generated by `make update-docs`. Do not edit. -->\n\n")
	b.WriteString("What explains what. `kubevitals check` and the status page put alerts together by it; Alertmanager is told by\n" +
		"`kubevitals export inhibit-rules` to send the cause alone. The names lack their prefix `KubeVitals`.\n\n")
	b.WriteString("The drawing shows what silences, without ways that lead there by others, too. The table has all: where an alert may have another reason as well,\nit is put together with its cause and sent all the same.\n\n```mermaid\nflowchart LR\n")
	for _, e := range reduced(all) {
		if e.Inhibits {
			fmt.Fprintf(&b, "  %s --> %s\n", short(e.Cause), short(e.Explains))
		}
	}
	b.WriteString("```\n\n| cause | explains | where equal | and | silences |\n| --- | --- | --- | --- | --- |\n")
	for _, e := range all {
		silences := "yes"
		if !e.Inhibits {
			silences = "no"
		}
		on := append([]string{"cluster"}, e.On...)
		fmt.Fprintf(&b, "| [%s](../mixin/runbooks/%s.md) | %s | %s | %s | %s |\n", short(e.Cause), e.Cause, short(e.Explains), strings.Join(on, ", "), demands(e), silences)
	}
	b.WriteString("\n" + loadAfterEffects(t).text())
	fresh(t, "../docs/causes.md", b.Bytes())
}

func short(alert string) string { return strings.TrimPrefix(alert, "KubeVitals") }

// demands are the further matchers of an edge, as code.
func demands(e explanation) string {
	var parts []string
	for _, side := range []struct {
		of     string
		labels map[string]string
	}{{"cause", e.When}, {"other", e.Where}} {
		for _, label := range slices.Sorted(maps.Keys(side.labels)) {
			parts = append(parts, fmt.Sprintf("`%s` of the %s is `%s`", label, side.of, side.labels[label]))
		}
	}
	return strings.Join(parts, ", ")
}

// reduced leaves out an edge where another way leads from its cause to what it explains,
// and draws two alerts that are joined twice once.
func reduced(all []explanation) []explanation {
	next := map[string][]string{}
	for _, e := range all {
		if e.Inhibits && len(e.When)+len(e.Where) == 0 {
			next[e.Cause] = append(next[e.Cause], e.Explains)
		}
	}
	var leads func(from, to string, direct bool) bool
	leads = func(from, to string, direct bool) bool {
		return slices.ContainsFunc(next[from], func(n string) bool {
			return (n == to && direct) || (n != to && leads(n, to, true))
		})
	}
	var kept []explanation
	for _, e := range all {
		drawn := slices.ContainsFunc(kept, func(k explanation) bool { return k.Cause == e.Cause && k.Explains == e.Explains })
		if !drawn && !leads(e.Cause, e.Explains, false) {
			kept = append(kept, e)
		}
	}
	return kept
}
