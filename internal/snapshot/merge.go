package snapshot

import (
	"cmp"
	"crypto/sha256"
	"fmt"
	"strconv"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
)

// identity is who an object is.
type identity struct {
	gvk             schema.GroupVersionKind
	namespace, name string
}

func (i identity) String() string {
	if i.namespace == "" {
		return i.gvk.Kind + " " + i.name
	}
	return i.gvk.Kind + " " + i.namespace + "/" + i.name
}

func identityOf(obj runtime.Object, m metav1.Object) identity {
	return identity{obj.GetObjectKind().GroupVersionKind(), m.GetNamespace(), m.GetName()}
}

// complete makes of objects that may be of many files those of one cluster: each is
// there once, in the latest state. What an API server would have filled in is.
func (s *Snapshot) complete() {
	first := make(map[identity]int, len(s.Objects))
	kept := s.Objects[:0]
	var twice []string
	for _, obj := range s.Objects {
		m, err := meta.Accessor(obj)
		if err != nil {
			continue
		}
		i := identityOf(obj, m)
		fill(m, i, s.Taken)
		n, again := first[i]
		if !again {
			first[i] = len(kept)
			kept = append(kept, obj)
			continue
		}
		if newer, differ := newerOf(kept[n], obj); differ {
			kept[n] = newer
			twice = append(twice, i.String())
		} else {
			kept[n] = obj
		}
	}
	clear(s.Objects[len(kept):])
	s.Objects = kept
	for _, obj := range kept {
		if m, err := meta.Accessor(obj); err == nil {
			m.SetResourceVersion("") // nothing that reads a snapshot goes by it
		}
	}
	if len(twice) > 0 {
		const most = 5
		s.Warnings = append(s.Warnings, fmt.Sprintf("objects that are there in more than one state, of which the one with the highest resourceVersion counts: %d (%s)",
			len(twice), strings.Join(twice[:min(most, len(twice))], ", ")))
	}
}

// fill gives an object what those of all API servers have.
func fill(m metav1.Object, i identity, taken time.Time) {
	if m.GetUID() == "" {
		sum := sha256.Sum256(fmt.Append(nil, i.gvk, i.namespace, i.name))
		m.SetUID(types.UID(fmt.Sprintf("%x-%x-%x-%x-%x", sum[:4], sum[4:6], sum[6:8], sum[8:10], sum[10:16])))
	}
	if created := m.GetCreationTimestamp(); created.IsZero() {
		m.SetCreationTimestamp(metav1.NewTime(taken))
	}
}

// newerOf returns the one of two states of an object that was written later, and
// whether they are known to differ.
func newerOf(a, b runtime.Object) (newer runtime.Object, differ bool) {
	switch order, known := compareVersions(a, b); {
	case !known || order == 0:
		return b, false
	case order > 0:
		return a, true
	}
	return b, true
}

// compareVersions compares resource versions, which are numbers that grow.
func compareVersions(a, b runtime.Object) (order int, known bool) {
	var versions [2]uint64
	for n, obj := range []runtime.Object{a, b} {
		m, err := meta.Accessor(obj)
		if err != nil {
			return 0, false
		}
		if versions[n], err = strconv.ParseUint(m.GetResourceVersion(), 10, 64); err != nil {
			return 0, false
		}
	}
	return cmp.Compare(versions[0], versions[1]), true
}
