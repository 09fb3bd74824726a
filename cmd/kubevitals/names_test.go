package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/kubevitals/kubevitals/internal/diagnosis"
)

// TestNamesFile verifies that the names which were replaced are in a file that only its
// owner can read, and not in the snapshot.
func TestNamesFile(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	taken, file := filepath.Join(dir, "it's taken"), filepath.Join(dir, "names.json")
	code, out, errs := runProgram(t, "snapshot", taken, "--demo", "--window=1s", "--redact-names", "--names-file="+file, "--log.level=error")
	if code != exitOK || !strings.HasSuffix(out, `kubevitals check --snapshot='`+strings.ReplaceAll(taken, "'", `'\''`)+"'\n") {
		t.Fatalf("exit code %d, %q, %q", code, out, errs)
	}
	info, err := os.Stat(file)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Fatalf("%v, or others can read it: %v", err, info)
	}
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var names map[string]string
	if err := json.Unmarshal(text, &names); err != nil {
		t.Fatal(err)
	}
	_, checked, _ := runProgram(t, "check", "--snapshot="+taken, "-o", "json")
	var r diagnosis.Result
	if err := json.Unmarshal([]byte(checked), &r); err != nil {
		t.Fatal(err)
	}
	known := 0
	for _, one := range r.Incidents {
		if node := one.Cause.Labels["node"]; node != "" && names[node] != "" {
			known++
		}
	}
	if known == 0 || strings.Contains(checked, "worker-2") {
		t.Errorf("no node of an incident is in the file, or the snapshot has names: %v", names)
	}
	for says, args := range map[string][]string{
		"goes with --redact-names": {"--names-file=" + filepath.Join(dir, "x")},
		"lies in the snapshot":     {"--redact-names", "--names-file=" + filepath.Join(dir, "other", "names")},
		"file exists":              {"--redact-names", "--names-file=" + file},
	} {
		code, _, errs := runProgram(t, append([]string{"snapshot", filepath.Join(dir, "other"), "--demo", "--window=1s", "--log.level=error"}, args...)...)
		if code != exitUsage || !strings.Contains(errs, says) {
			t.Errorf("%v: exit code %d, %q", args, code, errs)
		}
	}
}
