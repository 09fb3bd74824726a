package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"

	"github.com/kubevitals/kubevitals/lab/manifests"
)

// base is the folder with the shipped manifests.
const base = "../../deploy/base"

// applyBase applies the shipped manifests.
func (l *lab) applyBase(ctx context.Context) error {
	objects, err := manifests.Build(base)
	if err != nil {
		return err
	}
	return l.apply(ctx, objects...)
}

// apply creates the objects.
func (l *lab) apply(ctx context.Context, objects ...*unstructured.Unstructured) error {
	return manifests.Apply(ctx, l.RESTConfig(), objects...)
}

// remove deletes the objects.
func (l *lab) remove(ctx context.Context, objects ...*unstructured.Unstructured) error {
	return manifests.Remove(ctx, l.RESTConfig(), objects...)
}

// buildWith returns what the README tells users to build: the base and the
// components.
func buildWith(t *testing.T, components ...string) []*unstructured.Unstructured {
	t.Helper()
	objects, err := manifests.Shipped("../../deploy", t.TempDir(), components...)
	if err != nil {
		t.Fatal(err)
	}
	return objects
}

func TestComponents(t *testing.T) {
	dashboards, err := filepath.Glob("../../dashboards/generated/*.json")
	if err != nil {
		t.Fatal(err)
	}
	kinds, args := map[string]int{}, map[string]string{}
	jobs, permits, groups := map[string]string{}, "", []string{}
	for _, o := range buildWith(t, "prometheus-operator", "grafana-dashboards", "component-logs", "node", "node-prometheus-operator") {
		kinds[o.GetKind()]++
		switch o.GetKind() {
		case "Deployment", "DaemonSet":
			args[o.GetKind()] = fmt.Sprint(o.Object["spec"])
		case "Service":
			jobs[o.GetLabels()["app.kubernetes.io/name"]] = o.GetName()
		case "Namespace":
			permits = o.GetLabels()["pod-security.kubernetes.io/enforce"]
		case "PrometheusRule":
			groups = append(groups, groupsOf(t, o.Object["spec"])...)
		}
	}
	for kind, want := range map[string]int{
		"Deployment": 1, "DaemonSet": 1, "Service": 3, "ServiceMonitor": 2, "ConfigMap": len(dashboards),
	} {
		if kinds[kind] != want {
			t.Errorf("%d objects of kind %s, want %d", kinds[kind], kind, want)
		}
	}
	// As many objects as it takes for each to be small enough hold each group of rules once.
	text, err := os.ReadFile("../../mixin/generated/alerts.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var file any
	if err := yaml.Unmarshal(text, &file); err != nil {
		t.Fatal(err)
	}
	want := groupsOf(t, file)
	slices.Sort(want)
	slices.Sort(groups)
	if len(want) == 0 || !slices.Equal(groups, want) {
		t.Errorf("the rules are of the groups %v, want %v", groups, want)
	}
	for _, want := range [][2]string{
		{"Deployment", "--scope=cluster"}, {"Deployment", "--collector.component_logs"}, {"DaemonSet", "--scope=node"}, {"DaemonSet", "--host.root=/host"},
	} {
		if !strings.Contains(args[want[0]], want[1]) {
			t.Errorf("the %s lacks %s: %s", want[0], want[1], args[want[0]])
		}
	}
	// The rules select the jobs, which are called after this label of the Services.
	for _, job := range []string{"kubevitals", "kubevitals-node"} {
		if jobs[job] == "" {
			t.Errorf("no Service has the job %s: %v", job, jobs)
		}
	}
	if permits != "privileged" {
		t.Errorf("the namespace permits %s pods; agents on nodes are privileged", permits)
	}
}

// groupsOf are the names of the groups of rules.
func groupsOf(t *testing.T, rules any) (names []string) {
	t.Helper()
	text, err := json.Marshal(rules)
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Groups []struct{ Name string }
	}
	if err := json.Unmarshal(text, &file); err != nil {
		t.Fatal(err)
	}
	for _, group := range file.Groups {
		names = append(names, group.Name)
	}
	return names
}

// TestNodeAgentsAreTaken: the API server knows every field of the agents.
func TestNodeAgentsAreTaken(t *testing.T) {
	for _, o := range buildWith(t, "node", "connectivity") {
		if !strings.HasPrefix(o.GetName(), "kubevitals-") || slices.Contains([]string{"kubevitals-write-probe", "kubevitals-auth", "kubevitals-reader"}, o.GetName()) {
			continue // of the base
		}
		if err := shared.apply(t.Context(), o); err != nil {
			t.Error(err)
			continue
		}
		t.Cleanup(func() {
			if err := shared.remove(context.WithoutCancel(t.Context()), o); err != nil {
				t.Error(err)
			}
		})
	}
}
