package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/prometheus/prometheus/promql/parser"
)

// fixture reads rules and tests, and makes all mutants.
func fixture(t *testing.T, rules, tests string) (*graph, []*testCase, []*mutant) {
	t.Helper()
	p := parser.NewParser(parser.Options{})
	all, err := loadRules(p, []string{rules})
	if err != nil {
		t.Fatal(err)
	}
	cases, err := loadTests(p, []string{tests})
	if err != nil {
		t.Fatal(err)
	}
	g := newGraph(all)
	made, err := mutantsOf(p, g)
	if err != nil {
		t.Fatal(err)
	}
	return g, cases, made
}

// TestRuleByRule verifies that rules that are played one after the other come to the same
// as step by step, by themselves and for each mutant; also where they read in a circle, or
// what is written after them.
func TestRuleByRule(t *testing.T) {
	t.Parallel()
	for rules, tests := range map[string]string{"rules": "tests", "circle-rules": "circle-tests"} {
		t.Run(rules, func(t *testing.T) {
			t.Parallel()
			states := map[bool]map[string]state{}
			for _, steps := range []bool{false, true} {
				g, cases, made := fixture(t, "testdata/"+rules+".yaml", "testdata/"+tests+".yaml")
				c := newCampaign(g, 2)
				c.steps, states[steps] = steps, map[string]state{}
				var out bytes.Buffer
				if wrong, err := c.check(t.Context(), cases, false, &out); wrong > 0 || err != nil {
					t.Fatalf("%v\n%s", err, out.String())
				}
				if err := c.run(t.Context(), cases, made); err != nil {
					t.Fatal(err)
				}
				if c.stepwise > 0 {
					t.Errorf("%d tests could not be played", c.stepwise)
				}
				for _, m := range made {
					states[steps][m.original.title()+" "+m.change()+" "+m.id] = m.state
				}
			}
			for name, want := range states[true] {
				if got := states[false][name]; got != want {
					t.Errorf("%s is %v rule by rule, and %v step by step", name, got, want)
				}
			}
		})
	}
}

// TestGoesOn verifies that what is known of an earlier run is not played again, that a
// line which was cut off is, and that another test is.
func TestGoesOn(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "results.jsonl")
	campaign := func(tests string) (dead, played int) {
		g, cases, made := fixture(t, "testdata/rules.yaml", tests)
		before, _ := os.ReadFile(file) // the first time there is none
		c := newCampaign(g, 2)
		var err error
		if c.results, err = openResults(file); err != nil {
			t.Fatal(err)
		}
		if err := c.run(t.Context(), cases, made); err != nil {
			t.Fatal(err)
		}
		if err := c.results.close(); err != nil {
			t.Fatal(err)
		}
		after, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range made {
			if m.state == killed {
				dead++
			}
		}
		return dead, bytes.Count(after, []byte("\n")) - bytes.Count(before, []byte("\n"))
	}
	first, lines := campaign("testdata/tests.yaml")
	if first == 0 || lines == 0 {
		t.Fatalf("%d mutants are killed, %d lines written", first, lines)
	}
	if again, played := campaign("testdata/tests.yaml"); again != first || played != 0 {
		t.Errorf("%d mutants are killed the second time, want %d; %d tests are played", again, first, played)
	}
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, text[:len(text)-5], 0o600); err != nil {
		t.Fatal(err)
	}
	if again, _ := campaign("testdata/tests.yaml"); again != first {
		t.Errorf("%d mutants are killed after a line was cut off, want %d", again, first)
	}
	tests, err := os.ReadFile("testdata/tests.yaml")
	if err != nil {
		t.Fatal(err)
	}
	other := filepath.Join(t.TempDir(), "tests.yaml")
	if err := os.WriteFile(other, []byte(strings.Replace(string(tests), "eval_time: 9m", "eval_time: 10m", 1)), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, played := campaign(other); played != 1 {
		t.Errorf("%d tests are played when one of them is another, want 1", played)
	}
}

func TestEvery(t *testing.T) {
	t.Parallel()
	all := []*mutant{{id: "0"}, {id: "1"}, {id: "2"}, {id: "3"}, {id: "4"}}
	var ids []string
	for _, m := range every(all, 2) {
		ids = append(ids, m.id)
	}
	if got := strings.Join(ids, " "); got != "0 2 4" {
		t.Errorf("got %s", got)
	}
}
