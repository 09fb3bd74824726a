// Package manifests builds the manifests that kubevitals ships and applies them.
package manifests

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/yaml"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/discovery/cached/memory"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/restmapper"
	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/kyaml/filesys"
)

// Build returns the objects that kustomize makes of a folder.
func Build(dir string) ([]*unstructured.Unstructured, error) {
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

// Decode returns the objects of a text of YAML documents.
func Decode(text []byte) ([]*unstructured.Unstructured, error) {
	var list []*unstructured.Unstructured
	documents := yaml.NewYAMLOrJSONDecoder(bytes.NewReader(text), 4096)
	for {
		o := &unstructured.Unstructured{}
		if err := documents.Decode(&o.Object); errors.Is(err, io.EOF) {
			return list, nil
		} else if err != nil {
			return nil, fmt.Errorf("objects: %w", err)
		}
		list = append(list, o)
	}
}

// Apply creates the objects; the API server refuses unknown fields.
func Apply(ctx context.Context, config *rest.Config, objects ...*unstructured.Unstructured) error {
	return each(config, objects, func(o *unstructured.Unstructured, target dynamic.ResourceInterface) error {
		_, err := target.Create(ctx, o, metav1.CreateOptions{FieldValidation: metav1.FieldValidationStrict})
		return err
	})
}

// Remove deletes the objects.
func Remove(ctx context.Context, config *rest.Config, objects ...*unstructured.Unstructured) error {
	return each(config, objects, func(o *unstructured.Unstructured, target dynamic.ResourceInterface) error {
		return target.Delete(ctx, o.GetName(), metav1.DeleteOptions{})
	})
}

// each does something with each object at the place where its kind lives.
func each(config *rest.Config, objects []*unstructured.Unstructured, do func(*unstructured.Unstructured, dynamic.ResourceInterface) error) error {
	client, err := dynamic.NewForConfig(config)
	if err != nil {
		return err
	}
	found, err := discovery.NewDiscoveryClientForConfig(config)
	if err != nil {
		return err
	}
	mapper := restmapper.NewDeferredDiscoveryRESTMapper(memory.NewMemCacheClient(found))
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

// Shipped returns what the README tells users to build: the base and the components
// below deploy. It writes a kustomization into dir, an empty folder.
func Shipped(deploy, dir string, components ...string) ([]*unstructured.Unstructured, error) {
	deploy, err := filepath.Abs(deploy)
	if err != nil {
		return nil, err
	}
	if dir, err = filepath.EvalSymlinks(dir); err != nil {
		return nil, err
	}
	relative, err := filepath.Rel(dir, deploy)
	if err != nil {
		return nil, err
	}
	text := fmt.Sprintf("resources: [%s/base]\ncomponents:\n", relative)
	for _, c := range components {
		text += fmt.Sprintf("  - %s/components/%s\n", relative, c)
	}
	if err := os.WriteFile(filepath.Join(dir, "kustomization.yaml"), []byte(text), 0o600); err != nil {
		return nil, err
	}
	return Build(dir)
}
