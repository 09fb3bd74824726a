package sources

import (
	"fmt"
	"reflect"
	"slices"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/kubevitals/kubevitals/sources/scheme"
)

// Resource is a row of the table: one resource of the Kubernetes API, what is listed
// of it, and what is done with its objects.
type Resource struct {
	Group string
	// Versions are those that it is served in, the one to ask for first.
	Versions []string
	// Kind is that of its objects, and Plural its name in paths and rights.
	Kind, Plural string
	Namespaced   bool
	// Whole says that what a list lacks is told as missing: objects one by one, of which
	// it is not known whether they are all, are no list.
	Whole bool
	// Addon says that an addon serves it: clusters without have no such API.
	Addon bool
	// Alive says that its objects show what is alive: a snapshot reads them last.
	Alive bool
	// Uncached says that API servers keep no cache of it: it is watched in etcd itself, and
	// no bookmarks tell of progress.
	Uncached bool
	// Lists are what is read of it, each as a source of its own; none where only what
	// dumps hold of it matters.
	Lists []List
	// Fields are what field selectors can select an object by, beside its name and
	// namespace; nil if there are none. Of an empty object they are all names.
	Fields func(runtime.Object) fields.Set
	// Unread are fields that no collector reads of live objects, by their paths in protobuf:
	// they are left out before an object is decoded, since that takes longer than all else.
	// What Trim keeps is not among them.
	Unread []string
	// Managed chooses what is kept of who wrote which field, and when; nil keeps nothing.
	// What was chosen before is chosen again.
	Managed func([]metav1.ManagedFieldsEntry) []metav1.ManagedFieldsEntry
	// Trim chooses what a snapshot keeps of an object: what it does not list leaves
	// no cluster. nil keeps nothing.
	Trim Trim
	// Redact replaces the names in what Trim keeps; nil if there are none.
	Redact func(runtime.Object, Names)
	// Aliases are other kinds under which dumps have the same objects.
	Aliases []Alias
}

// List is what is read of a resource, and by which name.
type List struct {
	// Source is the name in kubevitals_source_available.
	Source Read
	// Namespace is metav1.NamespaceAll, OwnNamespace or one that is named.
	Namespace string
	// Fields and Labels are selectors.
	Fields, Labels string
	// Polled lists are read again and again; all others are watched.
	Polled bool
	// Probed lists find what is probed. Of probes a snapshot has recorded samples, so
	// it does without.
	Probed bool
	// Complete says that what the list lacks is told as missing: a dump of some namespaces
	// does not have it.
	Complete bool
	// Optional says that the namespace need not exist.
	Optional bool
}

// Alias is another kind for the objects of a resource.
type Alias struct {
	schema.GroupVersionKind
	// Trim turns an object of that kind into one of the resource's.
	Trim Trim
}

// GroupResource names the resource in rights, messages and manifests.
func (r Resource) GroupResource() schema.GroupResource {
	return schema.GroupResource{Group: r.Group, Resource: r.Plural}
}

// GVK is the kind of the objects in the version to ask for first.
func (r Resource) GVK() schema.GroupVersionKind {
	return schema.GroupVersionKind{Group: r.Group, Version: r.Versions[0], Kind: r.Kind}
}

// Typed says that there is a Go type for the objects, which can be read as protobuf.
// The others are unstructured and JSON only, as are those of CRDs.
func (r Resource) Typed() bool { return scheme.Scheme.Recognizes(r.GVK()) }

// unread are the fields that are left out of live objects.
func (r Resource) unread() []string {
	if r.Managed != nil {
		return r.Unread
	}
	return append([]string{"metadata.managedFields"}, r.Unread...)
}

// Path is where a version of the resource is served; an empty namespace is all.
func (r Resource) Path(version, namespace string) string {
	path := "/apis/" + r.Group + "/" + version
	if r.Group == "" {
		path = "/api/" + version
	}
	if namespace != "" {
		path += "/namespaces/" + namespace
	}
	return path + "/" + r.Plural
}

// NewObject returns an empty object of the resource, its kind filled in.
func (r Resource) NewObject() (runtime.Object, error) {
	if !r.Typed() {
		u := &unstructured.Unstructured{}
		u.SetGroupVersionKind(r.GVK())
		return u, nil
	}
	obj, err := scheme.Scheme.New(r.GVK())
	if err != nil {
		return nil, fmt.Errorf("new %s: %w", r.Kind, err)
	}
	obj.GetObjectKind().SetGroupVersionKind(r.GVK())
	return obj, nil
}

// NewList returns a list that holds shallow copies of objects of the resource.
func (r Resource) NewList(objects []runtime.Object) (runtime.Object, error) {
	gvk := r.GVK()
	gvk.Kind += "List"
	if !r.Typed() {
		list := &unstructured.UnstructuredList{Items: make([]unstructured.Unstructured, 0, len(objects))}
		list.SetGroupVersionKind(gvk)
		for _, o := range objects {
			list.Items = append(list.Items, *o.(*unstructured.Unstructured))
		}
		return list, nil
	}
	list, err := scheme.Scheme.New(gvk)
	if err != nil {
		return nil, fmt.Errorf("new %s: %w", gvk.Kind, err)
	}
	items := reflect.ValueOf(list).Elem().FieldByName("Items")
	items.Set(reflect.MakeSlice(items.Type(), len(objects), len(objects)))
	for i, o := range objects {
		item := items.Index(i)
		item.Set(reflect.ValueOf(o).Elem())
		// As an API server does: the kind of the items follows from the list's.
		item.Addr().Interface().(runtime.Object).GetObjectKind().SetGroupVersionKind(schema.GroupVersionKind{})
	}
	list.GetObjectKind().SetGroupVersionKind(gvk)
	return list, nil
}

// FieldsOf are what field selectors can select the object by.
func (r Resource) FieldsOf(obj runtime.Object, meta metav1.Object) fields.Set {
	set := fields.Set{}
	if r.Fields != nil {
		set = r.Fields(obj)
	}
	set["metadata.name"] = meta.GetName()
	if r.Namespaced {
		set["metadata.namespace"] = meta.GetNamespace()
	}
	return set
}

// within tells whether all that a list shows is in another one of the resource.
func (l List) within(other List) bool {
	return l.Source != other.Source && other.Fields == "" && other.Labels == "" &&
		(other.Namespace == metav1.NamespaceAll || other.Namespace == l.Namespace)
}

// Widest is the list of the resource that shows all that l shows, and maybe more.
// One right gives both, and for that one no namespace need exist.
func (r Resource) Widest(l List) List {
	if i := slices.IndexFunc(r.Lists, l.within); i >= 0 {
		return r.Lists[i]
	}
	return l
}

// Narrower are the lists of the resource that show a part of what l shows.
func (r Resource) Narrower(l List) []List {
	return slices.DeleteFunc(slices.Clone(r.Lists), func(other List) bool { return !other.within(l) })
}
