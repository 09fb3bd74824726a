package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/kubevitals/kubevitals/collectors/nodecause"
)

func TestSeenReportsAreUnderstood(t *testing.T) {
	t.Parallel()
	reports, err := Load("../../collectors/nodecause/testdata/messages-seen.yaml")
	if err != nil {
		t.Fatal(err)
	}
	_, wrong := Score(reports, false)
	for _, r := range wrong {
		t.Errorf("%s: %q is %q, want %q", r.Source, r.Message, r.classify(), r.Expected)
	}
}

func TestScore(t *testing.T) {
	t.Parallel()
	reports := []Report{
		{Source: "a", Ready: "False", Message: "PLEG is not healthy: 3m1s ago", Expected: nodecause.PLEGStuck},
		{Source: "b", Ready: "False", Message: "[PLEG is not healthy: 9m3.5s ago]", Expected: nodecause.PLEGStuck},
		{Source: "c", Ready: "False", Message: "container runtime is down", Expected: nodecause.PLEGStuck},
	}
	tallies, wrong := Score(reports, false)
	if len(tallies) != 2 || tallies[0] != (Tally{nodecause.PLEGStuck, 3, 2, 2}) || tallies[1] != (Tally{nodecause.RuntimeDown, 0, 1, 0}) {
		t.Errorf("tallies %+v", tallies)
	}
	if len(wrong) != 1 || wrong[0].Source != "c" {
		t.Errorf("wrong %+v", wrong)
	}
	if tallies, _ = Score(reports, true); tallies[0] != (Tally{nodecause.PLEGStuck, 2, 1, 1}) {
		t.Errorf("distinct tallies %+v", tallies)
	}
}

func TestLoadRefuses(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"an unknown cause": "- {source: a, message: b, expected: gremlins}",
		"no source":        "- {message: b, expected: disk}",
		"an unknown field": "- {source: a, message: b, expected: disk, colour: red}",
	} {
		file := filepath.Join(t.TempDir(), "reports.yaml")
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := Load(file); err == nil || !strings.Contains(err.Error(), file) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
