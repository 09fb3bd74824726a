package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// TestBashCompletes completes words in a real shell, which asks the program.
func TestBashCompletes(t *testing.T) {
	t.Parallel()
	program := filepath.Join(t.TempDir(), "kubevitals")
	asks := fmt.Sprintf("#!/bin/bash\n%s=\"$(printf '%%s\\n' \"$@\")\" exec %s -test.run='^TestChild$'\n", childArgs, os.Args[0])
	if err := os.WriteFile(program, []byte(asks), 0o700); err != nil {
		t.Fatal(err)
	}
	for typed, want := range map[string]string{
		"expl":                   "explain",
		"check --sev":            "--severity",
		"completion z":           "zsh",
		"check --output j":       "json",
		"--collector.node_disk":  "--collector.node_disk",
		"export dash":            "dashboards",
		"explain KubeVitalsDNSF": "KubeVitalsDNSForwardingFailing",
	} {
		script := printed(t, completionName, "bash") + `
COMP_WORDS=("$PROGRAM" $TYPED); COMP_CWORD=$(( ${#COMP_WORDS[@]} - 1 ))
_kubevitals; printf '%s\n' "${COMPREPLY[@]}"`
		cmd := exec.CommandContext(t.Context(), "bash", "-c", script)
		cmd.Env = append(os.Environ(), "PROGRAM="+program, "TYPED="+typed)
		out, err := cmd.CombinedOutput()
		if err != nil || !slices.Contains(strings.Fields(string(out)), want) {
			t.Errorf("%q completes to %q, want %s: %v", typed, out, want, err)
		}
	}
}
