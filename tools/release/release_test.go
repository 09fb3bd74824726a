package main

import (
	"bytes"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// repository is the folder of the repository.
const repository = "../.."

func write(t *testing.T, dir, name, text string) string {
	t.Helper()
	file := filepath.Join(dir, name)
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return file
}

// TestTextsAgree verifies that version, chart and changelog of the repository agree.
func TestTextsAgree(t *testing.T) {
	t.Parallel()
	version, err := os.ReadFile(filepath.Join(repository, "VERSION"))
	if err != nil {
		t.Fatal(err)
	}
	r := &release{root: repository, version: strings.TrimSpace(string(version)) + "-dev"}
	if err := r.checkTexts(); err != nil {
		t.Error(err)
	}
}

func TestTextsThatDoNotAgree(t *testing.T) {
	t.Parallel()
	const unreleased, first = "# Changelog\n\n## [Unreleased]\n\n", "## [0.1.0] - 2026-12-01\n"
	for says, c := range map[string]struct{ version, chart, changelog string }{
		"":                                {"0.1.0", "0.1.0", unreleased + first},
		"the file VERSION says 0.1.0":     {"0.2.0", "0.1.0", unreleased + first},
		"version of the chart":            {"0.1.0", "0.2.0", unreleased + first},
		"is not 0.1.0":                    {"0.1.0", "0.1.0", unreleased},
		"its first heading is not":        {"0.1.0-dev", "0.1.0", first},
		"version 0.1.0 has no date":       {"0.1.0-dev", "0.1.0", unreleased + "## [0.1.0]\n"},
		"the version is to be 0.1.01-dev": {"0.1.01-dev", "0.1.0", unreleased},
	} {
		root := t.TempDir()
		write(t, root, "VERSION", "0.1.0\n")
		write(t, root, "deploy/chart/Chart.yaml", "version: "+c.chart+"\n")
		write(t, root, "CHANGELOG.md", c.changelog)
		err := (&release{root: root, version: c.version}).checkTexts()
		if says == "" && err != nil || says != "" && (err == nil || !strings.Contains(err.Error(), says)) {
			t.Errorf("%+v: %v, want an error that says %q", c, err, says)
		}
	}
}

// TestArchivesTellNothing verifies that an archive is read as it was written, and that
// two of the same files are the same bytes.
func TestArchivesTellNothing(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 11, 30, 1, 2, 4, 0, time.UTC)
	all := files{"a/z": {0o755, []byte("program")}, "a/b": {0o644, []byte("text")}, "a/c/d": {0o644, nil}}
	for name, write := range map[string]func(io.Writer, files, time.Time) error{"x.tar.gz": writeTarball, "x.zip": writeZip} {
		var first, second bytes.Buffer
		if err := write(&first, all, at); err != nil {
			t.Fatal(err)
		}
		if err := write(&second, maps.Clone(all), at.In(time.FixedZone("elsewhere", 3600))); err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(first.Bytes(), second.Bytes()) {
			t.Errorf("%s: two of the same files differ", name)
		}
		file := filepath.Join(t.TempDir(), name)
		if err := os.WriteFile(file, first.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
		got, err := readArchive(file)
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(slices.Sorted(maps.Keys(got)), all.paths()) {
			t.Errorf("%s: files %v", name, got)
		}
		if p := got["a/z"]; p.mode != 0o755 || string(p.content) != "program" || !p.at.Equal(at) {
			t.Errorf("%s: a/z is %+v", name, p)
		}
	}
}

// TestSums verifies that a file that was changed, lost or added is noticed.
func TestSums(t *testing.T) {
	t.Parallel()
	for what, spoil := range map[string]func(dir string) error{
		"":                   func(string) error { return nil },
		"has the digest":     func(dir string) error { return os.WriteFile(filepath.Join(dir, "a"), []byte("b"), 0o644) },
		"no such file":       func(dir string) error { return os.Remove(filepath.Join(dir, "a")) },
		"new is not listed":  func(dir string) error { return os.WriteFile(filepath.Join(dir, "new"), nil, 0o644) },
		"no digest and name": func(dir string) error { return os.WriteFile(filepath.Join(dir, sumsFile), []byte("a\n"), 0o644) },
	} {
		dir := t.TempDir()
		write(t, dir, "a", "a")
		write(t, dir, "b", "b")
		if err := writeSums(dir); err != nil {
			t.Fatal(err)
		}
		if err := spoil(dir); err != nil {
			t.Fatal(err)
		}
		err := checkSums(dir)
		if what == "" && err != nil || what != "" && (err == nil || !strings.Contains(err.Error(), what)) {
			t.Errorf("%q: %v", what, err)
		}
	}
}

// TestReplaces verifies that a release takes the place of one before, and of nothing else.
func TestReplaces(t *testing.T) {
	t.Parallel()
	for what, there := range map[string][]string{"": nil, "a release": {sumsFile, "old"}, "no release": {"precious"}} {
		parent := t.TempDir()
		out, made := filepath.Join(parent, "dist"), filepath.Join(parent, "made")
		for _, name := range there {
			write(t, out, name, "old")
		}
		write(t, made, sumsFile, "new")
		err := replace(out, made)
		_, precious := os.Stat(filepath.Join(out, "precious"))
		text, _ := os.ReadFile(filepath.Join(out, sumsFile))
		if what == "no release" && (err == nil || precious != nil) || what != "no release" && (err != nil || string(text) != "new") {
			t.Errorf("where %q was: %v, digests %q", what, err, text)
		}
	}
}

func TestArguments(t *testing.T) {
	t.Parallel()
	for says, args := range map[string][]string{
		"say what to do":          nil,
		"is nothing to do":        {"publish"},
		"write system":            {"build", "-platforms", "linux"},
		"-version and -out":       {"build", "-version", "0.1.0"},
		"SOURCE_DATE_EPOCH is no": {"build", "-version", "0.1.0", "-out", t.TempDir()},
		"give the folder":         {"verify"},
	} {
		err := run(t.Context(), args, io.Discard, func(string) string { return "" })
		if err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%v: %v, want an error that says %q", args, err, says)
		}
	}
	if _, err := epoch("yesterday"); err == nil {
		t.Error("a time that is none was taken")
	}
}
