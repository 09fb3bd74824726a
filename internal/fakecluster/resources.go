package fakecluster

import (
	"cmp"
	"fmt"
	"reflect"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/kubernetes/scheme"
)

// resource is one kind of object that is served.
type resource struct {
	gvk        schema.GroupVersionKind
	plural     string
	namespaced bool
	// typed resources have Go types in client-go and can be read as protobuf;
	// the others are unstructured and JSON only, as are those of CRDs.
	typed bool
}

// nodeMetrics is the kind that a metrics server serves. A Spec without any
// is of a cluster without a metrics server.
const nodeMetrics = "NodeMetrics"

func resources() []resource {
	return []resource{
		{schema.GroupVersionKind{Version: "v1", Kind: "Namespace"}, "namespaces", false, true},
		{schema.GroupVersionKind{Version: "v1", Kind: "Node"}, "nodes", false, true},
		{schema.GroupVersionKind{Version: "v1", Kind: "Pod"}, "pods", true, true},
		{schema.GroupVersionKind{Version: "v1", Kind: "Service"}, "services", true, true},
		{schema.GroupVersionKind{Group: "apps", Version: "v1", Kind: "Deployment"}, "deployments", true, true},
		{schema.GroupVersionKind{Group: "apps", Version: "v1", Kind: "DaemonSet"}, "daemonsets", true, true},
		{schema.GroupVersionKind{Version: "v1", Kind: "Event"}, "events", true, true},
		{schema.GroupVersionKind{Group: "autoscaling", Version: "v2", Kind: "HorizontalPodAutoscaler"}, "horizontalpodautoscalers", true, true},
		{schema.GroupVersionKind{Group: "coordination.k8s.io", Version: "v1", Kind: "Lease"}, "leases", true, true},
		{schema.GroupVersionKind{Group: "discovery.k8s.io", Version: "v1", Kind: "EndpointSlice"}, "endpointslices", true, true},
		{schema.GroupVersionKind{Group: "apiregistration.k8s.io", Version: "v1", Kind: "APIService"}, "apiservices", false, false},
		{schema.GroupVersionKind{Group: "metrics.k8s.io", Version: "v1beta1", Kind: nodeMetrics}, "nodes", false, false},
	}
}

func (r resource) groupResource() schema.GroupResource {
	return schema.GroupResource{Group: r.gvk.Group, Resource: r.plural}
}

// prefix is the path under which the resource's group and version are served.
func (r resource) prefix() string {
	if r.gvk.Group == "" {
		return "/api/" + r.gvk.Version
	}
	return "/apis/" + r.gvk.GroupVersion().String()
}

// newObject returns an empty object of the resource, its kind filled in.
func (r resource) newObject() (runtime.Object, error) {
	if !r.typed {
		u := &unstructured.Unstructured{}
		u.SetGroupVersionKind(r.gvk)
		return u, nil
	}
	obj, err := scheme.Scheme.New(r.gvk)
	if err != nil {
		return nil, fmt.Errorf("new %s: %w", r.gvk.Kind, err)
	}
	obj.GetObjectKind().SetGroupVersionKind(r.gvk)
	return obj, nil
}

// newList returns a list of the resource that holds shallow copies of objects.
func (r resource) newList(objects []*entry) (runtime.Object, error) {
	gvk := r.gvk.GroupVersion().WithKind(r.gvk.Kind + "List")
	if !r.typed {
		list := &unstructured.UnstructuredList{Items: make([]unstructured.Unstructured, 0, len(objects))}
		list.SetGroupVersionKind(gvk)
		for _, e := range objects {
			list.Items = append(list.Items, *e.object.(*unstructured.Unstructured))
		}
		return list, nil
	}
	list, err := scheme.Scheme.New(gvk)
	if err != nil {
		return nil, fmt.Errorf("new %s: %w", gvk.Kind, err)
	}
	items := reflect.ValueOf(list).Elem().FieldByName("Items")
	items.Set(reflect.MakeSlice(items.Type(), len(objects), len(objects)))
	for i, e := range objects {
		item := items.Index(i)
		item.Set(reflect.ValueOf(e.object).Elem())
		// As an API server does: the kind of the items follows from the list's.
		item.Addr().Interface().(runtime.Object).GetObjectKind().SetGroupVersionKind(schema.GroupVersionKind{})
	}
	list.GetObjectKind().SetGroupVersionKind(gvk)
	return list, nil
}

// fieldsOf are what field selectors may select by.
func (r resource) fieldsOf(e *entry) fields.Set {
	set := fields.Set{"metadata.name": e.meta.GetName()}
	if r.namespaced {
		set["metadata.namespace"] = e.meta.GetNamespace()
	}
	switch o := e.object.(type) {
	case *corev1.Pod:
		set["spec.nodeName"] = o.Spec.NodeName
		set["status.phase"] = string(o.Status.Phase)
	case *corev1.Event:
		set["type"] = o.Type
		set["reason"] = o.Reason
		set["source"] = cmp.Or(o.Source.Component, o.ReportingController)
		set["involvedObject.kind"] = o.InvolvedObject.Kind
		set["involvedObject.name"] = o.InvolvedObject.Name
	}
	return set
}

func (r resource) knowsField(name string) bool {
	switch name {
	case "metadata.name":
		return true
	case "metadata.namespace":
		return r.namespaced
	case "spec.nodeName", "status.phase":
		return r.plural == "pods"
	case "type", "reason", "source", "involvedObject.kind", "involvedObject.name":
		return r.plural == "events"
	}
	return false
}

// target is what a path of the API names.
type target struct {
	table           *table
	namespace, name string
}

// find resolves a path; false when nothing is served there. Node metrics are
// served while there are any, or always.
func (s *store) find(path string, always bool) (target, bool) {
	for _, t := range s.tables {
		rest, ok := strings.CutPrefix(path, t.resource.prefix()+"/")
		if !ok || t.resource.gvk.Kind == nodeMetrics && !always && s.empty(t) {
			continue
		}
		parts := strings.Split(rest, "/")
		var namespace string
		if t.resource.namespaced && len(parts) > 2 && parts[0] == "namespaces" {
			namespace, parts = parts[1], parts[2:]
		}
		if parts[0] != t.resource.plural || len(parts) > 2 {
			continue
		}
		if len(parts) == 1 {
			return target{t, namespace, ""}, true
		}
		if parts[1] == "" || t.resource.namespaced && namespace == "" {
			continue
		}
		return target{t, namespace, parts[1]}, true
	}
	return target{}, false
}
