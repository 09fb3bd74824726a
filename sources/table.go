package sources

import (
	"slices"

	"k8s.io/apimachinery/pkg/runtime/schema"
)

// Table is what is read from API servers, a row for each resource. Watches, rights,
// snapshots and the fake cluster follow from it.
type Table []Resource

// Find returns the list that a source is read from, and its resource; false if no
// row has one.
func (t Table) Find(source Read) (Resource, List, bool) {
	for _, r := range t {
		for _, l := range r.Lists {
			if l.Source == source {
				return r, l, true
			}
		}
	}
	return Resource{}, List{}, false
}

// Of returns the row whose objects are of the kind in any version or under an alias,
// and how these are trimmed; nil if there is none.
func (t Table) Of(gvk schema.GroupVersionKind) (*Resource, Trim) {
	for i := range t {
		r := &t[i]
		if r.Group == gvk.Group && r.Kind == gvk.Kind && slices.Contains(r.Versions, gvk.Version) {
			return r, r.trim()
		}
		for _, a := range r.Aliases {
			if a.GroupVersionKind == gvk {
				return r, a.Trim
			}
		}
	}
	return nil, nil
}

// Plural returns the first row of that name, of whatever group; nil if there is none.
func (t Table) Plural(name string) *Resource {
	if i := slices.IndexFunc(t, func(r Resource) bool { return r.Plural == name }); i >= 0 {
		return &t[i]
	}
	return nil
}

// trim is how objects of the resource's own kind are trimmed.
func (r *Resource) trim() Trim {
	if r.Trim == nil {
		return Trimmed(trimNothing)
	}
	return r.Trim
}
