package fakecluster

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
)

// now returns the objects of a table, sorted by key, and the present revision.
func (s *store) now(t *table) ([]*entry, uint64) {
	s.mu.RLock()
	objects, revision := slices.Collect(maps.Values(t.objects)), s.revision
	s.mu.RUnlock()
	return sorted(objects), revision
}

// at returns the objects as they were at a revision in the past.
func (s *store) at(t *table, revision uint64) ([]*entry, error) {
	s.mu.RLock()
	if revision < t.oldest {
		s.mu.RUnlock()
		return nil, apierrors.NewResourceExpired("The provided resourceVersion or continue token is too old")
	}
	objects := maps.Clone(t.objects)
	first, _ := slices.BinarySearchFunc(t.history, revision+1, byRevision)
	for _, c := range slices.Backward(t.history[first:]) {
		if c.before == nil {
			delete(objects, c.now.key())
		} else {
			objects[c.before.key()] = c.before
		}
	}
	s.mu.RUnlock()
	return sorted(slices.Collect(maps.Values(objects))), nil
}

// since returns what happened to a table after a revision and up to the present one,
// and a channel that is closed when more does.
func (s *store) since(t *table, revision uint64) (changes []change, present uint64, more <-chan struct{}, err error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if t.refused != nil {
		return nil, 0, nil, &apierrors.StatusError{ErrStatus: *t.refused}
	}
	if revision < t.oldest {
		return nil, 0, nil, apierrors.NewResourceExpired(fmt.Sprintf("too old resource version: %d (%d)", revision, t.oldest))
	}
	first, _ := slices.BinarySearchFunc(t.history, revision+1, byRevision)
	// The history is only ever appended to or replaced, so a part can be shared.
	return slices.Clip(t.history[first:]), s.revision, t.changed, nil
}

func (s *store) current() uint64 {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.revision
}

func byRevision(c change, revision uint64) int { return cmp.Compare(c.revision, revision) }

func sorted(objects []*entry) []*entry {
	slices.SortFunc(objects, func(a, b *entry) int {
		return cmp.Or(
			strings.Compare(a.meta.GetNamespace(), b.meta.GetNamespace()),
			strings.Compare(a.meta.GetName(), b.meta.GetName()))
	})
	return objects
}
