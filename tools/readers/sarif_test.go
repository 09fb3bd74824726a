package readers

import (
	"encoding/json"
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	v210 "github.com/owenrumney/go-sarif/v3/pkg/report/v210/sarif"
	"github.com/xeipuuv/gojsonschema"
)

// TestSARIF holds what check prints against the schema of SARIF 2.1.0, which is part of the
// library: what is printed of a cluster with incidents, of one where all is
// well, and of one that cannot be read.
func TestSARIF(t *testing.T) {
	path, schema := program(t), schemaOf(t)
	for name, test := range map[string]struct {
		args []string
		code int
		some bool
	}{
		"incidents": {[]string{"--demo", "--window=0s"}, 1, true},
		"well":      {[]string{"--snapshot=../../cases/healthy-1.37/dump"}, 0, false},
		"blind":     {[]string{"--snapshot=../../cases/node-silent/dump", "--only=conntrack"}, 2, false},
	} {
		t.Run(name, func(t *testing.T) {
			out, err := exec.CommandContext(t.Context(), path, append([]string{"check", "-o", "sarif"}, test.args...)...).Output()
			code := 0
			if ended := (*exec.ExitError)(nil); errors.As(err, &ended) {
				code = ended.ExitCode()
			}
			if code != test.code {
				t.Errorf("exit code %d (%v), want %d", code, err, test.code)
			}
			result, err := gojsonschema.Validate(gojsonschema.NewStringLoader(schema), gojsonschema.NewBytesLoader(out))
			if err != nil {
				t.Fatalf("%v in:\n%s", err, out)
			}
			for _, wrong := range result.Errors() {
				t.Error(wrong)
			}
			read := v210.NewReport()
			if err := json.Unmarshal(out, read); err != nil {
				t.Fatalf("%v in:\n%s", err, out)
			}
			if len(read.Runs) != 1 || len(read.Runs[0].Results) > 0 != test.some {
				t.Errorf("%d runs, or other results than there are:\n%s", len(read.Runs), out)
			}
		})
	}
}

// schemaOf is the schema of SARIF 2.1.0, which is a constant of the library. Its own
// validation is of what it has read, with what that lacks as null, and not of the text.
func schemaOf(t *testing.T) string {
	t.Helper()
	dir, err := exec.CommandContext(t.Context(), "go", "list", "-f", "{{.Dir}}", "github.com/owenrumney/go-sarif/v3/pkg/report/v210/sarif").Output()
	if err != nil {
		t.Fatal(err)
	}
	file, err := parser.ParseFile(token.NewFileSet(), filepath.Join(strings.TrimSpace(string(dir)), "schema.go"), nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	text := ""
	ast.Inspect(file, func(n ast.Node) bool {
		if literal, ok := n.(*ast.BasicLit); ok && literal.Kind == token.STRING && len(literal.Value) > len(text) {
			text = literal.Value
		}
		return true
	})
	schema, err := strconv.Unquote(text)
	if err != nil || !strings.Contains(schema, "Static Analysis Results Format (SARIF) Version 2.1.0") {
		t.Fatalf("%v, or the library has no schema any more", err)
	}
	return schema
}
