package snapshot

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/runtime"

	"github.com/kubevitals/kubevitals/sources"
	"github.com/kubevitals/kubevitals/sources/health"
)

// query is one list to record, in a version of its resource.
type query struct {
	row     sources.Resource
	version string
	list    sources.List
}

func (q query) path() string { return q.row.Path(q.version, q.list.Namespace) }

// queries are the lists of the table that a snapshot records: those that others
// contain are not read again. What shows what is alive is apart from what takes long in
// a large cluster, or shows nothing that is old after a minute.
func (r *recorder) queries(alive bool) []query {
	var all []query
	for _, row := range r.Resources {
		for _, l := range row.Lists {
			if row.Alive == alive && !l.Probed && row.Widest(l).Source == l.Source {
				all = append(all, query{row, row.Versions[0], l})
			}
		}
	}
	return all
}

// narrower are the lists to read instead of one that is refused: rights may hold
// in single namespaces, and an addon may serve another version.
func (q query) narrower() []query {
	var all []query
	for _, l := range q.row.Narrower(q.list) {
		if !l.Probed {
			all = append(all, query{q.row, q.version, l})
		}
	}
	if n := slices.Index(q.row.Versions, q.version) + 1; n < len(q.row.Versions) {
		all = append(all, query{q.row, q.row.Versions[n], q.list})
	}
	return all
}

func (r *recorder) recordLists(ctx context.Context, pending []query) error {
	for len(pending) > 0 {
		q := pending[0]
		pending = pending[1:]
		l, err := r.recordList(ctx, q)
		if err != nil {
			return err
		}
		r.note(l, len(q.row.Versions) > 1)
		if l.Reason == health.Forbidden || l.Reason == health.NotFound {
			pending = append(q.narrower(), pending...)
		}
	}
	return nil
}

// note records what became of a list. Of two readings of the same the one that
// failed counts, but for the versions of one API, of which one is enough.
func (r *recorder) note(l List, versions bool) {
	for i := range r.manifest.Lists {
		before := &r.manifest.Lists[i]
		if before.Resource != l.Resource || before.Namespace != l.Namespace {
			continue
		}
		l.Items += before.Items
		if (before.Reason == health.Available) != versions {
			*before = l
		}
		return
	}
	r.manifest.Lists = append(r.manifest.Lists, l)
}

// recordList reads a list page by page into a file. It fails only where the file
// cannot be written or ctx ended.
func (r *recorder) recordList(ctx context.Context, q query) (List, error) {
	l := List{Resource: q.row.GroupResource().String(), Namespace: q.list.Namespace, Reason: health.Available}
	name := filepath.Join(r.dir, "objects", strings.ReplaceAll(strings.TrimPrefix(q.path(), "/"), "/", "_")+fieldsSuffix(q)+".json.gz")
	if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
		return l, fmt.Errorf("make a folder: %w", err)
	}
	var failed error
	err := writeZipped(name, func(w io.Writer) error {
		if _, err := fmt.Fprintf(w, `{"kind":"List","apiVersion":"v1","items":[`); err != nil {
			return err
		}
		var broken error
		failed = r.pages(ctx, q, func(raw json.RawMessage) error {
			obj, ok := r.trim(q, raw)
			if !ok {
				return nil
			}
			if l.Items > 0 {
				if _, broken = io.WriteString(w, ",\n"); broken != nil {
					return broken
				}
			}
			l.Items++
			broken = json.NewEncoder(w).Encode(obj)
			return broken
		})
		if broken != nil {
			return broken
		}
		_, err := io.WriteString(w, "]}\n")
		return err
	})
	if err == nil && ctx.Err() != nil {
		err = ctx.Err()
	}
	if err != nil {
		return l, fmt.Errorf("write %s: %w", l.Resource, err)
	}
	if failed != nil {
		l.Reason, l.Error, l.Items = health.Classify(failed), r.words(failed), 0
		log := r.Logger.Warn
		if l.Reason == health.NotFound {
			log = r.Logger.Debug // not every cluster has a metrics server
		}
		log("list cannot be read", "resource", l.Resource, "namespace", l.Namespace, "reason", l.Reason, "err", failed)
		// Half a list is none.
		return l, os.Remove(name)
	}
	return l, nil
}

func fieldsSuffix(q query) string {
	if q.list.Fields == "" {
		return ""
	}
	return "_" + strings.NewReplacer("=", "_", ",", "_").Replace(q.list.Fields)
}

// words is the text of an error, unless that might tell names.
func (r *recorder) words(err error) string {
	if r.names != nil {
		return ""
	}
	return err.Error()
}

// trim returns what is kept of an object, with its kind.
func (r *recorder) trim(q query, raw json.RawMessage) (runtime.Object, bool) {
	_, trim := r.Resources.Of(q.row.GVK())
	kept, err := trim(raw, &sources.Latest{})
	if err != nil {
		r.Logger.Warn("object cannot be understood", "resource", q.row.GroupResource(), "err", err)
		return nil, false
	}
	if kept.Object == nil {
		return nil, false
	}
	if r.names != nil {
		q.row.RedactObject(kept.Object, r.names)
	}
	// Lists of objects of any kind need it in each of them.
	kept.Object.GetObjectKind().SetGroupVersionKind(q.row.GVK())
	return kept.Object, true
}
