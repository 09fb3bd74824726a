package pods

import (
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

const (
	// ownersKept is for how long it is known when a pod was last created for an owner, in
	// seconds: one that is refused tries again after 1,000 s at the latest.
	ownersKept = 1800
	// mostOwners bounds those that are known. Whoever may create workloads can have any
	// number; of one that is not known nothing is said.
	mostOwners = 20_000
)

// owners are the controllers for which pods were created lately, as seen from the newest
// pod: a snapshot has a time of its own.
type owners struct {
	latest map[uid]uint32
	newest uint32
}

// ownerOf is the controller of a pod, and when it created the pod.
func ownerOf(pod *corev1.Pod) (uid, uint32) {
	owner := metav1.GetControllerOfNoCopy(pod)
	if owner == nil || pod.CreationTimestamp.IsZero() {
		return uid{}, 0
	}
	u, ok := parseUID(owner.UID)
	if !ok {
		return uid{}, 0
	}
	return u, uint32(pod.CreationTimestamp.Unix())
}

// note remembers that a pod was created.
func (o *owners) note(owner uid, created uint32) {
	if created == 0 {
		return
	}
	o.newest = max(o.newest, created)
	before, known := o.latest[owner]
	if created <= before || o.newest-created > ownersKept {
		return
	}
	if !known && len(o.latest) >= mostOwners {
		if o.forget(); len(o.latest) >= mostOwners {
			return
		}
	}
	o.latest[owner] = created
}

// forget lets go of what happened too long ago.
func (o *owners) forget() {
	for owner, created := range o.latest {
		if o.newest-created > ownersKept {
			delete(o.latest, owner)
		}
	}
}

// CreatedFor tells when a pod was last created for the controller with the UID, to the
// second, whether or not the pod is still there; false where none was within half an hour
// before the newest pod of the cluster, or while the index is unavailable.
func (i *Index) CreatedFor(owner types.UID) (time.Time, bool) {
	u, ok := parseUID(owner)
	if !ok || i.Err() != nil {
		return time.Time{}, false
	}
	i.mu.Lock()
	defer i.mu.Unlock()
	created, ok := i.owners.latest[u]
	return time.Unix(int64(created), 0), ok
}
