package main

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

func TestParse(t *testing.T) {
	for _, version := range []string{"", "1.34.4", "v1.34", "v1.34.x", "v1.35.0-rc.1"} {
		if _, err := parse([]string{"-version=" + version, "-out=" + t.TempDir()}); err == nil {
			t.Errorf("version %q was taken", version)
		}
	}
	if _, err := parse([]string{"-version=v1.34.4", "-out=some", "-skip=("}); err == nil {
		t.Error("a pattern that is none was taken")
	}
	if o, err := parse([]string{"-version=v1.34.4", "-out=some"}); err != nil || !filepath.IsAbs(o.out) || !filepath.IsAbs(o.lab) {
		t.Errorf("%+v, %v", o, err)
	}
}

func TestEdits(t *testing.T) {
	var mod goMod
	mod.Godebug = append(mod.Godebug, struct{ Key string }{"default"})
	for from, to := range map[string]string{"k8s.io/api": "./staging/src/k8s.io/api", "example.com/forked": "example.com/fork"} {
		mod.Replace = append(mod.Replace, struct{ Old, New requirement }{requirement{Path: from}, requirement{Path: to}})
	}
	want := []string{
		"-dropgodebug=default", "-module=example.com/lab", "-replace=k8s.io/api=k8s.io/api@v0.34.4", "-require=k8s.io/kubernetes@v1.34.4",
	}
	if got := edits(mod, "example.com/lab", "v1.34.4"); !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}

// TestReplaced verifies that of the forms of a file the one of the version counts.
func TestReplaced(t *testing.T) {
	lab := t.TempDir()
	for _, file := range []string{
		"a.go", "b.go", "compat/_before/1.35/a.go", "compat/_before/1.36/a.go", "compat/_before/1.37/a.go", "compat/_before/1.36/b.go",
	} {
		file = filepath.Join(lab, file)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, nil, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for version, want := range map[string]map[string]string{
		"v1.37.0": {},
		"v1.36.3": {"a.go": "1.37"},
		"v1.35.9": {"a.go": "1.36", "b.go": "1.36"},
		"v1.34.4": {"a.go": "1.35", "b.go": "1.36"},
	} {
		got, err := replaced(options{lab: lab, version: version})
		if err != nil || len(got) != len(want) {
			t.Errorf("%s: %v, %v", version, got, err)
		}
		for name, first := range want {
			if form := got[filepath.Join(lab, name)]; form != filepath.Join(lab, "compat", "_before", first, name) {
				t.Errorf("%s: %s is %s", version, name, form)
			}
		}
	}
	if err := os.WriteFile(filepath.Join(lab, "compat/_before/1.35/gone.go"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := replaced(options{lab: lab, version: "v1.34.4"}); err == nil {
		t.Error("a file that stands for none was taken")
	}
}

// TestFormsStandForFiles verifies that each file of _before is one of the lab.
func TestFormsStandForFiles(t *testing.T) {
	files, err := replaced(options{lab: "..", version: "v1.0.0"})
	if err != nil || len(files) == 0 {
		t.Errorf("%v, %v", files, err)
	}
}

// TestParts verifies that each test is in one part.
func TestParts(t *testing.T) {
	tests := []string{"TestA", "TestAB", "TestB", "TestC"}
	parts := partsOf(tests, "", 3)
	if len(parts) != 3 {
		t.Errorf("parts are %q", parts)
	}
	for _, name := range tests {
		if in := slices.DeleteFunc(slices.Clone(parts), func(p string) bool { return !regexp.MustCompile(p).MatchString(name) }); len(in) != 1 {
			t.Errorf("%s is in %q", name, in)
		}
	}
	if got := partsOf(tests, "TestA", 3); !slices.Equal(got, []string{"TestA"}) {
		t.Errorf("parts of those asked for are %q", got)
	}
	if got := partsOf(tests[:1], "", 3); !slices.Equal(got, []string{"^(TestA)$"}) {
		t.Errorf("parts of one are %q", got)
	}
}

const run1 = `{"Action":"start","Package":"e"}
# example.com/e2e
{"Action":"output","Package":"e","Output":"starting etcd\n"}
{"Action":"run","Package":"e","Test":"TestA"}
{"Action":"pass","Package":"e","Test":"TestA/part"}
{"Action":"attr","Package":"e","Test":"TestA","Key":"unseen","Value":"configz: forbidden"}
{"Action":"pass","Package":"e","Test":"TestA"}
{"Action":"output","Package":"e","Test":"TestB","Output":"    b_test.go:12: before 1.36 | there is none\n"}
{"Action":"skip","Package":"e","Test":"TestB"}
{"Action":"fail","Package":"e","Test":"TestC"}
{"Action":"fail","Package":"e"}
`

func TestFollow(t *testing.T) {
	var printed strings.Builder
	got, err := follow(strings.NewReader(run1), &printed)
	if err != nil {
		t.Fatal(err)
	}
	got.leave(testsOf("TestA\nTestB\nTestC\nTestD\nok \te\t0.1s\n"), options{skip: "^TestD$"})
	want := "| 1.34.4 | etcd 3.6.4 | 1 of 2 | TestB: before 1.36 / there is none; not asked for: TestD | configz: forbidden |"
	if row := got.row("v1.34.4", "v3.6.4"); row != want {
		t.Errorf("%s\nwant %s", row, want)
	}
	if err := got.err(); err == nil || !strings.Contains(err.Error(), "TestC") {
		t.Errorf("error %v, want one that names the test that failed", err)
	}
	got.leave([]string{"TestD"}, options{})
	if err := got.err(); err == nil || !strings.Contains(err.Error(), "ended before: TestD") {
		t.Errorf("error %v, want one that names the test that did not run", err)
	}
	if !strings.Contains(printed.String(), "starting etcd\n") || !strings.Contains(printed.String(), "# example.com/e2e\n") {
		t.Errorf("printed was %q", printed.String())
	}
}

func TestInsert(t *testing.T) {
	text := "# Versions\n\n<!-- control planes: written by a test -->\n<!-- end of control planes -->\n\nMore.\n"
	for _, v := range []struct{ version, row string }{
		{"v1.35.1", "| 1.35.1 | old |"}, {"v1.34.4", "| 1.34.4 | x |"}, {"v1.36.3", "| 1.36.3 | x |"}, {"v1.35.4", "| 1.35.4 | new |"},
	} {
		var err error
		if text, err = insert(text, v.version, v.row); err != nil {
			t.Fatal(err)
		}
	}
	want := "# Versions\n\n<!-- control planes: written by a test -->\n" + head +
		"| 1.36.3 | x |\n| 1.35.4 | new |\n| 1.34.4 | x |\n<!-- end of control planes -->\n\nMore.\n"
	if text != want {
		t.Errorf("got\n%s\nwant\n%s", text, want)
	}
	if _, err := insert("nothing", "v1.34.4", ""); err == nil {
		t.Error("a document without a place was taken")
	}
}
