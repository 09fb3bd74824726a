package snapshot

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/kubevitals/kubevitals/sources"
)

// kind is one kind of object that matters: a row of the table, and how objects of
// the kind are trimmed to those of the row. The zero value is none of them.
type kind struct {
	row  *sources.Resource
	trim sources.Trim
}

func (k kind) known() bool { return k.row != nil }

// kindOf finds a kind as objects name it.
func (r *reader) kindOf(apiVersion, name string) kind {
	row, trim := r.table.Of(schema.FromAPIVersionAndKind(apiVersion, name))
	return kind{row, trim}
}

// kindOfPlural finds a kind by the name of a file or folder.
func (r *reader) kindOfPlural(plural string) kind {
	row := r.table.Plural(plural)
	if row == nil {
		return kind{}
	}
	return r.kindOf(row.GVK().ToAPIVersionAndKind())
}

// kindOfVersioned finds a kind by group, version and plural, as in core_v1_nodes.
func (r *reader) kindOfVersioned(name string) kind {
	group, rest, _ := strings.Cut(name, "_")
	version, plural, ok := strings.Cut(rest, "_")
	if !ok {
		return kind{}
	}
	if group == "core" {
		group = ""
	}
	for i := range r.table {
		row := &r.table[i]
		if row.Group != group || row.Plural != plural {
			continue
		}
		gv := schema.GroupVersion{Group: group, Version: version}
		return r.kindOf(gv.String(), row.Kind)
	}
	return kind{}
}

// kindIn reads the kind that an object says it is of. The name is empty if it
// does not say, as in lists whose kind follows from the list's.
func (r *reader) kindIn(raw []byte) (k kind, name string, err error) {
	var head struct {
		APIVersion string `json:"apiVersion"`
		Kind       string `json:"kind"`
	}
	if err := json.Unmarshal(raw, &head); err != nil {
		return kind{}, "", fmt.Errorf("object: %w", err)
	}
	if k = r.kindOf(head.APIVersion, head.Kind); !k.known() {
		r.sawVersion(schema.FromAPIVersionAndKind(head.APIVersion, head.Kind))
	}
	return k, head.Kind, nil
}

// sawVersion notes an object of a kind that is read, in a version that is not.
func (r *reader) sawVersion(gvk schema.GroupVersionKind) {
	for i := range r.table {
		if row := &r.table[i]; row.Group == gvk.Group && row.Kind == gvk.Kind {
			if r.unread == nil {
				r.unread = map[schema.GroupVersionKind]Unreadable{}
			}
			if _, seen := r.unread[gvk]; !seen {
				r.unread[gvk] = Unreadable{Name: r.file, Err: fmt.Errorf("%s: holds objects of the kind %s in version %s, which is not read", r.file, gvk.Kind, gvk.GroupVersion())}
			}
		}
	}
}

// tellVersions tells of kinds of which the snapshot has nothing in a version that is read.
func (r *reader) tellVersions() {
	for _, gvk := range slices.SortedFunc(maps.Keys(r.unread), func(a, b schema.GroupVersionKind) int { return strings.Compare(a.String(), b.String()) }) {
		missing := !slices.ContainsFunc(r.table, func(row sources.Resource) bool {
			return row.Group == gvk.Group && row.Kind == gvk.Kind && r.snapshot.coverage[row.GroupResource().String()] != nil
		})
		if missing {
			r.tell(r.unread[gvk].Name, r.unread[gvk].Err)
		}
	}
}

// keep decodes an object and keeps it. It returns its namespace.
func (r *reader) keep(k kind, raw []byte) (string, error) {
	var latest sources.Latest
	kept, err := k.trim(raw, &latest)
	if err != nil {
		return "", err
	}
	r.times.saw(kept, latest.Time)
	if kept.Name == "" || k.row.Namespaced != (kept.Namespace != "") {
		return "", fmt.Errorf("%q in namespace %q: name or namespace missing or misplaced", kept.Name, kept.Namespace)
	}
	if k.row.Plural == "namespaces" && !r.alone {
		if r.namespaces == nil {
			r.namespaces = map[string]bool{}
		}
		r.namespaces[kept.Name] = true
	}
	if kept.Object != nil {
		kept.Object.GetObjectKind().SetGroupVersionKind(k.row.GVK())
		if m, err := meta.Accessor(kept.Object); err == nil {
			m.SetResourceVersion(kept.Version) // until it is known whether there is another of the name
		}
		r.snapshot.Objects = append(r.snapshot.Objects, kept.Object)
		r.lives = append(r.lives, life{until: latest.Time, file: r.file})
	}
	return kept.Namespace, nil
}

// unfinished returns an error if the metadata are of the first part of a list, as the
// API server answers when it is asked for some objects only.
func unfinished(metadata json.RawMessage) error {
	var m struct {
		Continue           string `json:"continue"`
		RemainingItemCount int64  `json:"remainingItemCount"`
	}
	_ = json.Unmarshal(metadata, &m) // what is no metadata of a list has none of the two
	if m.Continue == "" {
		return nil
	}
	return fmt.Errorf("holds the first part of a list, and lacks the rest: metadata.continue is set, remainingItemCount is %d", m.RemainingItemCount)
}
