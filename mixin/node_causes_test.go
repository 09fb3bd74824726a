package mixin_test

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kubevitals/kubevitals/collectors/nodecause"
	"github.com/kubevitals/kubevitals/sources"
	"github.com/kubevitals/kubevitals/test/fresh"
)

// causeRow is a row of a runbook's table of causes: the cause, what it means, and
// what to look at.
var causeRow = regexp.MustCompile("(?m)^\\| `([a-z_]+)` \\| ([^|]+) \\| [^|]+ \\|$")

// causesToldOf are the causes for which KubeVitalsNodeNotReady fires.
func causesToldOf() []string {
	var names []string
	for _, cause := range nodecause.Causes() {
		if cause != nodecause.MachineGone { // which is an alert of its own
			names = append(names, string(cause))
		}
	}
	slices.Sort(names)
	return names
}

// TestNodeCausesAreFresh verifies that the causes are the same in Go, in the words of
// the mixin and in both runbooks, and that the English one has the mixin's words.
//
//nolint:paralleltest // with -update it writes a file that TestRunbookHeadsAreFresh writes, too
func TestNodeCausesAreFresh(t *testing.T) {
	var words map[string]string
	evaluate(t, `import 'node_causes.libsonnet'`, &words)
	var causes []string
	for _, cause := range nodecause.Causes() {
		causes = append(causes, string(cause))
	}
	if diff := cmp.Diff(slices.Sorted(slices.Values(causes)), slices.Sorted(maps.Keys(words))); diff != "" {
		t.Errorf("causes (-collectors/nodecause +node_causes.libsonnet):\n%s", diff)
	}

	const english, chinese = "runbooks/KubeVitalsNodeNotReady.md", "runbooks/zh-TW/KubeVitalsNodeNotReady.md"
	text := causeRow.ReplaceAllStringFunc(read(t, english), func(row string) string {
		m := causeRow.FindStringSubmatch(row)
		return strings.Replace(row, "| "+m[2]+" |", "| "+words[m[1]]+" |", 1)
	})
	fresh.File(t, english, []byte(text))
	for _, file := range []string{english, chinese} {
		var rows []string
		for _, m := range causeRow.FindAllStringSubmatch(read(t, file), -1) {
			rows = append(rows, m[1])
		}
		slices.Sort(rows)
		if diff := cmp.Diff(causesToldOf(), rows); diff != "" {
			t.Errorf("%s: rows of causes (-want +have):\n%s", file, diff)
		}
	}

	for _, a := range load(t).Alerts {
		if a.Name != "KubeVitalsNodeNotReady" {
			continue
		}
		for cause, meaning := range words {
			if branch := fmt.Sprintf(`eq .Labels.cause %q }}%s{{`, cause, meaning); !strings.Contains(a.Annotations["description"], branch) {
				t.Errorf("the description of %s lacks %q", a.Name, branch)
			}
		}
	}
}

// TestSandboxCauses verifies that the causes for which pods get no sandbox are the same
// in Go and in the words of the mixin.
func TestSandboxCauses(t *testing.T) {
	t.Parallel()
	var words map[string]string
	evaluate(t, `import 'sandbox_causes.libsonnet'`, &words)
	var causes []string
	for _, cause := range sources.SandboxCauses() {
		causes = append(causes, string(cause))
	}
	if diff := cmp.Diff(slices.Sorted(slices.Values(causes)), slices.Sorted(maps.Keys(words))); diff != "" {
		t.Errorf("causes (-sources +sandbox_causes.libsonnet):\n%s", diff)
	}
}

// TestImageCauses verifies the same of the causes for which images are not pulled.
func TestImageCauses(t *testing.T) {
	t.Parallel()
	var words map[string]string
	evaluate(t, `import 'image_causes.libsonnet'`, &words)
	var causes []string
	for _, cause := range sources.ImageCauses() {
		causes = append(causes, string(cause))
	}
	if diff := cmp.Diff(slices.Sorted(slices.Values(causes)), slices.Sorted(maps.Keys(words))); diff != "" {
		t.Errorf("causes (-sources +image_causes.libsonnet):\n%s", diff)
	}
}
