package mixin_test

import (
	"slices"
	"strings"
	"testing"

	"sigs.k8s.io/yaml"
)

// TestLintExclusions verifies that each rule of dashboard-linter that the dashboards do not
// heed is one that they break, and that it is said why.
func TestLintExclusions(t *testing.T) {
	t.Parallel()
	var lint struct {
		Exclusions map[string]struct{ Reason string }
	}
	if err := yaml.Unmarshal([]byte(read(t, "../dashboards/.lint")), &lint); err != nil {
		t.Fatal(err)
	}
	lacks := func(name string) func(Dashboard) bool {
		return func(d Dashboard) bool { return !slices.Contains(d.Variables, name) }
	}
	selectsNot := func(variable string) func(Dashboard) bool {
		return func(d Dashboard) bool {
			return slices.ContainsFunc(d.Panels, func(p Panel) bool {
				return slices.ContainsFunc(p.Targets, func(expr string) bool { return !strings.Contains(expr, variable) })
			})
		}
	}
	broken := map[string]func(Dashboard) bool{
		"template-job-rule": lacks("job"), "template-instance-rule": lacks("instance"),
		"target-job-rule": selectsNot("$job"), "target-instance-rule": selectsNot("$instance"),
	}
	all := loadDashboards(t)
	for rule, exclusion := range lint.Exclusions {
		is, known := broken[rule]
		switch {
		case !known:
			t.Errorf("%s: no test says what breaks it", rule)
		case !slices.ContainsFunc(all, is):
			t.Errorf("%s is excluded, and all dashboards heed it", rule)
		case !strings.HasSuffix(exclusion.Reason, "."):
			t.Errorf("%s is excluded without a sentence that says why", rule)
		}
	}
	for rule := range broken {
		if _, ok := lint.Exclusions[rule]; !ok {
			t.Errorf("%s is broken, and dashboards/.lint does not say why", rule)
		}
	}
}
