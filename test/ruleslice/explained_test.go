package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/kubevitals/kubevitals/test/fresh"
)

// TestExplainedGolden verifies in which clusters an alert of one object is silent, and in
// which it fires, beside an outage and beside what a form for many tells of.
func TestExplainedGolden(t *testing.T) {
	t.Parallel()
	const causes = `[
		{"cause": "Ill", "explains": "Ill", "inhibits": true, "on": ["node"], "when": {}, "where": {}},
		{"cause": "Ill", "explains": "Ill", "inhibits": true, "on": [], "when": {"node": "n1|n2"}, "where": {"node": "m.*"}},
		{"cause": "Ill", "explains": "Ill", "inhibits": false, "on": ["node"], "when": {}, "where": {}},
		{"cause": "Out", "explains": "Ill", "inhibits": true, "on": [], "when": {}, "where": {}},
		{"cause": "NoOutage", "explains": "Ill", "inhibits": true, "on": [], "when": {}, "where": {}}
	]`
	got := explainedBy(t, causes)
	fresh.File(t, "testdata/explained.txt", []byte(got))
	if got := explainedBy(t, "[]"); got != "" {
		t.Errorf("without a graph: %s", got)
	}
}

// explainedBy is what follows from formTest by a graph of causes.
func explainedBy(t *testing.T, causes string) string {
	t.Helper()
	from, to := formSource(t, formTest, "{outages: [Out, Other]}"), filepath.Join(t.TempDir(), "to")
	file := filepath.Join(from, "causes.json")
	if err := os.WriteFile(file, []byte(causes), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := run(to, true, known{list: filepath.Join(from, "list.yaml"), causes: file}, []string{filepath.Join(from, "a.yaml")}); err != nil {
		t.Fatal(err)
	}
	var own strings.Builder
	for _, one := range strings.SplitAfter(told(t, filepath.Join(to, "a.yaml")), "\nit fires") {
		if strings.HasPrefix(one, ": Ill beside what explains it") {
			own.WriteString("it fires" + strings.TrimSuffix(one, "it fires"))
		}
	}
	return own.String()
}

// TestTogether verifies that each test keeps what it asks, in a cluster of its own, and
// that no test grows beyond what promtool reads.
func TestTogether(t *testing.T) {
	t.Parallel()
	_, fires, _ := strings.Cut(formTest, "tests:\n")
	silent := strings.ReplaceAll(fires, "it fires", "it is silent")
	silent = strings.ReplaceAll(silent, "values: 0 1x2", `values: "0x3"`)
	silent, _, _ = strings.Cut(silent, "exp_alerts:")
	silent += "exp_alerts: []\n"
	got := told(t, filepath.Join(derivedFrom(t, formTest+silent, "{}"), "a.yaml"))
	for _, want := range []string{
		"it fires: and 1 more tests, each in its cluster",
		`{__name__="kubevitals_ill", cluster="of-others-00", instance="i", job="kubevitals", node="n1"} 0 1x2`,
		`{__name__="kubevitals_ill", cluster="of-others-01", instance="i", job="kubevitals", node="n1"} 0x3`,
		`"exp_samples":[{"labels":"{__name__=\"ALERTS\", alertname=\"Ill\", alertstate=\"firing\", cluster=\"of-others-00\", node=\"n1\"}","value":1}]`,
		`"exp_samples":null,"expr":"ALERTS{alertname=\"Ill\", alertstate=\"firing\", cluster=\"of-others-01\"}"`,
	} {
		if !strings.Contains(got, want) {
			t.Errorf("there is no %s in:\n%s", want, got)
		}
	}
	large := make([]*ruleTest, 5)
	for i := range large {
		large[i] = &ruleTest{Name: "one", Interval: 1, lines: make([]line, most/2)}
	}
	if n := len(together(large)); n != 2 {
		t.Errorf("five tests of half of what one may have are %d, want 2 and one that is alone", n)
	}
}
