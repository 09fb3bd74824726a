// Package schemas says of JSON what the Go types that it is made of say: for the pages and
// schemas that tests generate.
package schemas

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/jsonschema-go/jsonschema"
)

// Comments are those of the fields of all types in the folders, by TYPE.FIELD, each on one
// line.
func Comments(t *testing.T, dirs ...string) map[string]string {
	t.Helper()
	all := map[string]string{}
	for _, dir := range dirs {
		files, err := filepath.Glob(dir + "/*.go")
		if err != nil {
			t.Fatal(err)
		}
		for _, path := range files {
			file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ParseComments)
			if err != nil {
				t.Fatal(err)
			}
			ast.Inspect(file, func(n ast.Node) bool {
				spec, ok := n.(*ast.TypeSpec)
				if !ok {
					return true
				}
				if s, ok := spec.Type.(*ast.StructType); ok {
					for _, field := range s.Fields.List {
						for _, name := range field.Names {
							all[spec.Name.Name+"."+name.Name] = strings.Join(strings.Fields(field.Doc.Text()), " ")
						}
					}
				}
				return true
			})
		}
	}
	return all
}

// Kind is the type of a property in words.
func Kind(s *jsonschema.Schema) string {
	switch {
	case s.Items != nil && s.Items.Properties != nil:
		return "list of objects"
	case s.Items != nil:
		return "list of " + Kind(s.Items) + "s"
	case s.Properties == nil && s.AdditionalProperties != nil:
		return "object of a " + Kind(s.AdditionalProperties) + " for each key"
	case s.Format != "":
		return s.Type + " (" + s.Format + ")"
	case len(s.Types) > 0:
		return strings.Join(s.Types, " or ")
	}
	return s.Type
}
