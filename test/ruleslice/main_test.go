package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const someRules = `
groups:
  - name: first
    interval: 30s
    rules:
      - record: recorded
        expr: raw > 1
      - record: recorded:other
        expr: raw > 2
      - record: labelled
        expr: raw > 3
        labels: {kind: a}
      - record: labelled
        expr: raw > 4
        labels: {kind: b}
      - record: in_text
        expr: raw > 5
      - record: counted
        expr: count without (node) (labelled{kind=~"a|b"}) or count by (kind) (labelled{kind="c"} unless raw)
      - record: counted
        expr: count by (node) (labelled{kind="d"})
      - record: counted
        expr: label_replace(ALERTS{alertname="Plain"}, "kind", "$1", "alertname", "(.+)")
  - name: second
    rules:
      - alert: Plain
        expr: recorded > 0
      - alert: OfKind
        expr: labelled{kind="b"} > 0
      - alert: Unless
        expr: raw unless ALERTS{alertname="Plain", alertstate="firing"}
      - alert: Says
        expr: vector(1)
        annotations:
          description: '{{ range query "in_text{}" }}{{ . }}{{ end }}'
      - alert: CountedA
        expr: counted{kind="a"}
      - alert: CountedC
        expr: counted{kind=~"c|e"}
      - alert: CountedPlain
        expr: counted{kind="Plain"}
      - alert: Again
        expr: ALERTS{alertname="Plain"} or ALERTS{alertname="Says"}
      - alert: AgainAndAgain
        expr: ALERTS{alertname="Again"}
      - alert: Templated
        expr: vector(1)
        labels: {kind: '{{ $labels.kind }}'}
      - alert: OfTemplated
        expr: ALERTS{alertname="Templated", kind="b"}
`

// TestNeeded verifies that each test keeps what it needs and nothing else.
func TestNeeded(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ test, wants string }{
		"a recorded series":      {`{alert_rule_test: [{alertname: Plain}]}`, "raw > 1, recorded > 0"},
		"labels that a rule has": {`{alert_rule_test: [{alertname: OfKind}]}`, `raw > 4, labelled{kind="b"} > 0`},
		"an alert":               {`{alert_rule_test: [{alertname: Unless}]}`, `raw > 1, recorded > 0, raw unless ALERTS{alertname="Plain", alertstate="firing"}`},
		"what a text asks for":   {`{alert_rule_test: [{alertname: Says}]}`, "raw > 5, vector(1)"},
		"a label of a template":  {`{alert_rule_test: [{alertname: OfTemplated}]}`, `vector(1), ALERTS{alertname="Templated", kind="b"}`},
		"an alert that reads alerts": {`{alert_rule_test: [{alertname: AgainAndAgain}]}`,
			`raw > 1, raw > 5, recorded > 0, vector(1), ALERTS{alertname="Plain"} or ALERTS{alertname="Says"}, ALERTS{alertname="Again"}`},
		"a label that a selector has": {`{alert_rule_test: [{alertname: CountedA}]}`,
			`raw > 3, raw > 4, count without (node) (labelled{kind=~"a|b"}) or count by (kind) (labelled{kind="c"} unless raw), count by (node) (labelled{kind="d"}), counted{kind="a"}`},
		"another that it has": {`{alert_rule_test: [{alertname: CountedC}]}`, `raw > 3, raw > 4, count without (node) (labelled{kind=~"a|b"}) or count by (kind) (labelled{kind="c"} unless raw), count by (node) (labelled{kind="d"}), counted{kind=~"c|e"}`},
		"a label that is copied": {`{alert_rule_test: [{alertname: CountedPlain}]}`,
			`raw > 1, count by (node) (labelled{kind="d"}), label_replace(ALERTS{alertname="Plain"}, "kind", "$1", "alertname", "(.+)"), recorded > 0, counted{kind="Plain"}`},
		"an expression": {`{promql_expr_test: [{expr: "sum(recorded:other)"}]}`, "raw > 2"},
		"series of no name": {`{promql_expr_test: [{expr: '{kind="b", alertname=""}'}]}`,
			`raw > 1, raw > 2, raw > 3, raw > 4, raw > 5, count without (node) (labelled{kind=~"a|b"}) or count by (kind) (labelled{kind="c"} unless raw), count by (node) (labelled{kind="d"})`},
		"series of Prometheus": {`{promql_expr_test: [{expr: "raw"}]}`, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var slice struct {
				Groups []struct {
					Name, Interval string
					Rules          []struct{ Expr string }
				}
			}
			files := written(t, "rule_files: [rules.yaml]\ntests: ["+c.test+"]")
			if err := readYAML(files[0], &slice); err != nil {
				t.Fatal(err)
			}
			var found []string
			for _, group := range slice.Groups {
				if (group.Name == "first") != (group.Interval == "30s") {
					t.Errorf("group %s has the interval %q", group.Name, group.Interval)
				}
				for _, r := range group.Rules {
					found = append(found, r.Expr)
				}
			}
			if got := strings.Join(found, ", "); got != c.wants {
				t.Errorf("needed: %s, want %s", got, c.wants)
			}
		})
	}
}

