package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestVariants verifies that each case is a cluster of its own, with its series and what it
// expects of them.
func TestVariants(t *testing.T) {
	t.Parallel()
	got := variedTest(t, `
variants:
  - alert: Ill
    labels: {node: n7}
    cases:
      - {fires: "it is", labels: {side: in}, given: {}}
      - {silent: "it is gone", given: {kubevitals_ill: 0, 'kubevitals_other{node="w[9-10]",instance="two"}': age 30s, kubevitals_gone_total: gone}}
  - alert: Ill
    test: it fires
    alone: true
    cases:
      - {silent: "nothing else is there", given: {'kubevitals_ill{node="n1"}': "1x3", 'kubevitals:of_rule{node="n1"}': 2}}
`)
	for _, want := range []string{
		"it fires: Ill in 2 cases\n",
		`{__name__="kubevitals_ill", cluster="case-01", instance="i", job="kubevitals", node="n7"} 0 1x2`,
		`{__name__="kubevitals_ill", cluster="case-02", instance="i", job="kubevitals", node="n7"} 0x3`,
		`{__name__="kubevitals_seen_timestamp_seconds", cluster="case-02", host="n1", instance="i", job="kubevitals"} 60x1`,
		`{__name__="kubevitals_other", cluster="case-02", instance="two", job="kubevitals", node="w9"} -30 30 90 150`,
		`{__name__="kubevitals_other", cluster="case-02", instance="two", job="kubevitals", node="w10"} -30 30 90 150`,
		`asks {"eval_time":"2m","exp_samples":[{"labels":"{__name__=\"ALERTS\", alertname=\"Ill\", alertstate=\"firing\", cluster=\"case-01\", node=\"n7\", side=\"in\"}","value":1}]`,
		`asks {"eval_time":"2m","exp_samples":null,"expr":"ALERTS{alertname=\"Ill\", alertstate=\"firing\", cluster=\"case-02\"}"}`,
		"it fires: Ill in 1 cases\n  {__name__=\"kubevitals:of_rule\", cluster=\"case-01\", node=\"n1\"} 2x3\n  {__name__=\"kubevitals_ill\", cluster=\"case-01\", instance=\"one\", job=\"kubevitals\", node=\"n1\"} 1x3\n  asks",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("there is no %s in:\n%s", want, got)
		}
	}
	beside := section(got, "it fires: Ill in 2 cases, beside another replica and another program")
	for _, want := range []string{
		`{__name__="kubevitals_ill", cluster="case-02", instance="i", job="kubevitals", node="n7"} 0x3`,
		`{__name__="kubevitals_ill", cluster="case-02", instance="i-replica", job="kubevitals", node="n7"} -1e+09x3`,
		`{__name__="kubevitals_ill", cluster="case-02", instance="small", job="of-others", node="n7"} -1e+09x3`,
		`cluster=\"case-02\"}"}`,
	} {
		if !strings.Contains(beside, want) {
			t.Errorf("there is no %s in:\n%s", want, beside)
		}
	}
	if never := `kubevitals_gone_total", cluster="case-02"`; strings.Contains(got, never) {
		t.Errorf("%s is there, and should be gone:\n%s", never, got)
	}
}

// TestVariantsAreRefused verifies that a case which says nothing, or nothing that can be
// made, is told of.
func TestVariantsAreRefused(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		`{alert: Ill, cases: [{given: {}}]}`:                                                "one of both",
		`{alert: Ill, cases: [{fires: x, silent: x, given: {}}]}`:                           "one of both",
		`{alert: Ill, cases: [{fires: x, given: {'a{': 1}}]}`:                               "Ill, x: ",
		`{alert: Ill, cases: [{fires: x, given: {'a{b=~"c|d"}': 1}}]}`:                      "says not of which a new one is",
		`{alert: Ill, cases: [{fires: x, given: {a: age often}}]}`:                          "duration",
		`{alert: Other, cases: [{fires: x, given: {}}]}`:                                    `no test "" in which Other fires`,
		`{alert: Ill, test: there is no such test, cases: [{fires: x, given: {a: "1x3"}}]}`: `no test "there is no such test"`,
	} {
		if _, err := varied(t, "variants: ["+text+"]"); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s is told as %v, want %q", text, err, want)
		}
	}
}

func variedTest(t *testing.T, text string) string {
	t.Helper()
	to, err := varied(t, text)
	if err != nil {
		t.Fatal(err)
	}
	return told(t, filepath.Join(to, "a.yaml"))
}

func varied(t *testing.T, text string) (string, error) {
	t.Helper()
	from, to := formSource(t, formTest, "{}"), filepath.Join(t.TempDir(), "to")
	file := filepath.Join(from, "variants.yaml")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return to, run(to, true, known{list: filepath.Join(from, "list.yaml"), variants: file}, []string{filepath.Join(from, "a.yaml")})
}
