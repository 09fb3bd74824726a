package e2e

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/client-go/discovery/cached/memory"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/restmapper"
	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/kyaml/filesys"
)

// base is the folder with the shipped manifests.
const base = "../../deploy/base"

// build returns the objects that kustomize makes of a folder.
func build(dir string) ([]*unstructured.Unstructured, error) {
	objects, err := krusty.MakeKustomizer(krusty.MakeDefaultOptions()).Run(filesys.MakeFsOnDisk(), dir)
	if err != nil {
		return nil, fmt.Errorf("kustomize %s: %w", dir, err)
	}
	var list []*unstructured.Unstructured
	for _, r := range objects.Resources() {
		content, err := r.Map()
		if err != nil {
			return nil, fmt.Errorf("kustomize %s: %w", dir, err)
		}
		list = append(list, &unstructured.Unstructured{Object: content})
	}
	if len(list) == 0 {
		return nil, errors.New("kustomize made no objects of " + dir)
	}
	return list, nil
}

// applyBase applies the shipped manifests; the API server refuses unknown
// fields.
func (l *lab) applyBase(ctx context.Context) error {
	objects, err := build(base)
	if err != nil {
		return err
	}
	return l.apply(ctx, objects...)
}

// apply creates the objects.
func (l *lab) apply(ctx context.Context, objects ...*unstructured.Unstructured) error {
	return l.each(objects, func(o *unstructured.Unstructured, target dynamic.ResourceInterface) error {
		_, err := target.Create(ctx, o, metav1.CreateOptions{FieldValidation: metav1.FieldValidationStrict})
		return err
	})
}

// remove deletes the objects.
func (l *lab) remove(ctx context.Context, objects ...*unstructured.Unstructured) error {
	return l.each(objects, func(o *unstructured.Unstructured, target dynamic.ResourceInterface) error {
		return target.Delete(ctx, o.GetName(), metav1.DeleteOptions{})
	})
}

// each does something with each object at the place where its kind lives.
func (l *lab) each(objects []*unstructured.Unstructured, do func(*unstructured.Unstructured, dynamic.ResourceInterface) error) error {
	client, err := dynamic.NewForConfig(l.RESTConfig())
	if err != nil {
		return err
	}
	mapper := restmapper.NewDeferredDiscoveryRESTMapper(memory.NewMemCacheClient(l.Client().Discovery()))
	for _, o := range objects {
		gvk := o.GroupVersionKind()
		mapping, err := mapper.RESTMapping(gvk.GroupKind(), gvk.Version)
		if err != nil {
			return fmt.Errorf("%s: %w", gvk, err)
		}
		var target dynamic.ResourceInterface = client.Resource(mapping.Resource)
		if mapping.Scope.Name() == meta.RESTScopeNameNamespace {
			target = client.Resource(mapping.Resource).Namespace(o.GetNamespace())
		}
		if err := do(o, target); err != nil {
			return fmt.Errorf("%s %s: %w", gvk.Kind, o.GetName(), err)
		}
	}
	return nil
}

// buildWith returns what the README tells users to build: the base and the
// components.
func buildWith(t *testing.T, components ...string) []*unstructured.Unstructured {
	t.Helper()
	deploy, err := filepath.Abs("../../deploy")
	if err != nil {
		t.Fatal(err)
	}
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	relative, err := filepath.Rel(dir, deploy)
	if err != nil {
		t.Fatal(err)
	}
	text := fmt.Sprintf("resources: [%s/base]\ncomponents:\n", relative)
	for _, c := range components {
		text += fmt.Sprintf("  - %s/components/%s\n", relative, c)
	}
	if err := os.WriteFile(filepath.Join(dir, "kustomization.yaml"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	objects, err := build(dir)
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
	jobs, permits := map[string]string{}, ""
	for _, o := range buildWith(t, "prometheus-operator", "grafana-dashboards", "component-logs", "node", "node-prometheus-operator") {
		kinds[o.GetKind()]++
		switch o.GetKind() {
		case "Deployment", "DaemonSet":
			args[o.GetKind()] = fmt.Sprint(o.Object["spec"])
		case "Service":
			jobs[o.GetLabels()["app.kubernetes.io/name"]] = o.GetName()
		case "Namespace":
			permits = o.GetLabels()["pod-security.kubernetes.io/enforce"]
		}
	}
	for kind, want := range map[string]int{
		"Deployment": 1, "DaemonSet": 1, "Service": 3, "ServiceMonitor": 2, "PrometheusRule": 1, "ConfigMap": len(dashboards),
	} {
		if kinds[kind] != want {
			t.Errorf("%d objects of kind %s, want %d", kinds[kind], kind, want)
		}
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

// TestNodeAgentsAreTaken: the API server knows every field of the agents.
func TestNodeAgentsAreTaken(t *testing.T) {
	for _, o := range buildWith(t, "node", "connectivity") {
		if !strings.HasPrefix(o.GetName(), "kubevitals-") || o.GetName() == "kubevitals-write-probe" {
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