// TestEachTestIsWritten verifies that tests which need the same rules share a file, and
// that no test and no setting of a file is lost.
func TestEachTestIsWritten(t *testing.T) {
	t.Parallel()
	files := written(t, `
rule_files: [rules.yaml]
evaluation_interval: 7m
tests:
  - {name: one, interval: 1m, input_series: [{series: raw, values: 1x5}], alert_rule_test: [{alertname: Plain, eval_time: 3m}]}
  - {name: two, alert_rule_test: [{alertname: OfKind}]}
  - {name: three, promql_expr_test: [{expr: recorded}], alert_rule_test: [{alertname: Plain}]}
`)
	var all strings.Builder
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if strings.HasSuffix(file, ".yaml") {
			fmt.Fprintln(&all, string(text))
		}
	}
	const want = `{"evaluation_interval":"7m","group_eval_order":["first","second"],"rule_files":["a-01.rules"],"tests":[{"alert_rule_test":[{"alertname":"Plain","eval_time":"3m"}],"input_series":[{"series":"raw","values":"1x5"}],"interval":"1m","name":"one"},{"alert_rule_test":[{"alertname":"Plain"}],"name":"three","promql_expr_test":[{"expr":"recorded"}]}]}
{"evaluation_interval":"7m","group_eval_order":["first","second"],"rule_files":["a-02.rules"],"tests":[{"alert_rule_test":[{"alertname":"OfKind"}],"name":"two"}]}
`
	if all.String() != want {
		t.Errorf("written:\n%swant:\n%s", all.String(), want)
	}
}

// TestWhatIsWrongIsSaid verifies that nothing is left out in silence.
func TestWhatIsWrongIsSaid(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"rule_files: [rules.yaml]\ntests: [{name: one, alert_rule_test: [{alertname: Plan}]}]": `a.yaml: test "one": no rule makes the alert "Plan"`,
		"rule_files: [rules.yaml]\ntests: [{name: one, promql_expr_test: [{expr: 'sum(a'}]}]":  `a.yaml: test "one": 1:6: parse error: unclosed left parenthesis`,
		"rule_files: [rules.yaml]\n":                                 "a.yaml: no tests",
		"tests: [{promql_expr_test: [{expr: raw}]}]":                 "a.yaml: its rule files [] have no rules",
		"rule_files: [none.yaml]\ntests: [{name: one}]":              "none.yaml: open ",
		"rule_files: [rules.yaml]\ntests: [{name: one], name: two}]": "a.yaml: error converting YAML to JSON",
	} {
		from := source(t, text)
		if err := run(filepath.Join(t.TempDir(), "to"), false, known{}, []string{from}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s\nis told as %v, want %q", text, err, want)
		}
	}
	from := source(t, "rule_files: [rules.yaml]\ntests: [{promql_expr_test: [{expr: raw}]}]")
	if err := run(filepath.Dir(from), false, known{}, []string{from}); err == nil || !strings.Contains(err.Error(), "is not empty") {
		t.Errorf("a folder with files is told as %v", err)
	}
}

// written cuts a file of tests, and returns what came of it in order.
func written(t *testing.T, tests string) []string {
	t.Helper()
	to := filepath.Join(t.TempDir(), "to")
	if err := run(to, false, known{}, []string{source(t, tests)}); err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob(filepath.Join(to, "*"))
	if err != nil || len(files) == 0 {
		t.Fatalf("nothing is written: %v", err)
	}
	return files
}

// source writes a.yaml, beside the rules that it names.
func source(t *testing.T, tests string) string {
	t.Helper()
	folder := t.TempDir()
	for file, text := range map[string]string{"rules.yaml": someRules, "a.yaml": tests} {
		if err := os.WriteFile(filepath.Join(folder, file), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return filepath.Join(folder, "a.yaml")
}
