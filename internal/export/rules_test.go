package export_test

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"slices"
	"testing"

	"sigs.k8s.io/yaml"

	"github.com/kubevitals/kubevitals/internal/export"
	"github.com/kubevitals/kubevitals/mixin"
)

// mostAnnotations is what the API server takes of all annotations of an object together.
const mostAnnotations = 256 << 10

// TestPrometheusRulesCanBeApplied verifies that kubectl apply can note each object in its
// annotation, and that together they have every group, once and in order.
func TestPrometheusRulesCanBeApplied(t *testing.T) {
	t.Parallel()
	type file struct {
		Groups []struct {
			Name string `json:"name"`
		} `json:"groups"`
	}
	names := func(f file) (list []string) {
		for _, g := range f.Groups {
			list = append(list, g.Name)
		}
		return list
	}
	rules, err := fs.ReadFile(mixin.Files(), "generated/alerts.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var whole file
	if err := yaml.Unmarshal(rules, &whole); err != nil {
		t.Fatal(err)
	}
	made, err := export.PrometheusRule(rules)
	if err != nil {
		t.Fatal(err)
	}
	var groups, objects []string
	for _, document := range export.Documents(made) {
		var object struct {
			Metadata struct {
				Name string `json:"name"`
			} `json:"metadata"`
			Spec file `json:"spec"`
		}
		if err := yaml.Unmarshal(document, &object); err != nil {
			t.Fatal(err)
		}
		text, err := yaml.YAMLToJSON(document)
		if err != nil {
			t.Fatal(err)
		}
		var written map[string]any
		if err := json.Unmarshal(text, &written); err != nil {
			t.Fatal(err)
		}
		// With < and > escaped, as kubectl has it.
		noted, err := json.Marshal(written)
		if err != nil {
			t.Fatal(err)
		}
		if len(noted) > mostAnnotations*9/10 {
			t.Errorf("%s has %d bytes, of which kubectl apply can note %d", object.Metadata.Name, len(noted), mostAnnotations)
		}
		objects, groups = append(objects, object.Metadata.Name), append(groups, names(object.Spec)...)
	}
	if want := names(whole); !slices.Equal(groups, want) {
		t.Errorf("the groups are %q, want %q", groups, want)
	}
	for i, name := range objects {
		want := "kubevitals"
		if i > 0 {
			want = fmt.Sprintf("kubevitals-%d", i+1)
		}
		if name != want {
			t.Errorf("the objects are %q", objects)
		}
	}
}
