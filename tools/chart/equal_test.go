package chart

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/kyaml/filesys"
	"sigs.k8s.io/yaml"
)

// TestKustomizeMakesTheSame verifies that Helm and kustomize install the same objects:
// with nothing chosen, and with all that can be.
func TestKustomizeMakesTheSame(t *testing.T) {
	t.Parallel()
	components, err := filepath.Glob("../../deploy/components/*")
	if err != nil || len(components) < 5 {
		t.Fatalf("%d components, %v", len(components), err)
	}
	for _, test := range []struct {
		name, folder string
		values       string
		least        int
	}{
		{"as it comes", "../../deploy", `{priorityClassQuota: true}`, 30},
		{"beside kube-prometheus", with(t, []string{operator, grafana, kubePrometheus}), "priorityClassQuota: true\n" + prometheusOfOthers, 33},
		{"everything", with(t, without(components, "node-restricted", "open")), everything + prometheusOfOthers, 45},
		{"everything, restricted", with(t, without(components, "open")), restricted + prometheusOfOthers, 45},
		// What comes after others is listed after them.
		{"open", with(t, append(without(components, "node-restricted", "open", "tls", "kube-prometheus"), open)), "authFilter: {enabled: false}\n" + everythingButTLS, 45},
		{"open, over TLS", with(t, append(without(components, "node-restricted", "open", "tls", "kube-prometheus"), open, tls)), "authFilter: {enabled: false}\n" + everything, 45},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			documents, _, err := Case{Name: test.name, Operator: true, Values: test.values}.Render(load(t))
			if err != nil {
				t.Fatal(err)
			}
			want, got := built(t, test.folder), byName(t, documents)
			if len(want) < test.least {
				t.Fatalf("kustomize makes only %d objects", len(want))
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("what Helm and kustomize make differs (-kustomize +Helm):\n%s", diff)
			}
		})
	}
}

const (
	operator       = "../../deploy/components/prometheus-operator"
	grafana        = "../../deploy/components/grafana-dashboards"
	kubePrometheus = "../../deploy/components/kube-prometheus"

	// The place of these among others matters.
	open = "../../deploy/components/open"
	tls  = "../../deploy/components/tls"
)

// prometheusOfOthers are values for the account that the component kube-prometheus is for.
const prometheusOfOthers = `
monitoring: {prometheusServiceAccount: {name: prometheus-k8s, namespace: monitoring}}
`

// without are the components but for those of these names.
func without(components []string, names ...string) []string {
	return slices.DeleteFunc(slices.Clone(components), func(c string) bool { return slices.Contains(names, filepath.Base(c)) })
}

// TestWithoutQuotaUnlessAsked verifies that the one object of the base that the chart makes
// on request only, since its namespace may be that of others, too, is missing without.
func TestWithoutQuotaUnlessAsked(t *testing.T) {
	t.Parallel()
	documents, _, err := Case{Operator: true}.Render(load(t))
	if err != nil {
		t.Fatal(err)
	}
	want, got := built(t, "../../deploy"), byName(t, documents)
	delete(want, "ResourceQuota kubevitals/kubevitals")
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("what Helm and kustomize make differs in more (-kustomize +Helm):\n%s", diff)
	}
}

// TestNamespace verifies that a release elsewhere leaves nothing in the usual namespace,
// and says nowhere that it is there.
func TestNamespace(t *testing.T) {
	t.Parallel()
	documents, _, err := Case{Operator: true, Namespace: "vitals", Values: everything}.Render(load(t))
	if err != nil {
		t.Fatal(err)
	}
	for name, object := range byName(t, documents) {
		if strings.Contains(name, " kubevitals/") {
			t.Errorf("%s is in the usual namespace", name)
		}
		kind, _, _ := strings.Cut(name, " ")
		if slices.Contains([]string{"ConfigMap", "PrometheusRule"}, kind) {
			continue // texts for people, with the usual names
		}
		text, err := json.Marshal(object)
		if err != nil {
			t.Fatal(err)
		}
		for _, usual := range []string{`"namespace":"kubevitals"`, "=kubevitals/", "namespace=kubevitals"} {
			if strings.Contains(string(text), usual) {
				t.Errorf("%s holds %s: %s", name, usual, text)
			}
		}
		for kind, flag := range map[string]string{
			"Deployment": "--collector.apiserver.write-probe-lease=vitals/kubevitals-write-probe", "DaemonSet": "--collector.connectivity.namespace=vitals",
		} {
			if strings.HasPrefix(name, kind+" ") && !strings.Contains(string(text), flag) {
				t.Errorf("%s lacks %s", name, flag)
			}
		}
	}
}

// with is the folder of a kustomization with these components.
func with(t *testing.T, components []string) string {
	t.Helper()
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	relative := func(path string) string {
		absolute, err := filepath.Abs(path)
		if err != nil {
			t.Fatal(err)
		}
		if path, err = filepath.Rel(dir, absolute); err != nil {
			t.Fatal(err)
		}
		return path
	}
	text := fmt.Sprintf("resources: [%s]\ncomponents:\n", relative("../../deploy/base"))
	for _, c := range components {
		text += fmt.Sprintf("  - %s\n", relative(c))
	}
	if err := os.WriteFile(filepath.Join(dir, "kustomization.yaml"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return dir
}

// built are the objects that kustomize makes of a folder, but for the namespace: Helm
// makes that by a flag.
func built(t *testing.T, folder string) map[string]any {
	t.Helper()
	made, err := krusty.MakeKustomizer(krusty.MakeDefaultOptions()).Run(filesys.MakeFsOnDisk(), folder)
	if err != nil {
		t.Fatal(err)
	}
	var documents []string
	for _, r := range made.Resources() {
		text, err := r.AsYAML()
		if err != nil {
			t.Fatal(err)
		}
		if r.GetKind() != "Namespace" {
			documents = append(documents, string(text))
		}
	}
	return byName(t, documents)
}

// byName are objects by kind, namespace and name, without the labels by which Helm and
// people find what belongs to a release.
func byName(t *testing.T, documents []string) map[string]any {
	t.Helper()
	all := map[string]any{}
	for _, text := range documents {
		var o map[string]any
		if err := yaml.Unmarshal([]byte(text), &o); err != nil {
			t.Fatalf("%v in\n%s", err, text)
		}
		metadata, _ := o["metadata"].(map[string]any)
		labels, _ := metadata["labels"].(map[string]any)
		for _, label := range []string{"app.kubernetes.io/instance", "app.kubernetes.io/managed-by", "helm.sh/chart"} {
			delete(labels, label)
		}
		if o["kind"] == "ConfigMap" {
			delete(labels, "app.kubernetes.io/name")
		}
		name := fmt.Sprintf("%v %v/%v", o["kind"], metadata["namespace"], metadata["name"])
		if all[name] != nil {
			t.Errorf("%s is made twice", name)
		}
		all[name] = o
	}
	return all
}
