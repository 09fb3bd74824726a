package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/kubevitals/kubevitals/test/fresh"
)

const formRules = `
groups:
  - name: one
    rules:
      - record: kubevitals:alert_object
        expr: max by (cluster, node) (kubevitals_ill{job="kubevitals"}) == 1 unless on (cluster, node) kubevitals_gone_total{job="kubevitals"} > 3
        labels: {alert: Ill}
      - record: kubevitals:alert_object:count
        expr: count without (node) (kubevitals:alert_object)
      - alert: Ill
        for: 1m
        expr: |
          max without (alert) (
            kubevitals:alert_object
            unless ignoring (node)
            min_over_time(kubevitals:alert_object:count[61s]) > 2
          )
`

const formTest = `
rule_files: [rules.yaml]
evaluation_interval: 1m
tests:
  - name: it fires
    interval: 1m
    input_series:
      - {series: 'kubevitals_ill{job="kubevitals",cluster="a",instance="i",node="n1"}', values: 0 1x2}
      - {series: 'kubevitals_gone_total{job="kubevitals",cluster="a",instance="i"}', values: 0+1x3}
      - {series: 'kubevitals_seen_timestamp_seconds{job="kubevitals",cluster="a",instance="i",host="n1"}', values: 60x1}
    alert_rule_test:
      - eval_time: 2m
        alertname: Ill
        exp_alerts:
          - exp_labels: {cluster: a, node: n1}
            exp_annotations: {description: n1 of cluster a is ill., dashboard_url: '/d?var-cluster=a&var-node=a'}
`

// TestDerivedGolden verifies what follows from a test, series by series.
func TestDerivedGolden(t *testing.T) {
	t.Parallel()
	const list = `{smallest: [kubevitals_seen_timestamp_seconds], exceptions: [{what: another program, of: [it fires], reason: so it is}]}`
	to := derivedFrom(t, formTest, list)
	got := told(t, filepath.Join(to, "a.yaml")) + "listed:\n" + told(t, filepath.Join(to, "listed", "a.yaml"))
	fresh.File(t, "testdata/derived.txt", []byte(got))
}

// TestWhatIsListedIsThere verifies that no exception outlives its test.
func TestWhatIsListedIsThere(t *testing.T) {
	t.Parallel()
	for list, want := range map[string]string{
		`{exceptions: [{what: another program, of: [it is silent], reason: so it is}]}`: `"another program" of "it is silent" is listed`,
		`{exceptions: [{what: no such thing, of: [it fires], reason: so it is}]}`:       `"no such thing" of "it fires" is listed`,
		`{exceptions: [{what: another program, of: [it fires]}]}`:                       "has no reason",
		`{exceptions: [{what: another program, reason: so it is}]}`:                     "is of nothing",
	} {
		from := formSource(t, formTest, list)
		err := run(filepath.Join(t.TempDir(), "to"), true, known{list: filepath.Join(from, "list.yaml")}, []string{filepath.Join(from, "a.yaml")})
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s is told as %v, want %q", list, err, want)
		}
	}
}

// TestAnotherAlert verifies what is put beside a test of another alert: of what rules ask
// for by the label alert, and only of that.
func TestAnotherAlert(t *testing.T) {
	t.Parallel()
	rules := strings.ReplaceAll(formRules, "kubevitals:alert_object:count[61s]", `kubevitals:alert_object:count{alert="Ill"}[61s]`)
	from := formSource(t, formTest, "{}")
	if err := os.WriteFile(filepath.Join(from, "rules.yaml"), []byte(rules), 0o600); err != nil {
		t.Fatal(err)
	}
	to := filepath.Join(t.TempDir(), "to")
	if err := run(to, true, known{list: filepath.Join(from, "list.yaml")}, []string{filepath.Join(from, "a.yaml")}); err != nil {
		t.Fatal(err)
	}
	got := section(told(t, filepath.Join(to, "a.yaml")), "it fires: beside")
	for _, want := range []string{
		`{__name__="kubevitals:alert_object:count", alert="of-others", cluster="a", node="n1"} 1e+06x3`,
		`{__name__="kubevitals:alert_object:count", alert="of-others", cluster="a", node="of-others"} 1e+06x3`,
		`{__name__="kubevitals:alert_object:count", alert="of-others", cluster="a"} 1e+06x3`,
	} {
		if !strings.Contains(got, want) {
			t.Errorf("there is no %s in:\n%s", want, got)
		}
	}
	if strings.Contains(got, `{__name__="kubevitals:alert_object", alert`) {
		t.Errorf("what is asked for without the label is there, too:\n%s", got)
	}
}

// TestClustersOfATest verifies that a test which speaks of clusters itself is left alone.
func TestClustersOfATest(t *testing.T) {
	t.Parallel()
	to := derivedFrom(t, strings.ReplaceAll(formTest, `cluster="a",instance="i",host`, `cluster="b",instance="i",host`), "{}")
	if got := told(t, filepath.Join(to, "a.yaml")); strings.Contains(got, `cluster="`+otherCluster) || strings.Contains(got, "none-0") {
		t.Errorf("another cluster is added:\n%s", got)
	}
}

func derivedFrom(t *testing.T, tests, list string) string {
	t.Helper()
	from, to := formSource(t, tests, list), filepath.Join(t.TempDir(), "to")
	if err := run(to, true, known{list: filepath.Join(from, "list.yaml")}, []string{filepath.Join(from, "a.yaml")}); err != nil {
		t.Fatal(err)
	}
	return to
}

func formSource(t *testing.T, tests, list string) string {
	t.Helper()
	folder := t.TempDir()
	for file, text := range map[string]string{"rules.yaml": formRules, "a.yaml": tests, "list.yaml": list} {
		if err := os.WriteFile(filepath.Join(folder, file), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return folder
}

// section are the lines of the first test in what is told of which the name begins with a text.
func section(told, name string) string {
	var text strings.Builder
	for line := range strings.Lines(told) {
		begins := strings.HasPrefix(line, name)
		if text.Len() > 0 && !strings.HasPrefix(line, "  ") {
			break
		}
		if begins || text.Len() > 0 {
			text.WriteString(line)
		}
	}
	return text.String()
}

// told is a file of tests, a line for each series and question.
func told(t *testing.T, file string) string {
	t.Helper()
	var content struct {
		Tests []struct {
			Name   string            `json:"name"`
			Given  []given           `json:"input_series"`
			Alerts []json.RawMessage `json:"alert_rule_test"`
			Exprs  []json.RawMessage `json:"promql_expr_test"`
		} `json:"tests"`
	}
	if err := readYAML(file, &content); err != nil {
		t.Fatal(err)
	}
	var text strings.Builder
	for _, test := range content.Tests {
		fmt.Fprintln(&text, test.Name)
		for _, s := range test.Given {
			fmt.Fprintf(&text, "  %s %s\n", s.Series, s.Values)
		}
		for _, asked := range append(test.Alerts, test.Exprs...) {
			fmt.Fprintf(&text, "  asks %s\n", asked)
		}
	}
	return text.String()
}
