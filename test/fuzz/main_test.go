package main

import (
	"os"
	"strings"
	"testing"

	"github.com/kubevitals/kubevitals/test/fresh"
)

// The marks between which CONTRIBUTING.md lists the targets.
const (
	begin = "<!-- fuzz targets: written by make update-docs -->\n"
	end   = "<!-- end of fuzz targets -->\n"
)

// TestTargetsAreListedFresh verifies that the documentation names each target of the
// tree, and says what it is for.
func TestTargetsAreListedFresh(t *testing.T) {
	t.Parallel()
	targets, err := find("../..")
	if err != nil || len(targets) < 20 {
		t.Fatalf("%d targets, %v", len(targets), err)
	}
	for _, one := range targets {
		if one.doc == "" {
			t.Errorf("%s in %s has no comment", one.name, one.dir)
		}
	}
	const file = "../../CONTRIBUTING.md"
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, ok := strings.Cut(string(text), begin)
	_, after, also := strings.Cut(rest, end)
	if !ok || !also {
		t.Fatalf("%s has no place for the list", file)
	}
	want := table(targets)
	fresh.File(t, file, []byte(before+begin+want+end+after))
}
