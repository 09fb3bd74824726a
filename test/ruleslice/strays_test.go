package main

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/kubevitals/kubevitals/test/fresh"
)

// TestSelectedFresh verifies that the file says what rules select, from which tests follow.
func TestSelectedFresh(t *testing.T) {
	t.Parallel()
	rules, err := readRules("../../mixin/generated", []any{"alerts.yaml"})
	if err != nil {
		t.Fatal(err)
	}
	of := map[string][]string{}
	for _, r := range rules.rules {
		of[r.title()] = append(of[r.title()], r.selectors()...)
	}
	text := strings.Builder{}
	text.WriteString("# What each rule selects of metrics: written by make update-docs. A matcher that is gone here is one that a rule lost.\n")
	for _, name := range slices.Sorted(maps.Keys(of)) {
		slices.Sort(of[name])
		selectors := slices.Compact(of[name])
		if len(selectors) == 0 {
			continue
		}
		fmt.Fprintf(&text, "'%s':\n", name)
		for _, selector := range selectors {
			fmt.Fprintf(&text, "  - '%s'\n", selector)
		}
	}
	fresh.File(t, "../../mixin/testdata/selected.yaml", []byte(text.String()))
}

// TestStrays verifies what is put beside a test: what one matcher keeps from being selected,
// and nothing that is.
func TestStrays(t *testing.T) {
	t.Parallel()
	from := formSource(t, formTest, "{}")
	file := filepath.Join(from, "selected.yaml")
	const selected = `
'kubevitals:alert_object{alert="Ill"}':
  - 'kubevitals_ill{job="kubevitals",node=~"n.+"}'
  - 'kubevitals_gone_total{job="kubevitals",node!="",state="left"}'
  - 'kubevitals_gone_total{job="kubevitals",state!~"left|lost-.+"}'
  - 'kubevitals_other{job="kubevitals",result=~"bad|worse"}'
'kubevitals:alert_object{alert="Other"}':
  - 'kubevitals_else{job="kubevitals",result="bad"}'
`
	if err := os.WriteFile(file, []byte(selected), 0o600); err != nil {
		t.Fatal(err)
	}
	to := filepath.Join(t.TempDir(), "to")
	if err := run(to, true, known{list: filepath.Join(from, "list.yaml"), selected: file}, []string{filepath.Join(from, "a.yaml")}); err != nil {
		t.Fatal(err)
	}
	_, got, found := strings.Cut(told(t, filepath.Join(to, "unselected", "a.yaml")), "it fires: beside what is not selected\n")
	if !found {
		t.Fatal("there is no such test")
	}
	for _, want := range []string{
		`{__name__="kubevitals_ill", cluster="far", instance="stray", job="kubevitals", node="of-others"} 1e+09 1.001e+09 1.002e+09 1.003e+09`,
		`{__name__="kubevitals_ill", cluster="far", instance="stray-small", job="kubevitals", node="of-others"} -1e+09x3`,
		`{__name__="kubevitals_ill", cluster="one", instance="stray", job="kubevitals", node="of-others"} 1x3`,
		`{__name__="kubevitals_other", cluster="zero", instance="stray", job="kubevitals", node="n1", result="of-others"} 0x3`,
		`{__name__="kubevitals_gone_total", cluster="one", instance="stray", job="kubevitals", state="left"} 1x3`,
		`{__name__="kubevitals_ill", cluster="zero", instance="i", job="kubevitals", node="n1"} 0 1x2`,
		`ALERTS{alertname=\"Ill\", alertstate=\"firing\", cluster=\"far\"}`,
	} {
		if !strings.Contains(got, want) {
			t.Errorf("there is no %s in:\n%s", want, got)
		}
	}
	for _, never := range []string{"kubevitals_else", `instance="stray", job="kubevitals", node="n1", state="left"`} {
		if strings.Contains(got, never) {
			t.Errorf("%s is there, too:\n%s", never, got)
		}
	}
}
