package pods

import (
	"crypto/sha256"
	"fmt"
	"time"
	"unique"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
)

// uid is a pod's UID in 16 bytes.
type uid [16]byte

// phase is a pod's phase in one byte.
type phase uint8

const (
	unknown phase = iota
	pending
	running
	succeeded
	failed
)

func phaseOf(p corev1.PodPhase) phase {
	switch p {
	case corev1.PodPending:
		return pending
	case corev1.PodRunning:
		return running
	case corev1.PodSucceeded:
		return succeeded
	case corev1.PodFailed:
		return failed
	}
	return unknown
}

func (p phase) terminal() bool { return p == succeeded || p == failed }

func (p phase) api() corev1.PodPhase {
	switch p {
	case pending:
		return corev1.PodPending
	case running:
		return corev1.PodRunning
	case succeeded:
		return corev1.PodSucceeded
	case failed:
		return corev1.PodFailed
	}
	return corev1.PodUnknown
}

// facts are what the index takes from a pod. The node may share memory with the
// pod, refs does not.
type facts struct {
	uid  uid
	node string // empty until the pod is scheduled
	refs string // see encode; without references unless a kubelet holds them
	// since, in Unix seconds, is the deletion timestamp of a terminating pod, and
	// otherwise the time from which a pending pod waits, or when one was evicted.
	since   uint32
	phase   phase
	waiting Waiting
	flags   flags
	words   *words
	// owner is the controller that the pod was created for, and created when, in Unix seconds;
	// zero if it has none.
	owner   uid
	created uint32
}

func factsOf(pod *corev1.Pod) facts {
	f := facts{
		uid:   uidOf(pod),
		node:  pod.Spec.NodeName,
		phase: phaseOf(pod.Status.Phase),
	}
	var since time.Time
	f.waiting, since = waitingOf(pod)
	if why, at := evictionOf(pod); why != NotEvicted {
		f.flags, since = flags(why)<<evictedShift, at
	}
	f.owner, f.created = ownerOf(pod)
	f.words = wordsOf(pod, f.waiting)
	if t := pod.DeletionTimestamp; t != nil {
		f.flags |= isTerminating
		since = t.Time
	}
	if len(pod.Finalizers) > 0 {
		f.flags |= hasFinalizers
	}
	if !f.phase.terminal() && anyRuns(&pod.Status) {
		f.flags |= containerRuns
	}
	if !since.IsZero() {
		f.since = uint32(since.Unix())
	}
	var stack [32]ref
	refs := stack[:0]
	if f.node != "" && !f.phase.terminal() {
		refs = appendRefs(refs, &pod.Spec)
	}
	if f.node == "" {
		refs = appendRef(refs, scheduler, schedulerOf(pod, f.waiting))
	}
	f.refs = encode(pod.Namespace, refs)
	return f
}

func uidOf(pod *corev1.Pod) uid {
	if u, ok := parseUID(pod.UID); ok {
		return u
	}
	name := "uid/" + string(pod.UID)
	if pod.UID == "" {
		name = "name/" + pod.Namespace + "/" + pod.Name
	}
	sum := sha256.Sum256([]byte(name))
	return uid(sum[:16])
}

// parseUID reads the one form that the API server gives UIDs. It takes no
// other spelling, so that two different UIDs never become one.
func parseUID(s types.UID) (u uid, ok bool) {
	if len(s) != 36 {
		return uid{}, false
	}
	digits := 0
	for i := range len(s) {
		c := s[i]
		if i == 8 || i == 13 || i == 18 || i == 23 {
			if c != '-' {
				return uid{}, false
			}
			continue
		}
		switch {
		case '0' <= c && c <= '9':
			c -= '0'
		case 'a' <= c && c <= 'f':
			c -= 'a' - 10
		default:
			return uid{}, false
		}
		u[digits/2] |= c << (4 * (1 - digits%2))
		digits++
	}
	return u, true
}

// packed is a pod on its way into the index: in the list that a reflector
// gathers before it hands over all of it at once. The handles make pods that
// agree share their strings, and leave nothing behind if the list never arrives.
type packed struct {
	uid        uid
	node, refs unique.Handle[string]
	since      uint32
	phase      phase
	waiting    Waiting
	flags      flags
	words      *words
	owner      uid
	created    uint32
}

var _ runtime.Object = (*packed)(nil)

func pack(f facts) *packed {
	return &packed{f.uid, unique.Make(f.node), unique.Make(f.refs), f.since, f.phase, f.waiting, f.flags, f.words, f.owner, f.created}
}

func (p *packed) facts() facts {
	return facts{p.uid, p.node.Value(), p.refs.Value(), p.since, p.phase, p.waiting, p.flags, p.words, p.owner, p.created}
}

// GetObjectKind and DeepCopyObject let a packed pod travel in a list.
func (p *packed) GetObjectKind() schema.ObjectKind { return schema.EmptyObjectKind }

// DeepCopyObject returns a copy.
func (p *packed) DeepCopyObject() runtime.Object { c := *p; return &c }

// transform is a cache.TransformFunc from pods to packed pods.
func transform(obj any) (any, error) {
	switch o := obj.(type) {
	case *corev1.Pod:
		return pack(factsOf(o)), nil
	case *packed:
		return o, nil
	}
	return nil, unexpected(obj)
}

// read returns the facts of a pod, packed or not.
func read(obj any) (facts, error) {
	switch o := obj.(type) {
	case *corev1.Pod:
		return factsOf(o), nil
	case *packed:
		return o.facts(), nil
	}
	return facts{}, unexpected(obj)
}

// identify returns the UID of a pod, packed or not.
func identify(obj any) (uid, error) {
	switch o := obj.(type) {
	case *corev1.Pod:
		return uidOf(o), nil
	case *packed:
		return o.uid, nil
	}
	return uid{}, unexpected(obj)
}

func unexpected(obj any) error { return fmt.Errorf("pod index: unexpected type %T", obj) }

// Pod is what the index knows of one pod.
type Pod struct {
	Namespace string
	// Node is empty until the pod is scheduled.
	Node  string
	Phase corev1.PodPhase
	// Deletion is the pod's deletion timestamp, which lies in the future while
	// its grace period runs; zero unless it is terminating.
	Deletion time.Time
	// Finalizers says that the pod has some.
	Finalizers bool
	// Runs says that its kubelet reports a container of the pod that runs.
	Runs bool
	// Waiting is what a pending pod waits for, and Since the time from which it
	// was pending, or assigned to its node; zero unless it is pending, and zero
	// for one that is terminating.
	Waiting Waiting
	Since   time.Time
	// Scheduler is the one that the pod waits for if Waiting is NoScheduler; empty if it
	// is default-scheduler.
	Scheduler string
	// Evicted is what a failed pod was evicted for by its kubelet, and EvictedAt when; zero if
	// that is not known, and for one that is terminating.
	Evicted   Eviction
	EvictedAt time.Time

	// Key is the pod's UID as KeyOf returns it.
	Key Key
}

// Key is a pod's UID in 16 bytes.
type Key = uid

// KeyOf returns the key of the pod with that UID; false if the API server would
// never give a pod such a UID.
func KeyOf(u types.UID) (Key, bool) { return parseUID(u) }
