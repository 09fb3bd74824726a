package fakecluster

import (
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/kubevitals/kubevitals/sources"
)

// resource is one kind of object that is served.
type resource struct{ sources.Resource }

// prefix is the path under which the resource's group and version are served.
func (r resource) prefix() string {
	return strings.TrimSuffix(r.Path(r.Versions[0], ""), "/"+r.Plural)
}

// newList returns a list of the resource that holds shallow copies of objects.
func (r resource) newList(entries []*entry) (runtime.Object, error) {
	objects := make([]runtime.Object, len(entries))
	for i, e := range entries {
		objects[i] = e.object
	}
	return r.NewList(objects)
}

// knowsField tells whether objects can be selected by the field.
func (r resource) knowsField(name string) bool {
	empty, err := r.NewObject()
	if err != nil {
		return false
	}
	return r.FieldsOf(empty, &metav1.ObjectMeta{}).Has(name)
}

// target is what a path of the API names.
type target struct {
	table           *table
	namespace, name string
}

// find resolves a path; false when nothing is served there. Of addons
// the resources are served while there are objects: without, the addon is not there.
func (s *store) find(path string) (target, bool) {
	for _, t := range s.tables {
		rest, ok := strings.CutPrefix(path, t.resource.prefix()+"/")
		if !ok || t.resource.Addon && s.empty(t) {
			continue
		}
		parts := strings.Split(rest, "/")
		var namespace string
		if t.resource.Namespaced && len(parts) > 2 && parts[0] == "namespaces" {
			namespace, parts = parts[1], parts[2:]
		}
		if parts[0] != t.resource.Plural || len(parts) > 2 {
			continue
		}
		if len(parts) == 1 {
			return target{t, namespace, ""}, true
		}
		if parts[1] == "" || t.resource.Namespaced && namespace == "" {
			continue
		}
		return target{t, namespace, parts[1]}, true
	}
	return target{}, false
}
