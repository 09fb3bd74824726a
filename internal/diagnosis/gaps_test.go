package diagnosis_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kubevitals/kubevitals/internal/diagnosis"
)

// emptyDump is a scrape of a dump with two nodes and nothing of their kubelets, in
// which there are no figures of nodes.
const emptyDump = `
kubevitals_scrape_collector_success{collector="sick"} 1
kubevitals_scrape_collector_success{collector="pending_pods"} 0
kubevitals_sick_up{node="n"} 1
kubevitals_source_available{source="pods",reason="forbidden"} 0
kubevitals_kubelet_available{endpoint="configz",node="n",reason="not_found"} 0
kubevitals_kubelet_available{endpoint="configz",node="m",reason="available"} 1
kubevitals_kubelet_available{endpoint="metrics",node="n",reason="not_found"} 0
kubevitals_kubelet_available{endpoint="metrics",node="m",reason="not_found"} 0
`

// TestNotInTheDump verifies that what a dump does not hold is absent and no finding,
// and that the same is a finding of a cluster that lives.
func TestNotInTheDump(t *testing.T) {
	t.Parallel()
	dump := observe(t, emptyDump, diagnosis.Options{}, func(seen *diagnosis.Observation) {
		seen.Snapshot, seen.NotInDump = true, []string{"pods"}
	})
	if got := firing(dump); len(got) > 0 || !dump.Complete() || dump.Firing() {
		t.Errorf("%v fire, complete is %t", got, dump.Complete())
	}
	want := []diagnosis.Unavailable{
		{Kind: "kubelet", Name: "configz", Reason: "not_found", Detail: "n"},
		{Kind: "kubelet", Name: "metrics", Reason: "not_found", Detail: "all nodes"},
		{Kind: "source", Name: "pods", Reason: "not_found", Detail: "connection refused"},
		{Kind: "collector", Name: "pending_pods", Reason: "not_found", Detail: "connection refused", WaitsFor: "pods"},
		{Kind: "collector", Name: "recorded", Reason: "not_found"},
	}
	if diff := cmp.Diff(want, dump.Absent); diff != "" {
		t.Errorf("absent (-want +got):\n%s", diff)
	}
	live := diagnose(t, emptyDump, diagnosis.Options{})
	for _, alert := range []string{"KubeletsUnreadable", "SourceUnavailable"} {
		if !slices.Contains(firing(live), alert) || live.Complete() {
			t.Errorf("live %v fire, without %s", firing(live), alert)
		}
	}
}

// realRules are of signals that this program has, of metrics that kubelets tell.
const realRules = `
groups:
  - name: g
    rules:
      - {alert: OfStats, expr: 'kubevitals_node_disk_headroom_ratio < 0.05 unless on (node) kubevitals_node_disk_pressure == 1', labels: {severity: warning, signal: node_disk}}
      - {alert: OfNodes, expr: 'kubevitals_node_disk_pressure == 1 unless on (node) kubevitals_node_disk_headroom_ratio > 1', labels: {severity: critical, signal: node_disk}}
      - {alert: OfEither, expr: 'kubevitals_node_disk_headroom_ratio < 0.05 or on (node) kubevitals_node_disk_pressure == 1', labels: {severity: critical, signal: node_disk}}
      - {alert: OfAnother, expr: 'kubeproxy_sync_errors > 0', labels: {severity: critical, signal: node_disk}}
      - {alert: KubeletsUnreadable, expr: 'max(count by (endpoint) (kubevitals_kubelet_available == 0)) > 0', labels: {severity: warning, signal: exporter}}
`

const onlyNodes = `
kubevitals_scrape_collector_success{collector="node_disk"} 1
kubevitals_node_disk_pressure{node="n"} 0
`

// counted is a scrape of nodes of which none is under pressure, but for their number.
const counted = `
kubevitals_scrape_collector_success{collector="node_disk"} 1
kubevitals_node_disk_pressure_nodes{status="true"} 0
`

// TestGreenWhileBlind verifies that what was asked for and could not be seen is no
// all-clear, whatever of it could be seen.
func TestGreenWhileBlind(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name, scrape, severity string
		only                   []string
		complete               bool
		unavailable, not       []string
	}{
		{"all", onlyNodes, "info", nil, true, []string{"OfStats", "OfAnother"}, []string{}},
		{"a signal", onlyNodes, "info", []string{"node_disk"}, false, []string{"OfStats", "OfAnother"}, []string{"OfStats"}},
		{"the alert that is blind", onlyNodes, "info", []string{"OfStats"}, false, []string{"OfStats"}, []string{"OfStats"}},
		{"the alert of others", onlyNodes, "info", []string{"OfAnother"}, false, []string{"OfAnother"}, []string{"OfAnother"}},
		{"an alert that sees", onlyNodes, "info", []string{"OfNodes"}, true, []string{}, []string{}},
		{"an alert of what deviates, of nodes that do not", counted + `kubevitals_node_disk_pressure_nodes{status="false"} 2` + "\n", "info", []string{"OfNodes"}, true, []string{}, []string{}},
		{"an alert of what deviates, of nodes that are not known", counted + `kubevitals_node_disk_pressure_nodes{status="unknown"} 2` + "\n", "info", []string{"OfNodes"}, false, []string{"OfNodes"}, []string{"OfNodes"}},
		{"an alert of what deviates, of no nodes", counted, "info", []string{"OfNodes"}, false, []string{"OfNodes"}, []string{"OfNodes"}},
		{"as severe as those that see", onlyNodes, "critical", nil, true, []string{"OfAnother"}, []string{}},
		{"as severe as the one that is blind", onlyNodes, "warning", nil, false, []string{"OfStats", "OfAnother"}, []string{"OfStats"}},
		{
			"kubelets that hide behind a severity", onlyNodes + `kubevitals_kubelet_available{endpoint="stats_summary",node="n",reason="forbidden"} 0` + "\n",
			"critical", nil, false, []string{"OfAnother"}, []string{},
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			parsed := parse(t, realRules)
			selection, err := diagnosis.Select(parsed, test.only, test.severity)
			if err != nil {
				t.Fatal(err)
			}
			r := observe(t, test.scrape, diagnosis.Options{Rules: parsed, Selection: selection}, nil)
			if r.Complete() != test.complete || !slices.Equal(r.Coverage.Unavailable, test.unavailable) || !slices.Equal(r.Coverage.NotEvaluated, test.not) {
				t.Errorf("complete is %t, want %t; unavailable %v, want %v; not evaluated %v, want %v", r.Complete(), test.complete,
					r.Coverage.Unavailable, test.unavailable, r.Coverage.NotEvaluated, test.not)
			}
			if strings.Contains(test.name, "hide") && len(r.Unavailable) != 1 {
				t.Errorf("unavailable: %v", r.Unavailable)
			}
		})
	}
}
