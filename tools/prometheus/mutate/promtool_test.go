package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/common/model"
	"go.yaml.in/yaml/v2"
)

// tried reads the fixture and tries all its mutants.
func tried(t *testing.T, tests string) (ruleset, []*mutant) {
	t.Helper()
	g, cases, made := fixture(t, "testdata/rules.yaml", tests)
	if err := newCampaign(g, 2).run(t.Context(), cases, made); err != nil {
		t.Fatal(err)
	}
	return g.rules, made
}

// rulesText is a file with the rules, of which one is another.
func rulesText(t *testing.T, all ruleset, at int, other *rule) []byte {
	t.Helper()
	type group struct {
		Name  string           `yaml:"name"`
		Rules []map[string]any `yaml:"rules"`
	}
	var groups []group
	for i, r := range all {
		if i == at {
			r = other
		}
		one := map[string]any{"expr": r.expr, "labels": r.labels}
		if r.alert {
			one["alert"], one["annotations"] = r.name, r.annotations
			one["for"], one["keep_firing_for"] = model.Duration(r.hold).String(), model.Duration(r.keep).String()
		} else {
			one["record"] = r.name
		}
		if len(groups) == 0 || groups[len(groups)-1].Name != r.group {
			groups = append(groups, group{Name: r.group})
		}
		last := &groups[len(groups)-1]
		last.Rules = append(last.Rules, one)
	}
	text, err := yaml.Marshal(map[string]any{"groups": groups})
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// TestJudgesAsPromtool lets promtool itself judge mutants of the fixture, too: some, or
// with KUBEVITALS_MUTANTS=all each.
func TestJudgesAsPromtool(t *testing.T) {
	promtool, err := filepath.Abs("../../../bin/promtool")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(promtool); err != nil {
		t.Skip("there is no bin/promtool; run: make bin/promtool")
	}
	all, made := tried(t, "testdata/tests.yaml")
	tests, err := os.ReadFile("testdata/tests.yaml")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	passes := func(rules []byte) (bool, string) {
		for name, text := range map[string][]byte{"rules.yaml": rules, "tests.yaml": tests} {
			if err := os.WriteFile(filepath.Join(dir, name), text, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		out, err := exec.CommandContext(t.Context(), promtool, "test", "rules", filepath.Join(dir, "tests.yaml")).CombinedOutput()
		return err == nil, string(out)
	}
	if ok, out := passes(rulesText(t, all, -1, nil)); !ok {
		t.Fatalf("promtool fails without any change:\n%s", out)
	}
	survived, asked := 0, some(made, 24, 1)
	if os.Getenv("KUBEVITALS_MUTANTS") == "all" {
		asked = made
	}
	for _, m := range asked {
		ok, out := passes(rulesText(t, all, m.at, m.rule))
		if ok == (m.state == killed) {
			t.Errorf("%s, %s: %s: promtool says passed=%v, and here it is %v (%s)\n%s\n%s", m.original.title(), m.operator, m.change(), ok, m.state, m.why, m.rule.expr, out)
		}
		if ok {
			survived++
		}
	}
	t.Logf("%d mutants, %d survive", len(asked), survived)
	if survived == 0 || survived == len(asked) {
		t.Error("the fixture tells nothing: it needs mutants of both kinds")
	}
}

// TestRefusesBrokenTests verifies that a test which fails without any change is said, in
// its own words, and no score is given.
func TestRefusesBrokenTests(t *testing.T) {
	text, err := os.ReadFile("testdata/tests.yaml")
	if err != nil {
		t.Fatal(err)
	}
	for what, change := range map[string][2]string{
		"a label":       {"exp_labels: {cluster: a, zone: z,", "exp_labels: {cluster: a, zone: y,"},
		"an annotation": {"is at 0.05.", "is at 0.06."},
		"a value":       {"value: 0.05", "value: 0.06"},
		"a time":        {"eval_time: 9m", "eval_time: 7m"},
	} {
		t.Run(what, func(t *testing.T) {
			broken := strings.Replace(string(text), change[0], change[1], 1)
			if broken == string(text) {
				t.Fatal("nothing is broken")
			}
			path := filepath.Join(t.TempDir(), "tests.yaml")
			if err := os.WriteFile(path, []byte(broken), 0o600); err != nil {
				t.Fatal(err)
			}
			o, err := parseFlags([]string{"-rules", "testdata/rules.yaml", "-tests", path})
			if err != nil {
				t.Fatal(err)
			}
			var out bytes.Buffer
			err = run(t.Context(), o, &out, &out)
			if err == nil || !strings.Contains(err.Error(), "fails without any change") {
				t.Errorf("got %v", err)
			}
		})
	}
}

// TestTimeIsOver verifies that what was not tried is no survivor.
func TestTimeIsOver(t *testing.T) {
	o, err := parseFlags([]string{"-rules", "testdata/rules.yaml", "-tests", "testdata/tests.yaml", "-timeout", time.Nanosecond.String()})
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	err = run(t.Context(), o, &out, &out)
	if err == nil || !strings.Contains(err.Error(), "the time was over") || strings.Contains(out.String(), "survived: ") {
		t.Errorf("got %v\n%s", err, out.String())
	}
}
