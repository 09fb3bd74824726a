package words_test

import (
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"sigs.k8s.io/yaml"
)

// text is what a user reads, and where it is.
type text struct{ where, text string }

// source is a kind of texts.
type source struct {
	what string
	// least is the number of texts below which a test looks at the wrong place.
	least int
	read  func(*testing.T) []text
}

// sources are all texts for users: the alerts, dashboards, runbooks, documents and pages, the
// help of flags and metrics, and what commands print.
func sources() []source {
	return []source{
		{"alerts", 300, func(t *testing.T) []text {
			return alerts(t, "mixin/generated/alerts.yaml", "mixin/generated/alerts-each.yaml")
		}},
		{"dashboards", 500, dashboards},
		{"descriptions in Chinese", 30, func(t *testing.T) []text { return whole(t, "mixin/signals/zh-TW", ".yaml") }},
		{"runbooks", 300, func(t *testing.T) []text { return whole(t, "mixin/runbooks", ".md") }},
		{"documents", 20, documents},
		{"pages", 5, func(t *testing.T) []text { return whole(t, "internal/web", ".html", ".js") }},
		{"what programs print", 1000, func(t *testing.T) []text { return literals(t, "cmd", "collectors", "exporter", "internal", "sources") }},
		{"expositions", 20, func(t *testing.T) []text { return whole(t, "collectors/testdata", ".prom") }},
		// The rest of the chart is made of what stands above; tests compare them.
		{"the chart", 5, func(t *testing.T) []text {
			return append(whole(t, "deploy/chart/templates", ".yaml", ".txt"), whole(t, "deploy/chart/values.yaml")...)
		}},
	}
}

const (
	// upgrading tells of names that went.
	upgrading = "docs/upgrading.md"
	// coverage quotes the guide, whose words in Chinese are not ours.
	coverage = "docs/guide-coverage.md"
)

var inChinese = regexp.MustCompile(`\p{Han}+`)

func documents(t *testing.T) []text {
	t.Helper()
	all := append(whole(t, "docs", ".md", ".json"), whole(t, "README.md")...)
	for i, one := range all {
		if one.where == coverage {
			all[i].text = inChinese.ReplaceAllString(one.text, "")
		}
	}
	return slices.DeleteFunc(all, func(one text) bool { return one.where == upgrading })
}

// walk calls f with each file below a path of the tree that has one of the endings, or any
// where none is given.
func walk(t *testing.T, below string, endings []string, f func(path string, content []byte)) {
	t.Helper()
	err := filepath.WalkDir(filepath.Join(root, below), func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		name, err := filepath.Rel(root, path)
		if err != nil || len(endings) > 0 && !slices.Contains(endings, filepath.Ext(name)) {
			return err
		}
		content, err := os.ReadFile(path)
		if err == nil {
			f(filepath.ToSlash(name), content)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// whole are files of which users read everything, in one text each.
func whole(t *testing.T, below string, endings ...string) []text {
	t.Helper()
	var all []text
	walk(t, below, endings, func(path string, content []byte) { all = append(all, text{path, string(content)}) })
	return all
}

// alerts are the names and annotations of the rules in files.
func alerts(t *testing.T, files ...string) []text {
	t.Helper()
	var all []text
	for _, file := range files {
		walk(t, file, nil, func(path string, content []byte) {
			var rules struct {
				Groups []struct {
					Rules []struct {
						Alert       string
						Annotations map[string]string
					}
				}
			}
			if err := yaml.Unmarshal(content, &rules); err != nil {
				t.Fatalf("%s: %v", path, err)
			}
			for _, group := range rules.Groups {
				for _, r := range group.Rules {
					for name, annotation := range r.Annotations {
						all = append(all, text{path + ": " + r.Alert + ": " + name, r.Alert + " " + annotation})
					}
				}
			}
		})
	}
	return all
}

// dashboards are all texts of the dashboards: expressions, too, which are read where one edits.
func dashboards(t *testing.T) []text {
	t.Helper()
	var all []text
	walk(t, "dashboards/generated", []string{".json"}, func(path string, content []byte) {
		var board any
		if err := json.Unmarshal(content, &board); err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		each(board, func(s string) { all = append(all, text{path, s}) })
	})
	return all
}

// each calls f with each text within a value of JSON.
func each(value any, f func(string)) {
	switch v := value.(type) {
	case string:
		f(v)
	case []any:
		for _, one := range v {
			each(one, f)
		}
	case map[string]any:
		for _, one := range v {
			each(one, f)
		}
	}
}

// literals are the texts in the code of programs: all strings but paths of imports and
// tags of fields. Comments are for those who write code.
func literals(t *testing.T, folders ...string) []text {
	t.Helper()
	var all []text
	for _, folder := range folders {
		walk(t, folder, []string{".go"}, func(path string, content []byte) {
			if strings.HasSuffix(path, "_test.go") {
				return
			}
			files := token.NewFileSet()
			file, err := parser.ParseFile(files, path, content, parser.SkipObjectResolution)
			if err != nil {
				t.Fatal(err)
			}
			ast.Inspect(file, func(n ast.Node) bool {
				switch n := n.(type) {
				case *ast.ImportSpec:
					return false
				case *ast.BasicLit:
					if s, err := strconv.Unquote(n.Value); n.Kind == token.STRING && err == nil {
						all = append(all, text{files.Position(n.Pos()).String(), s})
					}
				}
				return true
			})
		})
	}
	return all
}
