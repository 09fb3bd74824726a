// Package mixin_test proves that the parts of the mixin belong together, and
// that each rule which says so can find the fault it is there for.
package mixin_test

import (
	"maps"
	"slices"
	"strings"
	"testing"
)

func TestMixinIsConsistent(t *testing.T) {
	t.Parallel()
	pack := load(t)
	for _, check := range Checks() {
		t.Run(check.Name, func(t *testing.T) {
			t.Parallel()
			problems := check.Find(pack)
			slices.Sort(problems)
			for _, p := range problems {
				t.Error(p)
			}
		})
	}
}

// change breaks a copy of the pack.
type change func(*Pack)

func alert(f func(*Alert)) change {
	return func(p *Pack) {
		p.Alerts = slices.Clone(p.Alerts)
		a := &p.Alerts[0]
		a.Labels, a.Annotations = maps.Clone(a.Labels), maps.Clone(a.Annotations)
		f(a)
	}
}

func panel(f func(*Panel)) change {
	return func(p *Pack) {
		p.Dashboards = slices.Clone(p.Dashboards)
		d := &p.Dashboards[0]
		d.Panels = slices.Clone(d.Panels)
		f(&d.Panels[1])
	}
}

func dashboard(f func(*Dashboard)) change {
	return func(p *Pack) {
		p.Dashboards = slices.Clone(p.Dashboards)
		f(&p.Dashboards[0])
	}
}

func annotate(key, value string) change {
	return alert(func(a *Alert) { a.Annotations[key] = value })
}

func expr(text string) change { return alert(func(a *Alert) { a.Expr = text }) }

func editRunbook(edit func(string) string) change {
	return func(p *Pack) {
		p.Runbooks = maps.Clone(p.Runbooks)
		p.Runbooks[p.Alerts[0].Name] = edit(p.Runbooks[p.Alerts[0].Name])
	}
}

func without[T any](list []T, drop func(T) bool) []T {
	return slices.DeleteFunc(slices.Clone(list), drop)
}

