package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestCheck verifies that -check names the tests that fail, and with -fail those that don't.
func TestCheck(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("testdata/tests.yaml")
	if err != nil {
		t.Fatal(err)
	}
	broken := filepath.Join(t.TempDir(), "broken.yaml")
	if err := os.WriteFile(broken, bytes.Replace(text, []byte("is at 0.05."), []byte("is at 0.06."), 1), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		flags       []string
		fail, holds bool
	}{
		"all hold":            {flags: []string{"-tests", "testdata/tests.yaml"}},
		"one fails":           {flags: []string{"-tests", broken}, fail: true},
		"all hold, unwanted":  {flags: []string{"-fail", "-tests", "testdata/tests.yaml"}, holds: true},
		"one fails as wanted": {flags: []string{"-fail", "-tests", broken}, holds: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o, err := parseFlags(append([]string{"-check", "-rules", "testdata/rules.yaml"}, c.flags...))
			if err != nil {
				t.Fatal(err)
			}
			var out bytes.Buffer
			err = run(t.Context(), o, &out, &out)
			if (err != nil) != (c.fail || c.holds) {
				t.Errorf("got %v\n%s", err, out.String())
			}
			if got := strings.Contains(out.String(), "expected was"); got != c.fail {
				t.Errorf("a failure is told: %v\n%s", got, out.String())
			}
			if got := strings.Contains(out.String(), "holds, and is listed not to"); got != c.holds {
				t.Errorf("what holds is told: %v\n%s", got, out.String())
			}
		})
	}
}
