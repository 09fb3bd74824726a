package main

import (
	"bytes"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/value"
	"github.com/prometheus/prometheus/promql/parser"
)

// TestSeek verifies that cases are found which kill what no test does; that they hold of the
// rules as they are, step by step as well; that each kills what it is named after; and that
// what they expect is written anew when rules are others.
func TestSeek(t *testing.T) {
	t.Parallel()
	g, cases, made := fixture(t, "testdata/rules.yaml", "testdata/tests.yaml")
	folder := t.TempDir()
	c := newCampaign(g, 2)
	if err := c.run(t.Context(), cases, made); err != nil {
		t.Fatal(err)
	}
	before := countOf(made)
	s := newSeeker(c, parser.NewParser(parser.Options{}))
	s.seekFor(made, 20)
	s.sow(cases)
	if err := s.seek(t.Context(), 1); err != nil {
		t.Fatal(err)
	}
	if err := s.add(folder); err != nil {
		t.Fatal(err)
	}
	after := countOf(made)
	t.Logf("%d cases kill %d of the %d that survived", len(s.found), after.killed-before.killed, before.survived)
	if 2*(after.killed-before.killed) < before.survived {
		t.Error("fewer than half of those that survived are killed")
	}

	read, err := loadTests(s.parser, []string{filepath.Join(folder, "*.yaml")})
	if err != nil {
		t.Fatal(err)
	}
	if len(read) != len(s.found) {
		t.Errorf("%d cases are written, of %d", len(read), len(s.found))
	}
	var out bytes.Buffer
	if wrong, err := c.check(t.Context(), read, false, &out); wrong > 0 || err != nil {
		t.Errorf("%v\n%s", err, out.String())
	}
	_, _, again := fixture(t, "testdata/rules.yaml", "testdata/tests.yaml")
	if err := newCampaign(g, 2).run(t.Context(), read, again); err != nil {
		t.Fatal(err)
	}
	for i, m := range again {
		if of := made[i]; of.state == killed && slices.ContainsFunc(s.found, func(f *found) bool { return slices.Contains(f.kills, of) }) && m.state != killed {
			t.Errorf("%s, %s: %s lives", m.original.title(), m.operator, m.change())
		}
	}
	approveChanged(t, folder)
}

// TestDoubt verifies that nothing tells what is proven to be equivalent, and that something
// tells what is only said to be.
func TestDoubt(t *testing.T) {
	t.Parallel()
	for _, wrong := range []bool{false, true} {
		g, cases, made := fixture(t, "testdata/rules.yaml", "testdata/tests.yaml")
		proven := 0
		for _, m := range made {
			if wrong && m.proof == "" {
				m.proof = "so it is said"
			}
			if m.proof != "" {
				proven++
			}
		}
		c := newCampaign(g, 2)
		s := newSeeker(c, parser.NewParser(parser.Options{}))
		s.seekFor(doubted(made), 20)
		if len(s.alive) != proven || proven == 0 {
			t.Errorf("%d are doubted, of %d", len(s.alive), proven)
		}
		s.sow(cases)
		if err := s.seek(t.Context(), 1); err != nil {
			t.Fatal(err)
		}
		if found := len(s.found) > 0; found != wrong {
			t.Errorf("found any: %t, where proofs are wrong: %t", found, wrong)
		}
	}
}

// approveChanged plays cases with another rule, which they notice, until that is approved.
func approveChanged(t *testing.T, folder string) {
	t.Helper()
	text, err := os.ReadFile("testdata/rules.yaml")
	if err != nil {
		t.Fatal(err)
	}
	rules := filepath.Join(t.TempDir(), "rules.yaml")
	if err := os.WriteFile(rules, []byte(strings.Replace(string(text), "severity: warning", "severity: info", 1)), 0o600); err != nil {
		t.Fatal(err)
	}
	for approved := range 2 {
		g, found, _ := fixture(t, rules, filepath.Join(folder, "*.yaml"))
		c := newCampaign(g, 2)
		wrong, err := c.check(t.Context(), found, false, &bytes.Buffer{})
		if err != nil || wrong > 0 != (approved == 0) {
			t.Errorf("%d cases are wrong when the rule was approved %d times: %v", wrong, approved, err)
		}
		if err := newSeeker(newCampaign(g, 2), parser.NewParser(parser.Options{})).approve(t.Context(), found); err != nil {
			t.Fatal(err)
		}
	}
}

// TestWritten verifies that series are read as they were written, bit by bit.
func TestWritten(t *testing.T) {
	t.Parallel()
	p := parser.NewParser(parser.Options{})
	r := rand.New(rand.NewPCG(1, 1))
	some := []float64{0, 1, -1, 0.1, 1e9, 5.000001, -3600, math.Float64frombits(value.StaleNaN)}
	for range 2000 {
		one := given{labels: labels.FromStrings("__name__", "a", "b", `"c\`)}
		for range r.IntN(12) {
			v, by := some[r.IntN(len(some))], some[r.IntN(len(some)-1)]
			for range 1 + r.IntN(4) {
				one.values = append(one.values, parser.SequenceValue{Value: v, Omitted: r.IntN(9) == 0})
				if !value.IsStaleNaN(v) {
					v += by
				}
			}
		}
		in := one.input()
		of, values, err := p.ParseSeriesDesc(in.Series + " " + in.Values)
		if err != nil {
			t.Fatalf("%s %s: %v", in.Series, in.Values, err)
		}
		same := slices.EqualFunc(values, one.values, func(a, b parser.SequenceValue) bool {
			return a.Omitted && b.Omitted || a.Omitted == b.Omitted && math.Float64bits(a.Value) == math.Float64bits(b.Value)
		})
		if !labels.Equal(of, one.labels) || !same {
			t.Fatalf("%s %s\ngot  %v\nwant %v", in.Series, in.Values, values, one.values)
		}
	}
}
