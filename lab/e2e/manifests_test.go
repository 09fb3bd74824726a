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

func (l *lab) apply(ctx context.Context, objects ...*unstructured.Unstructured) error {
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
		_, err = target.Create(ctx, o, metav1.CreateOptions{FieldValidation: metav1.FieldValidationStrict})
		if err != nil {
			return fmt.Errorf("create %s %s: %w", gvk.Kind, o.GetName(), err)
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
	kinds, args := map[string]int{}, ""
	for _, o := range buildWith(t, "prometheus-operator", "grafana-dashboards", "component-logs") {
		kinds[o.GetKind()]++
		if o.GetKind() == "Deployment" {
			args = fmt.Sprint(o.Object["spec"])
		}
	}
	for kind, want := range map[string]int{"Deployment": 1, "ServiceMonitor": 1, "PrometheusRule": 1, "ConfigMap": len(dashboards)} {
		if kinds[kind] != want {
			t.Errorf("%d objects of kind %s, want %d", kinds[kind], kind, want)
		}
	}
	for _, flag := range []string{"--scope=cluster", "--collector.component_logs"} {
		if !strings.Contains(args, flag) {
			t.Errorf("the Deployment lacks %s: %s", flag, args)
		}
	}
}
