// Package fresh compares the files that are generated with what they should hold, and
// writes them where a test is run with the flag -update.
package fresh

import (
	"flag"
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// Flags are of the process, and so is this one.
var update = flag.Bool("update", false, "write the generated files")

// Update says that files are to be written.
func Update() bool { return *update }

// File fails the test unless a file holds what it should, or writes it. It must not be
// called by two tests at once for one file.
func File(t testing.TB, file string, want []byte) {
	t.Helper()
	if *update {
		if err := os.WriteFile(file, want, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(file)
	if err != nil {
		t.Fatalf("%v; run: make update-docs", err)
	}
	if diff := cmp.Diff(string(got), string(want)); diff != "" {
		t.Errorf("%s is out of date; if the change is meant, run: make update-docs\n(-file +generated):\n%s", file, diff)
	}
}
