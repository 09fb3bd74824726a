package main

import (
	"encoding/json"
	"io/fs"
	"strings"
	"testing"

	"github.com/kubevitals/kubevitals/internal/diagnosis/runbook"
	"github.com/kubevitals/kubevitals/mixin"
)

func TestExplainFillsInLabels(t *testing.T) {
	t.Parallel()
	for _, language := range []string{"en", "zh-TW"} {
		code, out, errs := runProgram(t, "explain", "KubeVitalsNodeNotReady", "node=worker-1", "--language="+language)
		if code != exitOK || !strings.Contains(out, "NODE='worker-1'") {
			t.Errorf("%s: exit code %d, %q:\n%s", language, code, errs, out)
		}
	}
}

// TestExplainJSON verifies that each runbook that is listed can be printed, with
// commands and a section of diagnosis.
func TestExplainJSON(t *testing.T) {
	t.Parallel()
	_, list, _ := runProgram(t, "explain", "-o", "json")
	var names []string
	if err := json.Unmarshal([]byte(list), &names); err != nil {
		t.Fatal(err)
	}
	files, err := fs.Glob(mixin.Files(), "runbooks/*.md")
	if err != nil || len(names) != len(files) {
		t.Fatalf("%v: %d alerts are listed, and there are %d runbooks", err, len(names), len(files))
	}
	for _, name := range names {
		code, out, errs := runProgram(t, "explain", name, "-o", "json")
		var filled runbook.Filled
		if err := json.Unmarshal([]byte(out), &filled); code != exitOK || err != nil || filled.Alert != name || len(filled.Sections) < 4 {
			t.Errorf("%s: exit code %d, %v, %s; %d sections", name, code, err, errs, len(filled.Sections))
		}
	}
}

func TestExplainRefuses(t *testing.T) {
	t.Parallel()
	for _, bad := range []struct {
		args []string
		says string
	}{
		{[]string{"KubeVitalsNothing"}, `no alert "KubeVitalsNothing"`},
		{[]string{"../runbooks/KubeVitalsNodeNotReady"}, "no alert"},
		{[]string{"KubeVitalsNodeNotReady", "worker-1"}, "NAME=VALUE"},
	} {
		code, _, errs := runProgram(t, append([]string{"explain"}, bad.args...)...)
		if code != exitUsage || !strings.Contains(errs, bad.says) || strings.Count(errs, "\n") != 1 {
			t.Errorf("%v: exit code %d, %q", bad.args, code, errs)
		}
	}
}
