package health

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"

	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/client-go/tools/cache"

	"github.com/kubevitals/kubevitals/sources/bounded"
)

// View is the present state of all objects of one resource, in the form T. A
// reflector feeds it; readers see either a complete list or an error.
type View[T any] struct {
	health  *Health
	convert func(obj any) (T, error)
	merge   func(before, after T) T

	mu sync.RWMutex
	// keys are those of the objects, "NAMESPACE/NAME" or "NAME", in order, and items what
	// is kept of them, in the same order.
	keys  []string
	items []T
	// grown is how many bytes of memory the objects take more than those of the last list.
	grown int64
}

var _ cache.ReflectorStore = (*View[any])(nil)
var _ cache.ReflectorBookmarkStore = (*View[any])(nil)

// NewView returns an empty view. convert turns an object of the API into what
// is kept of it; it may trim and return the object itself.
func NewView[T any](health *Health, convert func(obj any) (T, error)) *View[T] {
	return &View[T]{health: health, convert: convert}
}

// Merging makes merge say what is kept of an object that was there before, in a list
// or in an event.
func (v *View[T]) Merging(merge func(before, after T) T) *View[T] {
	v.merge = merge
	return v
}

// List returns all objects in the order of their namespaces and names, so that whatever is
// told of each is in that order, too. The elements are shared: callers must not change
// them. It fails with an *UnavailableError while the source is unavailable, however much
// was seen before.
func (v *View[T]) List() ([]T, error) {
	if err := v.health.Err(); err != nil {
		return nil, err
	}
	v.mu.RLock()
	defer v.mu.RUnlock()
	return append(make([]T, 0, len(v.items)), v.items...), nil
}

// Add keeps an object, unless events have brought so much since the last list that it would
// have been too large: then the view is unavailable until the next one.
func (v *View[T]) Add(obj any) error {
	key, item, err := v.entry(obj)
	if err != nil {
		return err
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	at, known := slices.BinarySearch(v.keys, key)
	before := int64(0)
	if known {
		item, before = v.merged(v.items[at], item), bounded.Held(&v.items[at])
	}
	more := bounded.Held(&item) - before
	if more > 0 && v.grown+more > bounded.ListHeld {
		v.health.Lost(bounded.ErrList())
		return bounded.ErrList()
	}
	v.grown += more
	if known {
		v.items[at] = item
		return nil
	}
	v.keys, v.items = slices.Insert(v.keys, at, key), slices.Insert(v.items, at, item)
	return nil
}

// Update replaces an object.
func (v *View[T]) Update(obj any) error { return v.Add(obj) }

// Delete forgets an object.
func (v *View[T]) Delete(obj any) error {
	key, err := cache.DeletionHandlingMetaNamespaceKeyFunc(obj)
	if err != nil {
		return fmt.Errorf("key of a deleted object: %w", err)
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	if at, known := slices.BinarySearch(v.keys, key); known {
		v.grown -= bounded.Held(&v.items[at])
		v.keys, v.items = slices.Delete(v.keys, at, at+1), slices.Delete(v.items, at, at+1)
	}
	return nil
}

// Replace takes a complete list (Health.Listed).
func (v *View[T]) Replace(objs []any, _ string) error {
	byKey := make(map[string]T, len(objs))
	for _, obj := range objs {
		key, item, err := v.entry(obj)
		if err != nil {
			return err
		}
		byKey[key] = item
	}
	keys := slices.Sorted(maps.Keys(byKey))
	items := make([]T, len(keys))
	v.mu.Lock()
	for i, key := range keys {
		items[i] = byKey[key]
		if at, known := slices.BinarySearch(v.keys, key); known {
			items[i] = v.merged(v.items[at], items[i])
		}
	}
	v.keys, v.items, v.grown = keys, items, 0
	v.mu.Unlock()
	v.health.Listed()
	return nil
}

// Resync does nothing: the view holds no state of its own to refresh.
func (v *View[T]) Resync() error { return nil }

// Bookmark takes the API server's word that nothing was missed.
func (v *View[T]) Bookmark(string) error {
	v.health.Proved()
	return nil
}

// merged is what is kept of an object that was there before.
func (v *View[T]) merged(before, after T) T {
	if v.merge == nil {
		return after
	}
	return v.merge(before, after)
}

func (v *View[T]) entry(obj any) (string, T, error) {
	var none T
	key, err := cache.MetaNamespaceKeyFunc(obj)
	if err != nil {
		return "", none, fmt.Errorf("key of an object: %w", err)
	}
	item, err := v.convert(obj)
	if err != nil {
		return "", none, fmt.Errorf("object %s: %w", key, err)
	}
	return key, item, nil
}

// Trim is a conversion for NewView that keeps the object, less what no
// collector reads and what makes up much of its size.
func Trim[T any](obj any) (T, error) {
	typed, ok := obj.(T)
	if !ok {
		return typed, fmt.Errorf("unexpected type %T", obj)
	}
	accessor, err := meta.Accessor(obj)
	if err != nil {
		return typed, errors.New("object has no metadata")
	}
	accessor.SetOwnerReferences(nil)
	return typed, nil
}
