package main

import (
	"flag"
	"os"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write the list of targets")

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
	list, after, also := strings.Cut(rest, end)
	if !ok || !also {
		t.Fatalf("%s has no place for the list", file)
	}
	want := table(targets)
	if *update {
		if err := os.WriteFile(file, []byte(before+begin+want+end+after), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if list != want {
		t.Errorf("the list of targets in CONTRIBUTING.md is out of date; run: make update-docs")
	}
}
