package deploy_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

const ourFiles = "https://(?:github.com/kubevitals/kubevitals/blob|raw.githubusercontent.com/kubevitals/kubevitals)/main/"

// TestListingsAreReady verifies that what Artifact Hub and the list of mixins are to be sent
// is of the form that they read, and names files that there are.
func TestListingsAreReady(t *testing.T) {
	t.Parallel()
	read := func(path string) string {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	text := read("chart/Chart.yaml")
	var chart struct {
		Icon, Home  string
		Annotations map[string]string
	}
	if err := yaml.Unmarshal([]byte(text), &chart); err != nil {
		t.Fatal(err)
	}
	for _, list := range []string{"links", "screenshots", "changes"} {
		var entries []map[string]any
		if err := yaml.Unmarshal([]byte(chart.Annotations["artifacthub.io/"+list]), &entries); err != nil || len(entries) == 0 {
			t.Errorf("artifacthub.io/%s: %v, %d entries", list, err, len(entries))
		}
		for _, e := range entries {
			kind, _ := e["kind"].(string)
			if list == "changes" && (e["description"] == "" || !slices.Contains([]string{"added", "changed", "deprecated", "removed", "fixed", "security"}, kind)) {
				t.Errorf("a change of no kind that is known: %v", e)
			}
		}
	}
	if chart.Annotations["artifacthub.io/category"] != "monitoring-logging" || chart.Annotations["artifacthub.io/license"] != "Apache-2.0" || chart.Icon == "" {
		t.Errorf("something is missing: %+v", chart)
	}
	readme := read("chart/README.md")
	named := regexp.MustCompile(ourFiles+`([^\s)#"]+)`).FindAllStringSubmatch(text+readme, -1)
	for _, m := range named {
		if _, err := os.Stat(filepath.Join("..", m[1])); err != nil {
			t.Errorf("named, and not there: %v", err)
		}
	}
	if len(named) < 10 {
		t.Errorf("only %d files are named", len(named))
	}
	var repository map[string]any
	if err := yaml.Unmarshal([]byte(read("artifacthub-repo.yml")), &repository); err != nil || repository["owners"] == nil {
		t.Errorf("artifacthub-repo.yml: %v, %v", err, repository)
	}
	_, entry, _ := strings.Cut(read("../docs/listing.md"), "```json\n")
	entry, _, _ = strings.Cut(entry, "```")
	var mixin map[string]string
	if err := json.Unmarshal([]byte(entry), &mixin); err != nil || mixin["name"] == "" || mixin["source"] != chart.Home || mixin["description"] == "" {
		t.Errorf("the entry of mixins.json: %v, %v", err, mixin)
	}
	if _, err := os.Stat(filepath.Join("..", mixin["subdir"], "mixin.libsonnet")); err != nil {
		t.Error(err)
	}
}
