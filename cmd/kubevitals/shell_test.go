package main

import (
	"io"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// printed is what the program prints for arguments; it must succeed.
func printed(t *testing.T, args ...string) string {
	t.Helper()
	code, stdout, stderr := runProgram(t, args...)
	if code != exitOK || stderr != "" {
		t.Fatalf("kubevitals %s: exit code %d: %s", strings.Join(args, " "), code, stderr)
	}
	return stdout
}

// TestManualIsWhole verifies that the manual page has every command and flag, and only
// the requests of roff that it means.
func TestManualIsWhole(t *testing.T) {
	t.Parallel()
	page := printed(t, manName)
	if !strings.HasPrefix(page, ".TH KUBEVITALS 1 ") {
		t.Errorf("it begins with %.40q", page)
	}
	requests := []string{".TH", ".SH", ".SS", ".TP", ".B", ".BR", ".nf", ".fi", ".sp", ".nh", ".ad"}
	for line := range strings.Lines(page) {
		if strings.HasPrefix(line, ".") && !slices.Contains(requests, strings.Fields(line)[0]) || strings.HasPrefix(line, "'") {
			t.Errorf("roff takes this for a request: %s", line)
		}
	}
	model := newCommand(io.Discard, io.Discard).app.Model()
	flags := model.Flags
	for _, c := range model.Commands {
		if !strings.Contains(page, ".SS "+`\fB`+roff("kubevitals "+c.Name)+`\fR`) {
			t.Errorf("command %s is not in it", c.Name)
		}
		flags = append(flags, c.Flags...)
	}
	for _, f := range flags {
		if !f.Hidden && !strings.Contains(page, roff("--"+f.Name)+`\fR`) {
			t.Errorf("flag --%s is not in it", f.Name)
		}
	}
}

// TestManualReads lets man's own formatter say what it makes of the page.
func TestManualReads(t *testing.T) {
	t.Parallel()
	groff, err := exec.LookPath("groff")
	if err != nil {
		t.Skip("groff is not installed")
	}
	cmd := exec.CommandContext(t.Context(), groff, "-man", "-Tascii", "-P-c", "-ww", "-Wbreak", "-z")
	cmd.Stdin = strings.NewReader(printed(t, manName))
	if out, err := cmd.CombinedOutput(); err != nil || len(out) > 0 {
		t.Errorf("groff says %v: %s", err, out)
	}
}

// TestCompletions lets the shells that are installed read their scripts.
func TestCompletions(t *testing.T) {
	t.Parallel()
	for _, shell := range []string{"bash", "zsh", "fish"} {
		script := printed(t, completionName, shell)
		if !strings.Contains(script, "--completion-bash") {
			t.Errorf("%s: %s", shell, script)
		}
		program, err := exec.LookPath(shell)
		if err != nil {
			t.Logf("%s is not installed, so that only the text was looked at", shell)
			continue
		}
		cmd := exec.CommandContext(t.Context(), program, "-n")
		cmd.Stdin = strings.NewReader(script)
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Errorf("%s does not read its script: %v: %s", shell, err, out)
		}
	}
}
