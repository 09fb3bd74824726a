package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-jsonnet"
)

const repository = "../.."

// TestScaffoldedSignalIsWhole adds a failure mode to a copy of the tree, takes out the
// marks as its author would, and verifies that nothing else needs to be written by
// hand: the consistency tests pass with what is generated.
func TestScaffoldedSignalIsWhole(t *testing.T) {
	t.Parallel()
	root, name := t.TempDir(), "forgotten_cordons"
	copyTree(t, repository, root)
	before := tree(t, root)
	written, err := scaffold(root, name, "nodes")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := scaffold(root, name, "nodes"); err == nil {
		t.Error("the same failure mode could be added twice")
	}
	lines := 0
	for _, file := range written {
		lines += finish(t, filepath.Join(root, file))
	}
	edited := changed(before, tree(t, root))
	for _, file := range written {
		delete(edited, file)
	}
	if want := map[string]int{catalogue: 1, signals: 1}; !maps.Equal(edited, want) {
		t.Errorf("lines added to lists: %v, want %v", edited, want)
	}
	hand := tree(t, root)

	generate(t, root)
	run(t, root, "go", "test", "./collectors", "-update")
	run(t, root, "go", "test", "./mixin", "-run", "Fresh", "-update")
	run(t, root, "go", "test", "./collectors", "./mixin")
	run(t, root, promtool(t), "test", "rules", "mixin/tests/"+name+".yaml")
	generated := changed(hand, tree(t, root))
	for file := range generated {
		if slices.Contains(written, file) && !strings.HasPrefix(file, "mixin/runbooks/") {
			t.Errorf("%s was written by hand, and is generated in part", file)
		}
	}
	count := fmt.Sprintf("%d new files with %d lines, and %d lines in lists", len(written), lines, len(edited))
	t.Logf("%s by hand; %d files are generated: %v", count, len(generated), slices.Sorted(maps.Keys(generated)))
	if text, err := os.ReadFile(repository + "/CONTRIBUTING.md"); err != nil || !strings.Contains(string(text), count) {
		t.Errorf("CONTRIBUTING.md does not say %q: %v", count, err)
	}
}

// TestBadNamesAreRefused verifies that nothing is written for them.
func TestBadNamesAreRefused(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, area, says string }{
		{"", "nodes", "NAME"}, {"StuckJobs", "nodes", "NAME"}, {"../x", "nodes", "NAME"},
		{"stuck_jobs", "no-such", "AREA"}, {"dns", "nodes", "there already"},
	} {
		if _, err := scaffold(repository, tt.name, tt.area); err == nil || !strings.Contains(err.Error(), tt.says) {
			t.Errorf("NAME=%q AREA=%q: %v, want an error of %s", tt.name, tt.area, err, tt.says)
		}
	}
}

// copyTree copies what the tests of collectors and mixin read.
func copyTree(t *testing.T, from, to string) {
	t.Helper()
	for _, part := range []string{"go.mod", "go.sum", "README.md", "collectors", "dashboards", "deploy", "docs", "exporter", "internal", "lab/e2e", "lab/realnode", "mixin", "sources", "test"} {
		source, target := filepath.Join(from, part), filepath.Join(to, part)
		info, err := os.Stat(source)
		if err != nil {
			t.Fatal(err)
		}
		if info.IsDir() {
			err = os.CopyFS(target, os.DirFS(source))
		} else if text, e := os.ReadFile(source); e == nil {
			err = os.WriteFile(target, text, 0o644)
		} else {
			err = e
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

// tree returns all files below a folder.
func tree(t *testing.T, root string) map[string][]byte {
	t.Helper()
	files := map[string][]byte{}
	err := fs.WalkDir(os.DirFS(root), ".", func(name string, entry fs.DirEntry, err error) error {
		if err == nil && !entry.IsDir() {
			files[name], err = os.ReadFile(filepath.Join(root, name))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// changed returns by how many lines files grew, of those that are new or differ.
func changed(before, after map[string][]byte) map[string]int {
	grown := map[string]int{}
	for name, text := range after {
		if !bytes.Equal(before[name], text) {
			grown[name] = bytes.Count(text, []byte("\n")) - bytes.Count(before[name], []byte("\n"))
		}
	}
	return grown
}

var mark = regexp.MustCompile(`TODO:? `)

// finish takes the marks out of a file, of which each must have one, and returns the
// number of its lines.
func finish(t *testing.T, file string) int {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if !mark.Match(text) {
		t.Errorf("%s: nothing is marked for its author", file)
	}
	if err := os.WriteFile(file, mark.ReplaceAll(text, nil), 0o644); err != nil {
		t.Fatal(err)
	}
	return bytes.Count(text, []byte("\n"))
}

// generate writes what make update-mixin does.
func generate(t *testing.T, root string) {
	t.Helper()
	text, err := jsonnet.MakeVM().EvaluateFile(filepath.Join(root, "mixin/generate.jsonnet"))
	if err != nil {
		t.Fatal(err)
	}
	var files map[string]string
	if err := json.Unmarshal([]byte(text), &files); err != nil {
		t.Fatal(err)
	}
	for file, content := range files {
		if err := os.WriteFile(filepath.Join(root, file), []byte(content+"\n"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

func promtool(t *testing.T) string {
	t.Helper()
	file, err := filepath.Abs(repository + "/bin/promtool")
	if err == nil {
		_, err = os.Stat(file)
	}
	if err != nil {
		t.Skip("needs bin/promtool, which make builds: ", err)
	}
	return file
}

// run runs a command in a folder.
func run(t *testing.T, folder, command string, args ...string) {
	t.Helper()
	c := exec.CommandContext(t.Context(), command, args...)
	c.Dir = folder
	if out, err := c.CombinedOutput(); err != nil {
		t.Fatalf("%s %s: %v\n%s", command, strings.Join(args, " "), err, out)
	}
}
