package collectors

import (
	"slices"
	"testing"

	"github.com/alecthomas/kingpin/v2"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/client-go/rest"

	"github.com/kubevitals/kubevitals/sources"
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
		for _, rules := range sources.Resources().Rights(d.Reads) {
			for _, r := range rules {
				for _, name := range slices.Concat(r.Resources, r.Verbs, r.APIGroups) {
					if why, ok := forbidden[name]; ok {
						t.Errorf("%s asks for %s: %s", d.Name, name, why)
					}
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

// TestReadsAreWhatIsAskedFor verifies that each definition declares what its New asks
// of the sources, no less and no more: the rights follow from the one, and what is
// read from the other.
func TestReadsAreWhatIsAskedFor(t *testing.T) {
	t.Parallel()
	for n, d := range Catalogue() {
		t.Run(d.Name, func(t *testing.T) {
			t.Parallel()
			app, all := kingpin.New("test", "").Terminate(nil), Catalogue()
			selection := Register(app, all)
			if _, err := app.Parse(nil); err != nil {
				t.Fatal(err)
			}
			s := newSources(t, &rest.Config{Host: "http://127.0.0.1:1"}, selection.Configure)
			if _, err := all[n].New(s); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(sources.Closure(d.Reads), s.Reads(), cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("declared and asked for (-declared +asked):\n%s", diff)
			}
			for _, r := range d.Reads {
				if len(sources.Resources().Rights([]sources.Read{r})) == 0 {
					t.Errorf("%s is neither a list of the table nor a right", r)
				}
			}
		})
	}
}
