package fleet

import (
	"context"
	"strconv"
	"sync"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/tools/cache"

	"github.com/kubevitals/kubevitals/sources"
)

// API holds the objects of a cluster in memory, and serves lists and watches of them as
// an API server would. It is safe for concurrent use.
type API struct {
	mu      sync.Mutex
	version int64
	kinds   map[schema.GroupResource]*collection
	// refusal is what lists and new watches get instead of an answer; nil for none.
	refusal error
}

// collection are the objects of one resource.
type collection struct {
	objects  map[string]runtime.Object // by namespace/name
	changes  []change
	watchers map[*watcher]bool
}

// change is kept for watches that begin where another ended.
type change struct {
	version int64
	at      time.Time
	event   watch.Event
}

// changesKept is how long a watch may pause.
const changesKept = 2 * time.Minute

// NewAPI returns an API server without objects.
func NewAPI() *API { return &API{kinds: map[schema.GroupResource]*collection{}} }

var _ sources.Lister = (*API)(nil)

// Refuse makes lists and new watches fail with the error; nil ends that.
func (a *API) Refuse(err error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.refusal = err
}

// HangUp ends all watches.
func (a *API) HangUp() {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, c := range a.kinds {
		for w := range c.watchers {
			w.Stop()
		}
	}
}

// Put makes or changes an object, which it copies.
func (a *API) Put(gr schema.GroupResource, obj runtime.Object) {
	a.write(gr, obj, watch.Modified)
}

// Delete removes an object.
func (a *API) Delete(gr schema.GroupResource, obj runtime.Object) {
	a.write(gr, obj, watch.Deleted)
}

func (a *API) write(gr schema.GroupResource, obj runtime.Object, what watch.EventType) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.version++
	obj = obj.DeepCopyObject()
	m, key := identity(obj)
	m.SetResourceVersion(strconv.FormatInt(a.version, 10))
	c := a.collection(gr)
	_, there := c.objects[key]
	switch {
	case what == watch.Deleted && !there:
		return
	case what == watch.Deleted:
		delete(c.objects, key)
	default:
		if c.objects[key] = obj; !there {
			what = watch.Added
		}
	}
	c.record(change{version: a.version, at: time.Now(), event: watch.Event{Type: what, Object: obj}})
}

func identity(obj runtime.Object) (metav1.Object, string) {
	m, err := meta.Accessor(obj)
	if err != nil {
		panic(err) // all that is put here has metadata
	}
	return m, m.GetNamespace() + "/" + m.GetName()
}

func (a *API) collection(gr schema.GroupResource) *collection {
	c := a.kinds[gr]
	if c == nil {
		c = &collection{objects: map[string]runtime.Object{}, watchers: map[*watcher]bool{}}
		a.kinds[gr] = c
	}
	return c
}

func (c *collection) record(ch change) {
	old := 0
	for old < len(c.changes) && ch.at.Sub(c.changes[old].at) > changesKept {
		old++
	}
	c.changes = append(c.changes[old:], ch)
	for w := range c.watchers {
		w.offer(ch.event)
	}
}

// ListWatch reads a list of the table.
func (a *API) ListWatch(r sources.Resource, _ string, l sources.List) *cache.ListWatch {
	f := newFilter(r, l)
	return &cache.ListWatch{
		ListWithContextFunc: func(_ context.Context, _ metav1.ListOptions) (runtime.Object, error) { return a.list(f) },
		WatchFuncWithContext: func(ctx context.Context, o metav1.ListOptions) (watch.Interface, error) {
			return a.watch(ctx, f, o)
		},
	}
}

func (a *API) list(f filter) (runtime.Object, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.refusal != nil {
		return nil, a.refusal
	}
	var found []runtime.Object
	for _, obj := range a.collection(f.row.GroupResource()).objects {
		if f.matches(obj) {
			found = append(found, obj.DeepCopyObject())
		}
	}
	list, err := f.row.NewList(found)
	if err != nil {
		return nil, err
	}
	m, err := meta.ListAccessor(list)
	if err != nil {
		return nil, err
	}
	m.SetResourceVersion(strconv.FormatInt(a.version, 10))
	return list, nil
}

func (a *API) watch(ctx context.Context, f filter, o metav1.ListOptions) (watch.Interface, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	switch {
	case a.refusal != nil:
		return nil, a.refusal
	case o.SendInitialEvents != nil:
		return nil, apierrors.NewInvalid(schema.GroupKind{Kind: "ListOptions"}, "", nil) // as servers before 1.32
	}
	since, err := strconv.ParseInt(o.ResourceVersion, 10, 64)
	if err != nil {
		return nil, apierrors.NewBadRequest(err.Error())
	}
	c := a.collection(f.row.GroupResource())
	w := newWatcher(a, c, f)
	for _, ch := range c.changes {
		if ch.version > since {
			w.offer(ch.event)
		}
	}
	c.watchers[w] = true
	lasts := time.Minute
	if o.TimeoutSeconds != nil {
		lasts = time.Duration(*o.TimeoutSeconds) * time.Second
	}
	go w.run(ctx, lasts)
	return w, nil
}

// filter is what of a resource a list shows.
type filter struct {
	row       sources.Resource
	namespace string
	fields    fields.Selector
	labels    labels.Selector
}

func newFilter(r sources.Resource, l sources.List) filter {
	f := filter{row: r, namespace: l.Namespace, fields: fields.ParseSelectorOrDie(l.Fields), labels: labels.Everything()}
	if l.Labels != "" {
		parsed, err := labels.Parse(l.Labels)
		if err != nil {
			panic(err) // the table is ours
		}
		f.labels = parsed
	}
	return f
}

func (f filter) matches(obj runtime.Object) bool {
	m, _ := identity(obj)
	return (f.namespace == "" || m.GetNamespace() == f.namespace) &&
		f.labels.Matches(labels.Set(m.GetLabels())) && (f.fields.Empty() || f.fields.Matches(f.row.FieldsOf(obj, m)))
}