// TestEachCheckFindsItsFault breaks the mixin in one place at a time.
func TestEachCheckFindsItsFault(t *testing.T) {
	t.Parallel()
	sound := load(t)
	tests := []struct {
		check, fault string
		broken       change
		says         string
	}{
		{"alerts are annotated", "no severity", alert(func(a *Alert) { delete(a.Labels, "severity") }), "severity"},
		{"alerts are annotated", "a foreign name", alert(func(a *Alert) { a.Name = "NodeDown" }), "does not begin with KubeVitals"},
		{"alerts are annotated", "one name twice", func(p *Pack) { p.Alerts = append(slices.Clone(p.Alerts), p.Alerts[0]) }, "two alerts"},
		{"alerts are annotated", "a templated summary", annotate("summary", "Node {{ $labels.node }} is ill."), "summary"},
		{"alerts are annotated", "a static description", annotate("description", "Something is ill."), "names no label"},
		{"alerts are annotated", "a wrong runbook", annotate("runbook_url", "https://example.com"), "runbook_url"},
		{"alerts are annotated", "an unknown dashboard", annotate("dashboard_url", "/d/nowhere?x"), "leads to no dashboard"},
		{"alerts are annotated", "no for", alert(func(a *Alert) { a.For = "" }), "fires at once"},
		{"alerts and runbooks match", "no runbook", func(p *Pack) {
			p.Runbooks = maps.Clone(p.Runbooks)
			delete(p.Runbooks, p.Alerts[0].Name)
		}, "no runbook"},
		{"alerts and runbooks match", "an orphan", func(p *Pack) {
			p.Runbooks = maps.Clone(p.Runbooks)
			p.Runbooks["KubeVitalsNothing"] = ""
		}, "without an alert"},
		{"alerts and runbooks match", "no diagnosis", editRunbook(func(s string) string { return strings.ReplaceAll(s, "## Diagnosis", "## Hints") }), "no section Diagnosis"},
		{"alerts and runbooks match", "a placeholder", editRunbook(func(s string) string { return s + "\nTODO\n" }), "not finished"},
		{"alerts and runbooks match", "a dead link", editRunbook(func(s string) string { return s + "\n[x](Nothing.md)\n" }), "Nothing.md"},
		{"alerts and runbooks match", "an alert that does not exist", editRunbook(func(s string) string { return s + "\nSee KubeVitalsNothing.\n" }), "speaks of KubeVitalsNothing"},
		{"alerts and runbooks match", "another severity", editRunbook(func(s string) string { return strings.ReplaceAll(s, "| critical |", "| info |") }), "table"},
		{"commands of runbooks ask for labels", "a label that the alert has not", editRunbook(func(s string) string {
			return strings.ReplaceAll(s, "'<cluster>'", "'<node>'")
		}), "placeholder '<node>' is no label"},
		{"commands of runbooks ask for labels", "a variable as a script", editRunbook(func(s string) string {
			return s + "\n```sh\nbash -c \\\n  \"echo > /dev/tcp/$IP/1\"\n```\n"
		}), "into the text of a script"},
		{"commands of runbooks ask for labels", "a block that nothing ends", editRunbook(func(s string) string { return s + "\n```sh\nuptime\n" }), "no line ends"},
		{"commands of runbooks ask for labels", "a free placeholder of nothing", func(p *Pack) {
			p.Free = map[string][]string{p.Alerts[0].Name: {"pod"}}
		}, "is not in its runbook"},
		{"alerts are tested", "never fires", func(p *Pack) {
			p.Tests = without(p.Tests, func(r RuleTest) bool { return r.Alert == p.Alerts[0].Name && r.Fires })
		}, "no test in which it fires"},
		{"alerts are tested", "never silent", func(p *Pack) {
			p.Tests = without(p.Tests, func(r RuleTest) bool { return r.Alert == p.Alerts[0].Name && !r.Fires })
		}, "no test in which it is silent"},
		{"alerts are tested", "a test of nothing", func(p *Pack) {
			p.Tests = append(slices.Clone(p.Tests), RuleTest{Alert: "KubeVitalsNothing"})
		}, "which is no alert"},
		{"metrics and labels are declared", "an unknown metric", expr(`max by (cluster) (kubevitals_nothing{job="kubevitals"}) == 0`), "no collector declares and no rule records kubevitals_nothing"},
		{"metrics and labels are declared", "an unknown label", expr(`max by (cluster) (kubevitals_apiserver_up{job="kubevitals", pod="x"}) == 0`), "has no label pod"},
		{"metrics and labels are declared", "an unknown grouping", expr(`max by (cluster, pod) (kubevitals_apiserver_up{job="kubevitals"}) == 0`), "groups by pod"},
		{"metrics and labels are declared", "a broken panel", panel(func(p *Panel) { p.Targets = []string{"max("} }), "does not parse"},
		{"metrics and labels are declared", "a metric that no rule records", expr(`max by (cluster) (kubevitals:nothing:ratio) == 0`), "no collector declares and no rule records kubevitals:nothing:ratio"},
		{"metrics and labels are declared", "a label that no rule gives", func(p *Pack) {
			expr(`max by (cluster) (kubevitals:some:ratio{side="in", pod="x"}) == 0`)(p)
			p.Records = []Alert{{Name: "kubevitals:some:ratio", Expr: "1", Labels: map[string]string{"side": "in"}}}
		}, "kubevitals:some:ratio has no label pod"},
		{"declared metrics are used", "an unused record", func(p *Pack) {
			p.Records = append(slices.Clone(p.Records), Alert{Name: "kubevitals:unused:ratio", Expr: "1"})
		}, "kubevitals:unused:ratio"},
		{"rules select and aggregate", "a record that mixes clusters", func(p *Pack) {
			p.Records = append(slices.Clone(p.Records), Alert{Name: "kubevitals:mixed:count", Expr: `count by (server) (kubevitals_apiserver_up{job="kubevitals"})`})
		}, "aggregates without cluster"},
		{"declared metrics are used", "an unused metric", func(p *Pack) {
			p.Declared = maps.Clone(p.Declared)
			p.Declared["kubevitals_unused"] = nil
		}, "kubevitals_unused"},
		{"foreign metrics are named", "a metric of others", expr(`max by (cluster) (kube_node_info{job="kubevitals"}) == 0`), "kube_node_info is not named"},
		{"foreign metrics are named", "a metric of others without selector", expr(`max by (cluster) (up) == 0`), "up is not selected"},
		{"foreign metrics are named", "a metric of others of a third job", expr(`max by (cluster) (up{job="kubelet"}) == 0`), `by job="kubevitals" or job="kubevitals-node"`},
		{"alerts are drawn on their dashboard", "a metric in no panel", expr(`max by (cluster, node) (kubevitals_node_disk_pressure{job="kubevitals"}) == 1`), "in no panel of its dashboard"},
		{"rules select and aggregate", "no job", expr(`max by (cluster) (kubevitals_apiserver_up) == 0`), "is not selected"},
		{"rules select and aggregate", "the job of others", func(p *Pack) {
			expr(`max by (cluster) (kubevitals_apiserver_up{job="kubevitals"}) == 0`)(p)
			p.OfNode = map[string]bool{"kubevitals_apiserver_up": true}
		}, `is not selected by job="kubevitals-node"`},
		{"rules select and aggregate", "no cluster", expr(`max by (server) (kubevitals_apiserver_up{job="kubevitals"}) == 0`), "aggregates without cluster"},
		{"rules select and aggregate", "a join without cluster", expr(`max by (cluster) (kubevitals_apiserver_up{job="kubevitals"}) == 0 unless on (server) max by (cluster) (kubevitals_apiserver_up{job="kubevitals"})`), "joins without cluster"},
		{"rules select and aggregate", "no aggregation", expr(`kubevitals_apiserver_up{job="kubevitals"} == 0`), "is not aggregated"},
		{"rules select and aggregate", "no aggregation left of a set operator", expr(`kubevitals_apiserver_up{job="kubevitals"} == 0 unless on (cluster) kubevitals_apiserver_up{job="kubevitals"} == 1`), "is not aggregated"},
		{"rules select and aggregate", "a bare absent", expr(`absent(max by (cluster) (kubevitals_apiserver_up{job="kubevitals"}))`), "loses the cluster"},
		{"names match on every floor", "a collector without a signal", func(p *Pack) { p.Collectors = append(slices.Clone(p.Collectors), "no_such") }, "no_such: a collector without a signal"},
		{"names match on every floor", "a signal without a test", func(p *Pack) { p.SignalFiles = append(slices.Clone(p.SignalFiles), "no_such") }, "no_such: a signal without a rule test"},
		{"names match on every floor", "a test without a signal", func(p *Pack) { p.TestFiles = append(slices.Clone(p.TestFiles), "no_such") }, "no_such: a rule test without a signal"},
		{"names match on every floor", "another order", func(p *Pack) {
			p.Collectors = slices.Clone(p.Collectors)
			slices.Reverse(p.Collectors)
		}, "another order"},
		{"dashboards are well made", "one uid twice", func(p *Pack) {
			p.Dashboards = slices.Clone(p.Dashboards)
			p.Dashboards[0].UID = p.Dashboards[1].UID
		}, "uid"},
		{"dashboards are well made", "one id twice", panel(func(p *Panel) { p.ID = 1 }), "two panels have id"},
		{"dashboards are well made", "an overlap", panel(func(p *Panel) { p.W, p.H = 24, 24 }), "overlap"},
		{"dashboards are well made", "no description", panel(func(p *Panel) { p.Description = "" }), "no description"},
		{"dashboards are well made", "no unit", panel(func(p *Panel) { p.Unit = "" }), "no unit"},
		{"dashboards are well made", "a fixed data source", panel(func(p *Panel) { p.Datasources = []string{"prometheus"} }), "data source"},
		{"dashboards are well made", "a rate over minutes", panel(func(p *Panel) { p.Targets = []string{`rate(up{cluster=~"$cluster"}[5m])`} }), "$__rate_interval"},
		{"dashboards are well made", "all clusters", panel(func(p *Panel) { p.Targets = []string{"up"} }), "choice of clusters"},
		{"dashboards can be read", "all clusters at once", dashboard(func(d *Dashboard) { d.Several = []string{"cluster"} }), "mixes clusters"},
		{"dashboards can be read", "an editor", dashboard(func(d *Dashboard) { d.Editable = true }), "can be edited"},
		{"dashboards can be read", "no data", panel(func(p *Panel) { p.NoValue = "" }), "where there is nothing"},
		{"dashboards can be read", "health that is not known", panel(func(p *Panel) { p.NoValue, p.Targets = "none", []string{"up"} }), "asks what is absent"},
		{"dashboards can be read", "lines by the thousand", panel(func(p *Panel) { p.Legends = []string{"{{node}}"} }), "for each node"},
		{"dashboards can be read", "no zero", panel(func(p *Panel) { p.Type, p.Zero = "timeseries", false }), "without its zero"},
		{"dashboards can be read", "no legend", panel(func(p *Panel) { p.Type, p.Colour = "state-timeline", "" }), "no legend"},
		{"dashboards can be read", "a nameless column", panel(func(p *Panel) { p.Type, p.Renamed, p.Hidden = "table", nil, nil }), "called Value"},
		{"dashboards can be read", "queries beside each other", panel(func(p *Panel) { p.Type, p.Merged, p.Targets = "table", false, []string{"a", "b"} }), "first query"},
		{"thresholds are used", "an unused threshold", func(p *Pack) {
			p.Config = maps.Clone(p.Config)
			p.Config["nothing"] = false
		}, "_config.kubevitals.nothing"},
		{"nothing is left to do", "a mark of make new-signal", func(p *Pack) {
			p.Texts = map[string]string{"signals/x.libsonnet": "{\n  summary: 'TODO: A node.',\n}"}
		}, "signals/x.libsonnet:2"},
	}
	for _, check := range Checks() {
		if !slices.ContainsFunc(tests, func(tt struct {
			check, fault string
			broken       change
			says         string
		}) bool {
			return tt.check == check.Name
		}) {
			t.Errorf("nothing shows that the check %q can fail", check.Name)
		}
	}
	for _, tt := range tests {
		t.Run(tt.check+"/"+tt.fault, func(t *testing.T) {
			t.Parallel()
			broken := sound
			tt.broken(&broken)
			if found := find(tt.check, broken); !strings.Contains(strings.Join(found, "\n"), tt.says) {
				t.Errorf("the check says %q, want something of %q", found, tt.says)
			}
		})
	}
}

func find(name string, p Pack) []string {
	for _, check := range Checks() {
		if check.Name == name {
			return check.Find(p)
		}
	}
	return nil
}
