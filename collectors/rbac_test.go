package collectors

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	rbacv1 "k8s.io/api/rbac/v1"
)

func TestRulesAreMerged(t *testing.T) {
	t.Parallel()
	got := merge([]rbacv1.PolicyRule{
		{APIGroups: []string{""}, Resources: []string{"pods", "nodes"}, Verbs: []string{"watch", "list"}},
		{APIGroups: []string{""}, Resources: []string{"nodes"}, Verbs: []string{"list"}},
		{APIGroups: []string{""}, Resources: []string{"nodes/stats"}, Verbs: []string{"get"}},
		{APIGroups: []string{"coordination.k8s.io"}, Resources: []string{"leases"}, ResourceNames: []string{"a"}, Verbs: []string{"get"}},
		{NonResourceURLs: []string{"/metrics"}, Verbs: []string{"get"}},
		{NonResourceURLs: []string{"/livez", "/metrics"}, Verbs: []string{"get"}},
	})
	want := []rbacv1.PolicyRule{
		{APIGroups: []string{""}, Resources: []string{"nodes/stats"}, Verbs: []string{"get"}},
		{APIGroups: []string{""}, Resources: []string{"nodes", "pods"}, Verbs: []string{"list", "watch"}},
		{APIGroups: []string{"coordination.k8s.io"}, Resources: []string{"leases"}, ResourceNames: []string{"a"}, Verbs: []string{"get"}},
		{NonResourceURLs: []string{"/livez", "/metrics"}, Verbs: []string{"get"}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("merged rules (-want +got):\n%s", diff)
	}
}

func TestNoDefinitionAsksForTooMuch(t *testing.T) {
	t.Parallel()
	forbidden := map[string]string{
		"nodes/proxy": "get on it allows to run commands in any container of the node",
		"secrets":     "kubevitals never reads secrets",
		"configmaps":  "kubevitals never reads configuration",
		"pods/exec":   "kubevitals never runs commands",
		"*":           "a wildcard is more than any signal needs",
	}
	for _, d := range Catalogue() {
		rules := append([]rbacv1.PolicyRule{}, d.Rules...)
		for _, r := range d.NamespaceRules {
			rules = append(rules, r...)
		}
		for _, r := range rules {
			for _, name := range append(append(append([]string{}, r.Resources...), r.Verbs...), r.APIGroups...) {
				if why, ok := forbidden[name]; ok {
					t.Errorf("%s asks for %s: %s", d.Name, name, why)
				}
			}
		}
	}
}

func TestWithout(t *testing.T) {
	t.Parallel()
	rule := func(resource string, verbs ...string) rbacv1.PolicyRule {
		return rbacv1.PolicyRule{APIGroups: []string{""}, Resources: []string{resource}, Verbs: verbs}
	}
	got := Without(
		[]rbacv1.PolicyRule{rule("nodes", "list", "watch"), rule("pods", "get", "list"), rule("nodes/log", "get")},
		[]rbacv1.PolicyRule{rule("nodes", "list", "watch"), rule("pods", "list")})
	if want := []rbacv1.PolicyRule{rule("nodes/log", "get"), rule("pods", "get")}; !cmp.Equal(merge(want), got) {
		t.Errorf("rules %v, want %v", got, want)
	}
}
