package fakecluster

import (
	"fmt"
	"slices"
	"strconv"
	"sync"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/uuid"

	"github.com/kubevitals/kubevitals/sources"
	"github.com/kubevitals/kubevitals/sources/scheme"
)

const (
	// historyLength is how many events of a resource can be resumed from; it
	// covers what may happen while a client reads a list of a large cluster.
	historyLength = 20_000
	// firstRevision is far from 0, which has a meaning of its own to clients.
	firstRevision = 1_000_000
)

// entry is one version of an object. The object must not be changed.
type entry struct {
	object   runtime.Object
	meta     metav1.Object
	revision uint64
}

func (e *entry) key() string { return key(e.meta.GetNamespace(), e.meta.GetName()) }

// sortKey orders objects as lists give them; no name holds a zero byte.
func (e *entry) sortKey() string { return e.meta.GetNamespace() + "\x00" + e.meta.GetName() }

func key(namespace, name string) string { return namespace + "/" + name }

// change is one event: before is nil for a new object, and gone tells of a
// deletion, with now as the object's last version.
type change struct {
	revision    uint64
	before, now *entry
	gone        bool
}

// table holds the objects of one resource; the store's lock guards it.
type table struct {
	resource resource
	objects  map[string]*entry
	history  []change
	// oldest is the revision before the first event of the history.
	oldest uint64
	// changed is closed at the next event.
	changed chan struct{}
	// refused answers all requests for the resource while it is set.
	refused *metav1.Status
}

// store holds all objects and the events of the recent past, like the watch
// cache of an API server. It is safe for concurrent use.
type store struct {
	mu       sync.RWMutex
	revision uint64
	tables   []*table
}

func newStore(rows sources.Table) *store {
	if rows == nil {
		rows = sources.Resources()
	}
	s := &store{revision: firstRevision}
	for _, r := range rows {
		s.tables = append(s.tables, &table{
			resource: resource{r}, objects: map[string]*entry{}, oldest: firstRevision, changed: make(chan struct{}),
		})
	}
	return s
}

func (s *store) table(plural string) (*table, bool) {
	i := slices.IndexFunc(s.tables, func(t *table) bool { return t.resource.Plural == plural })
	if i < 0 {
		return nil, false
	}
	return s.tables[i], true
}

// empty tells whether there is no object of a resource now.
func (s *store) empty(t *table) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(t.objects) == 0
}

// KindOf returns the kind of an object, which typed objects made by hand rarely
// have filled in.
func KindOf(obj runtime.Object) (schema.GroupVersionKind, error) {
	if gvk := obj.GetObjectKind().GroupVersionKind(); !gvk.Empty() {
		return gvk, nil
	}
	gvks, _, err := scheme.Scheme.ObjectKinds(obj)
	if err != nil {
		return schema.GroupVersionKind{}, fmt.Errorf("kind of %T: %w", obj, err)
	}
	return gvks[0], nil
}

// tableOf finds the table of an object by its kind.
func (s *store) tableOf(obj runtime.Object) (*table, error) {
	gvk, err := KindOf(obj)
	if err != nil {
		return nil, err
	}
	i := slices.IndexFunc(s.tables, func(t *table) bool { return t.resource.GVK() == gvk })
	if i < 0 {
		return nil, fmt.Errorf("%s is not served", gvk)
	}
	return s.tables[i], nil
}

// upsert keeps a copy of an object and returns it. A resource version in the
// object must be the present one, else it fails with a conflict.
func (s *store) upsert(obj runtime.Object, now time.Time) (*entry, error) {
	t, err := s.tableOf(obj)
	if err != nil {
		return nil, err
	}
	obj = obj.DeepCopyObject()
	obj.GetObjectKind().SetGroupVersionKind(t.resource.GVK())
	m, err := meta.Accessor(obj)
	if err != nil {
		return nil, fmt.Errorf("metadata of a %s: %w", t.resource.GVK().Kind, err)
	}
	if m.GetName() == "" || t.resource.Namespaced != (m.GetNamespace() != "") {
		return nil, fmt.Errorf("%s %q in namespace %q: name or namespace missing or misplaced", t.resource.GVK().Kind, m.GetName(), m.GetNamespace())
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	before := t.objects[key(m.GetNamespace(), m.GetName())]
	if want := m.GetResourceVersion(); want != "" && (before == nil || want != before.meta.GetResourceVersion()) {
		return nil, apierrors.NewConflict(t.resource.GroupResource(), m.GetName(),
			fmt.Errorf("the object has been modified; please apply your changes to the latest version and try again"))
	}
	complete(m, before, now)
	e := s.stamp(obj, m)
	t.objects[e.key()] = e
	t.append(change{revision: e.revision, before: before, now: e})
	return e, nil
}

// complete fills in what an API server would.
func complete(m metav1.Object, before *entry, now time.Time) {
	if before != nil {
		m.SetUID(before.meta.GetUID())
		m.SetCreationTimestamp(before.meta.GetCreationTimestamp())
		return
	}
	if m.GetUID() == "" {
		m.SetUID(uuid.NewUUID())
	}
	if created := m.GetCreationTimestamp(); created.IsZero() {
		m.SetCreationTimestamp(metav1.NewTime(now).Rfc3339Copy())
	}
}

// delete forgets an object; false when there is none.
func (s *store) delete(t *table, namespace, name string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	before, ok := t.objects[key(namespace, name)]
	if !ok {
		return false
	}
	obj := before.object.DeepCopyObject()
	// Cannot fail: it did not when the object was stored.
	m, _ := meta.Accessor(obj)
	last := s.stamp(obj, m)
	delete(t.objects, last.key())
	t.append(change{revision: last.revision, before: before, now: last, gone: true})
	return true
}

func (s *store) stamp(obj runtime.Object, m metav1.Object) *entry {
	s.revision++
	m.SetResourceVersion(strconv.FormatUint(s.revision, 10))
	return &entry{object: obj, meta: m, revision: s.revision}
}

func (t *table) append(c change) {
	t.history = append(t.history, c)
	if len(t.history) >= 2*historyLength {
		cut := len(t.history) - historyLength
		t.oldest = t.history[cut-1].revision
		t.history = slices.Clone(t.history[cut:])
	}
	t.wake()
}

func (t *table) wake() {
	close(t.changed)
	t.changed = make(chan struct{})
}

func (s *store) get(t *table, namespace, name string) (*entry, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	e, ok := t.objects[key(namespace, name)]
	if !ok {
		return nil, apierrors.NewNotFound(t.resource.GroupResource(), name)
	}
	return e, nil
}

// refuse makes all requests for a resource fail, open watches included.
func (s *store) refuse(t *table, status *metav1.Status) {
	s.mu.Lock()
	defer s.mu.Unlock()
	t.refused = status
	t.wake()
}

func (s *store) refusal(t *table) error {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if t.refused == nil {
		return nil
	}
	return &apierrors.StatusError{ErrStatus: *t.refused}
}
