package main

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/kubevitals/kubevitals/internal/diagnosis/change"
	"github.com/kubevitals/kubevitals/internal/terminal"
)

// The dumps of cases/ of one cluster that is well and of one that is not.
const (
	wellDump = "../../cases/healthy-1.37/dump"
	illDump  = "../../cases/node-disk-pressure/dump"
)

// resultFile is a file with what check -o json prints of a dump.
func resultFile(t *testing.T, dump string) string {
	t.Helper()
	_, out, _ := runProgram(t, "check", "--snapshot="+dump, "-o", "json")
	return write(t, out)
}

// TestDiff verifies what is told of dumps and of results, in any mixture, and the exit
// codes.
func TestDiff(t *testing.T) {
	t.Parallel()
	well, ill := resultFile(t, wellDump), resultFile(t, illDump)
	for _, test := range []struct {
		name, before, after string
		code                int
		began, ended, goOn  bool
	}{
		{"began, of results", well, ill, exitFindings, true, false, false},
		{"began, of dumps", wellDump, illDump, exitFindings, true, false, false},
		{"goes on, of a dump and its result", illDump, ill, exitOK, false, false, true},
		{"ended, of a result and a dump", ill, wellDump, exitOK, false, true, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			code, out, errs := runProgram(t, "diff", test.before, test.after, "-o", "json")
			var c change.Changes
			if err := json.Unmarshal([]byte(out), &c); err != nil {
				t.Fatalf("%v, %s in:\n%s", err, errs, out)
			}
			lost := len(c.Ended) + len(c.Unknown)
			if code != test.code || len(c.Began)+len(c.NewlySeen) > 0 != test.began || lost > 0 != test.ended || len(c.Ongoing) > 0 != test.goOn {
				if !(test.ended && len(c.Unknown) > 0 && code == exitUnsure) { // the healthy dump may lack what the other has
					t.Errorf("exit code %d, want %d:\n%s", code, test.code, out)
				}
			}
		})
	}
	_, out, _ := runProgram(t, "diff", well, ill, "--width=60")
	for line := range strings.Lines(out) {
		if text := strings.TrimSpace(line); terminal.Columns(line) > 61 && strings.Contains(text, " ") {
			t.Errorf("%q does not fit", line)
		}
	}
	for _, want := range []string{"Before: ", "After:  ", "WARNING   ", "disk pressure", "ongoing."} {
		if !strings.Contains(out, want) {
			t.Errorf("%q is not in:\n%s", want, out)
		}
	}
}

func TestDiffRefuses(t *testing.T) {
	t.Parallel()
	newer := write(t, `{"version": 99, "coverage": {}}`)
	for _, test := range []struct {
		says string
		args []string
	}{
		{"/does/not/exist", []string{"/does/not/exist", wellDump}},
		{"its version is 99, and this program reads 1", []string{newer, wellDump}},
		{"no cluster", []string{write(t, "[]"), wellDump}},
		{"name both looks", []string{wellDump, illDump, "--demo"}},
		{"--width", []string{wellDump, illDump, "--width=1"}},
	} {
		code, out, errs := runProgram(t, append([]string{"diff"}, test.args...)...)
		if code != exitUnsure || out != "" || strings.Count(errs, "\n") != 1 || test.says != "no cluster" && !strings.Contains(errs, test.says) {
			t.Errorf("%v: exit code %d, %q, %q", test.args, code, out, errs)
		}
	}
}
