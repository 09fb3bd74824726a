package main

import (
	"encoding/json"
	"os"
	"testing"

	"github.com/google/jsonschema-go/jsonschema"
)

// valid fails unless an output of check -o json is as docs/check-output.schema.json
// says, with no key that is not there.
func valid(t *testing.T, output string) {
	t.Helper()
	text, err := os.ReadFile("../../docs/check-output.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	schema := &jsonschema.Schema{}
	if err := json.Unmarshal(text, schema); err != nil {
		t.Fatal(err)
	}
	closeObjects(schema)
	resolved, err := schema.Resolve(nil)
	if err != nil {
		t.Fatal(err)
	}
	var result any
	if err := json.Unmarshal([]byte(output), &result); err != nil {
		t.Fatalf("%v in:\n%s", err, output)
	}
	if err := resolved.Validate(result); err != nil {
		t.Errorf("not of the documented form: %v", err)
	}
}

// closeObjects allows the objects of a schema no other keys than those it names.
func closeObjects(s *jsonschema.Schema) {
	if s == nil {
		return
	}
	if s.Properties != nil {
		s.AdditionalProperties = &jsonschema.Schema{Not: &jsonschema.Schema{}}
	}
	for _, p := range s.Properties {
		closeObjects(p)
	}
	closeObjects(s.Items)
}
