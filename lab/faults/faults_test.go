package faults

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"sigs.k8s.io/yaml"
)

// TestFaults verifies that each fault has a name of its own and is named by an alert that
// exists, above info, and that the alert may bear the labels.
func TestFaults(t *testing.T) {
	text, err := os.ReadFile("../../mixin/generated/alerts-each.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Groups []struct {
			Rules []struct {
				Alert, Expr string
				Labels      map[string]string
			}
		}
	}
	if err := yaml.Unmarshal(text, &file); err != nil {
		t.Fatal(err)
	}
	severities, expressions := map[string]string{}, map[string]string{}
	for _, g := range file.Groups {
		for _, r := range g.Rules {
			severities[r.Alert], expressions[r.Alert] = r.Labels["severity"], r.Expr
		}
	}
	var names []string
	for _, f := range All() {
		if slices.Contains(names, f.Name) || !regexp.MustCompile(`^[a-z]+(-[a-z]+)*$`).MatchString(f.Name) {
			t.Errorf("%s is no name, or that of another, too", f.Name)
		}
		names = append(names, f.Name)
		if f.What == "" || strings.HasSuffix(f.What, ".") {
			t.Errorf("%s is said to be %q", f.Name, f.What)
		}
		if s := severities[f.Alert]; s != "critical" && s != "warning" {
			t.Errorf("%s is named by %s, whose severity is %q", f.Name, f.Alert, s)
		}
		for label := range f.Labels {
			if !strings.Contains(expressions[f.Alert], label) {
				t.Errorf("%s: %s bears no label %s", f.Name, f.Alert, label)
			}
		}
	}
	if _, err := Select("apiserver-killed,no-such"); err == nil {
		t.Error("a fault that does not exist can be chosen")
	}
}

// TestSigns verifies that each sign is a metric that there is.
func TestSigns(t *testing.T) {
	text, err := os.ReadFile("../../docs/metrics.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range All() {
		if f.Sign.Metric != "" && !strings.Contains(string(text), "`kubevitals_"+f.Sign.Metric+"`") {
			t.Errorf("%s: there is no metric %s", f.Name, f.Sign.Metric)
		}
	}
}

// TestRemote verifies that another process is told what a lab says of faults, and of those
// that cannot be.
func TestRemote(t *testing.T) {
	l, dir := &Lab{healings: map[string]healing{}}, t.TempDir()
	if err := l.Serve(t.Context(), dir); err != nil {
		t.Fatal(err)
	}
	r, err := Connect(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	for name, try := range map[string]func() error{
		"no fault no-such": func() error { return r.Inject(t.Context(), "no-such") },
		"not there":        func() error { return r.Heal(t.Context(), "coredns-killed") },
		errMissing.Error(): func() error { return r.Inject(t.Context(), "coredns-killed") },
	} {
		if err := try(); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%v does not say %q", err, name)
		}
	}
	if names, err := r.Injected(t.Context()); err != nil || len(names) > 0 {
		t.Errorf("injected are %v, %v", names, err)
	}
	if _, err := Connect(t.Context(), t.TempDir()); err == nil {
		t.Error("a lab that does not run is found")
	}
}
