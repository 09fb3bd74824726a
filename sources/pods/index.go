// Package pods keeps what kubevitals needs of every pod of a cluster in
// about a hundred bytes each. A reflector feeds it; no pod object is ever kept.
package pods

import (
	"fmt"
	"sync"
	"time"

	"k8s.io/client-go/tools/cache"

	"github.com/kubevitals/kubevitals/sources/bounded"
	"github.com/kubevitals/kubevitals/sources/health"
)

// Index is the present state of all pods. It is safe for concurrent use:
// readers see the pods before or after a change, never amid one.
type Index struct {
	health *health.Health

	mu    sync.Mutex
	pods  table[uid, record]
	nodes table[string, *node]
	sets  table[string, *set]
	// words are those of pods that wait.
	words map[uid]words
	// owners are those that pods were created for lately.
	owners owners
	// round is the flag of that name as the latest list set it.
	round flags
	// seen is the scratch of a recount.
	seen map[object]struct{}
}

var (
	_ cache.TransformingStore      = (*Index)(nil)
	_ cache.ReflectorBookmarkStore = (*Index)(nil)
)

// record is one pod. At 150,000 pods every byte of it is 150 kB.
type record struct {
	node    *node // nil until the pod is scheduled
	set     *set
	since   uint32
	phase   phase
	waiting Waiting
	flags   flags
}

// set is a namespace and references into it. The pods of one workload share it.
type set struct {
	refs string // see encode
	pods int    // of the index
}

func (s *set) empty() bool {
	_, refs := cut(s.refs)
	return refs == ""
}

// New returns an empty index.
func New() *Index {
	return &Index{
		health: health.NewHealth("pods", time.Now),
		pods:   newTable[uid, record](),
		nodes:  newTable[string, *node](),
		sets:   newTable[string, *set](),
		words:  map[uid]words{},
		owners: owners{latest: map[uid]uint32{}},
		seen:   map[object]struct{}{},
	}
}

// SetHealth makes the index report to h. It must be called before any other
// method.
func (i *Index) SetHealth(h *health.Health) { i.health = h }

// Err returns nil while the index tells the present state, and an
// *health.UnavailableError while it is unavailable.
func (i *Index) Err() error { return i.health.Err() }

// Len returns the number of pods, finished ones included.
func (i *Index) Len() int {
	i.mu.Lock()
	defer i.mu.Unlock()
	return len(i.pods.entries)
}

// Each calls f for every pod, in no particular order. f runs under the lock of
// the index: it must be quick and must not call the index. While the index is
// unavailable Each calls nothing and returns the error of Err.
func (i *Index) Each(f func(Pod)) error {
	if err := i.Err(); err != nil {
		return err
	}
	i.mu.Lock()
	defer i.mu.Unlock()
	for u, r := range i.pods.entries {
		f(r.pod(u))
	}
	return nil
}

func (r *record) pod(u uid) Pod {
	pod := Pod{Phase: r.phase.api(), Finalizers: r.flags&hasFinalizers != 0, Runs: r.flags&containerRuns != 0, Evicted: r.flags.eviction(), Key: u}
	var refs string
	pod.Namespace, refs = cut(r.set.refs)
	if wanted, _ := cut(refs); r.waiting == NoScheduler && wanted != "" {
		pod.Scheduler = wanted[1:]
	}
	pod.Node = r.nodeName()
	switch {
	case r.flags&isTerminating != 0:
		pod.Deletion = time.Unix(int64(r.since), 0)
	case r.waiting != NotWaiting && r.since != 0:
		pod.Waiting, pod.Since = r.waiting, time.Unix(int64(r.since), 0)
	case pod.Evicted != NotEvicted && r.since != 0:
		pod.EvictedAt = time.Unix(int64(r.since), 0)
	}
	return pod
}

// Transformer turns pods into the form in which they wait for Replace, so that
// a list in the making holds no pod objects either.
func (i *Index) Transformer() cache.TransformFunc { return transform }

// Add keeps a pod.
func (i *Index) Add(obj any) error {
	f, err := read(obj)
	if err != nil {
		return i.broken(err)
	}
	i.mu.Lock()
	full := len(i.pods.entries) >= health.MostObjects
	if full {
		_, known := i.pods.entries[f.uid]
		full = !known
	}
	if !full {
		i.install(f)
	}
	i.mu.Unlock()
	if full {
		return i.broken(&bounded.Error{What: fmt.Sprintf("there are more than %d pods", health.MostObjects)})
	}
	return nil
}

// Update replaces a pod.
func (i *Index) Update(obj any) error { return i.Add(obj) }

// Delete forgets a pod.
func (i *Index) Delete(obj any) error {
	u, err := identify(obj)
	if err != nil {
		return i.broken(err)
	}
	i.mu.Lock()
	if r, ok := i.pods.entries[u]; ok {
		i.release(r)
		i.pods.remove(u)
	}
	delete(i.words, u)
	i.mu.Unlock()
	return nil
}

// Replace takes a complete list, which makes the index available. It changes
// only what differs, so the old state and the new never stand side by side.
func (i *Index) Replace(objs []any, _ string) error {
	for n, obj := range objs {
		p, err := transform(obj)
		if err != nil {
			return i.broken(err)
		}
		objs[n] = p
	}
	i.mu.Lock()
	i.round ^= inRound
	for _, obj := range objs {
		i.install(obj.(*packed).facts())
	}
	for u, r := range i.pods.entries {
		if r.flags&inRound != i.round {
			i.release(r)
			delete(i.pods.entries, u)
			delete(i.words, u)
		}
	}
	i.pods.compact()
	i.owners.forget()
	i.mu.Unlock()
	i.health.Listed()
	return nil
}

// Resync does nothing: the index holds no state of its own to refresh.
func (i *Index) Resync() error { return nil }

// Bookmark takes the API server's word that nothing was missed.
func (i *Index) Bookmark(string) error {
	i.health.Proved()
	return nil
}

// broken makes the index unavailable: a reflector only logs what a store returns and
// goes on, while the index lacks a pod from then on.
func (i *Index) broken(err error) error {
	i.health.Lost(err)
	return err
}

// install makes the index hold the pod as f tells. The caller holds the lock.
func (i *Index) install(f facts) {
	i.note(f.uid, f.words)
	i.owners.note(f.owner, f.created)
	old, replaces := i.pods.entries[f.uid]
	r := record{since: f.since, phase: f.phase, waiting: f.waiting, flags: f.flags&^inRound | i.round}
	if replaces && old.set.refs == f.refs && old.nodeName() == f.node {
		r.node, r.set = old.node, old.set
		i.pods.put(f.uid, r)
		return
	}
	if f.node != "" {
		r.node = i.node(f.node)
		r.node.pods++
	}
	r.set = i.set(f.refs)
	r.set.pods++
	if r.node != nil {
		r.node.attach(r.set)
	}
	i.pods.put(f.uid, r)
	if replaces {
		i.release(old)
	}
}
