package pods

import (
	"fmt"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

// ownerUID is the UID of the owner of that number.
func ownerUID(n int) types.UID {
	return types.UID(fmt.Sprintf("aaaaaaaa-0000-4000-8000-%012x", n))
}

func owned(n, owner int, created time.Time) *corev1.Pod {
	controls := true
	return &corev1.Pod{ObjectMeta: metav1.ObjectMeta{
		Name: fmt.Sprintf("p%d", n), Namespace: "shop", UID: types.UID(fmt.Sprintf("bbbbbbbb-0000-4000-8000-%012x", n)),
		CreationTimestamp: metav1.NewTime(created),
		OwnerReferences:   []metav1.OwnerReference{{Kind: "Something", UID: ownerUID(owner + 1000000)}, {Kind: "ReplicaSet", UID: ownerUID(owner), Controller: &controls}},
	}}
}

// TestCreatedFor verifies that the latest pod of an owner counts, also when it is gone, and
// none of which nobody would ask any more.
func TestCreatedFor(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)
	i := New()
	if err := i.Replace([]any{owned(1, 1, now.Add(-time.Hour)), owned(2, 2, now.Add(-time.Minute)), owned(3, 2, now.Add(-2*time.Minute)), owned(4, 3, now)}, ""); err != nil {
		t.Fatal(err)
	}
	if err := i.Delete(owned(2, 2, now.Add(-time.Minute))); err != nil {
		t.Fatal(err)
	}
	if at, ok := i.CreatedFor(ownerUID(2)); !ok || !at.Equal(now.Add(-time.Minute)) {
		t.Errorf("the last pod of the second owner was created at %s, %t", at, ok)
	}
	for what, owner := range map[string]types.UID{"an hour ago": ownerUID(1), "never": ownerUID(9), "for what does not control it": ownerUID(1000002), "for what is no UID": "x"} {
		if at, ok := i.CreatedFor(owner); ok {
			t.Errorf("a pod created %s is told of: %s", what, at)
		}
	}
}

// TestOwnersAreBounded makes more owners than are kept, long ago and lately.
func TestOwnersAreBounded(t *testing.T) {
	t.Parallel()
	o := owners{latest: map[uid]uint32{}}
	for n := range 3 * mostOwners {
		u, _ := parseUID(ownerUID(n))
		o.note(u, 1_000_000+uint32(n/mostOwners)*(ownersKept+1))
	}
	if len(o.latest) != mostOwners {
		t.Errorf("%d owners are kept, want %d", len(o.latest), mostOwners)
	}
	u, _ := parseUID(ownerUID(3*mostOwners - 1))
	if _, ok := o.latest[u]; !ok {
		t.Error("the latest is not among them")
	}
}
