package chart

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"encoding/json"
	"slices"
	"strings"
	"testing"

	helmchart "helm.sh/helm/v3/pkg/chart"
	"helm.sh/helm/v3/pkg/lint"
	"helm.sh/helm/v3/pkg/lint/support"
	"helm.sh/helm/v3/pkg/release"
	"sigs.k8s.io/yaml"
)

// folder is where the chart is.
const folder = "../../deploy/chart"

func load(t *testing.T) *helmchart.Chart {
	t.Helper()
	c, err := Load(folder)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// TestLint verifies that Helm's own linter has nothing to say in any case but that there
// is no icon.
func TestLint(t *testing.T) {
	t.Parallel()
	for _, c := range Cases() {
		var given map[string]any
		if err := yaml.Unmarshal([]byte(c.Values), &given); err != nil {
			t.Fatal(err)
		}
		linter := lint.All(folder, given, "kubevitals", true)
		for _, m := range linter.Messages {
			if m.Severity > support.InfoSev || !strings.Contains(m.Err.Error(), "icon") {
				t.Errorf("%s: %s", c.Name, m)
			}
		}
	}
}

// TestEachValueIsTried verifies that each value of the chart is changed in a case.
func TestEachValueIsTried(t *testing.T) {
	t.Parallel()
	var given []map[string]any
	for _, c := range Cases() {
		var values map[string]any
		if err := yaml.UnmarshalStrict([]byte(c.Values), &values); err != nil {
			t.Fatal(err)
		}
		given = append(given, values)
	}
	tried := 0
	var walk func(path []string, defaults map[string]any)
	walk = func(path []string, defaults map[string]any) {
		for key, value := range defaults {
			here := append(slices.Clone(path), key)
			if table, ok := value.(map[string]any); ok && len(table) > 0 && !slices.Contains([]string{"resources", "labels", "nodeSelector"}, key) {
				walk(here, table)
				continue
			}
			tried++
			if !slices.ContainsFunc(given, func(values map[string]any) bool { return sets(values, here) }) {
				t.Errorf("no case sets %s", strings.Join(here, "."))
			}
		}
	}
	walk(nil, load(t).Values)
	if tried < 50 {
		t.Errorf("only %d values were looked at", tried)
	}
}

// sets tells whether there is something at the path.
func sets(values map[string]any, path []string) bool {
	value, ok := values[path[0]]
	if !ok || len(path) == 1 {
		return ok
	}
	table, _ := value.(map[string]any)
	return sets(table, path[1:])
}

// TestRefused verifies that a slip in values is an error that names it.
func TestRefused(t *testing.T) {
	t.Parallel()
	c := load(t)
	for values, says := range map[string]string{
		`{replica: 2}`:                                   "replica",
		`{replicas: two}`:                                "replicas",
		`{replicas: -1}`:                                 "replicas",
		`{image: {pullPolicy: Sometimes}}`:               "pullPolicy",
		`{monitoring: {enabled: perhaps}}`:               "enabled",
		`{monitoring: {labels: {release: 1}}}`:           "release",
		`{nodeAgents: {maxUnavailable: [1]}}`:            "maxUnavailable",
		`{args: {log.level: debug}}`:                     "args",
		`{connectivity: {enable: true}}`:                 "enable",
		`{monitoring: {prometheusServiceAccount: name}}`: "prometheusServiceAccount",
	} {
		if _, _, err := (Case{Name: "slip", Values: values}).Render(c); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: %v, want an error that names %s", values, err, says)
		}
	}
	if _, _, err := (Case{Name: "part of another", Values: `{global: {region: eu}}`}).Render(c); err != nil {
		t.Errorf("the values that Helm gives to all parts of a chart: %v", err)
	}
}

// TestNotes verifies that notes name the next command, and what the cluster lacks or the
// namespace must permit.
func TestNotes(t *testing.T) {
	t.Parallel()
	c := load(t)
	const port, selected, scrape, permit = "port-forward deployment/kubevitals 9899", "monitoring.labels.release=", "as job kubevitals ", "enforce=privileged"
	for name, want := range map[string][]string{
		"plain":                 {port, scrape},
		"operator":              {port, selected},
		"kube-prometheus-stack": {port, "-n monitoring rollout status"},
		"agents":                {port, selected, permit},
		"replicas":              {port, scrape},
	} {
		i := slices.IndexFunc(Cases(), func(c Case) bool { return c.Name == name })
		_, notes, err := Cases()[i].Render(c)
		if err != nil {
			t.Fatal(err)
		}
		for _, line := range []string{port, selected, scrape, permit, "-n monitoring rollout status"} {
			if strings.Contains(notes, line) != slices.Contains(want, line) {
				t.Errorf("%s: notes say %q: %v\n%s", name, line, strings.Contains(notes, line), notes)
			}
		}
	}
}

// largestRelease is half of what a Secret may hold, in which Helm keeps each release.
const largestRelease = 1 << 19

// TestReleaseFitsIntoASecret packs a release with everything as Helm does.
func TestReleaseFitsIntoASecret(t *testing.T) {
	t.Parallel()
	c := load(t)
	for _, one := range Cases() {
		if one.Name != "operator" && one.Name != "everything" {
			continue
		}
		documents, notes, err := one.Render(c)
		if err != nil {
			t.Fatal(err)
		}
		text, err := json.Marshal(&release.Release{
			Name: "kubevitals", Namespace: "kubevitals", Version: 1, Chart: c,
			Manifest: "---\n" + strings.Join(documents, "\n---\n"), Info: &release.Info{Notes: notes, Status: release.StatusDeployed},
		})
		if err != nil {
			t.Fatal(err)
		}
		var packed bytes.Buffer
		w, err := gzip.NewWriterLevel(&packed, gzip.BestCompression)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write(text); err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		size := base64.StdEncoding.EncodedLen(packed.Len())
		t.Logf("%s: %d objects, %d bytes, %d bytes in the Secret of its release, which may have %d", one.Name, len(documents), len(text), size, 1<<20)
		if size > largestRelease {
			t.Errorf("%s: a release takes %d bytes of a Secret, more than %d", one.Name, size, largestRelease)
		}
	}
}
