package sources

import (
	"testing"
	"testing/synctest"
	"time"

	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubevitals/kubevitals/sources/health"
	"github.com/kubevitals/kubevitals/sources/leases"
)

func TestNodeLeaseOf(t *testing.T) {
	t.Parallel()
	now := time.Unix(100, 0)
	s := &Sources{config: Config{Now: func() time.Time { return now }}}
	lease := &coordinationv1.Lease{ObjectMeta: metav1.ObjectMeta{Name: "n1"}}
	want := leases.Lease{Name: "n1", Duration: defaultLeaseDuration, Renewal: leases.Renewal{Seen: now}}
	if got, err := s.nodeLeaseOf(lease); err != nil || got != want {
		t.Errorf("empty Lease: %+v, %v", got, err)
	}
	seconds := int32(100)
	lease.Spec.LeaseDurationSeconds = &seconds
	lease.Spec.RenewTime = &metav1.MicroTime{Time: time.Unix(7, 0)}
	want.Duration, want.Stamp = 100*time.Second, time.Unix(7, 0)
	if got, err := s.nodeLeaseOf(lease); err != nil || got != want {
		t.Errorf("full Lease: %+v, %v", got, err)
	}
	if _, err := s.nodeLeaseOf(&corev1.Node{}); err == nil {
		t.Error("a Node is taken for a Lease")
	}
}

// TestRenewalsAreSeen verifies that a renewal bears the time at which it came, by our
// clock, however far off the holder's is, and that neither a list nor an event that
// brings the same Lease again is a renewal.
func TestRenewalsAreSeen(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &Sources{config: Config{Now: time.Now}, stores: map[Read]any{}}
		h := health.NewHealth("leases", time.Now)
		view := health.NewView(h, s.nodeLeaseOf).Merging(followNodeLease)
		stamp := time.Now().Add(-45 * time.Minute)
		lease := func() *coordinationv1.Lease {
			return &coordinationv1.Lease{
				ObjectMeta: metav1.ObjectMeta{Namespace: corev1.NamespaceNodeLease, Name: "n1"},
				Spec:       coordinationv1.LeaseSpec{RenewTime: &metav1.MicroTime{Time: stamp}},
			}
		}
		now := func() leases.Lease {
			list, err := view.List()
			if err != nil || len(list) != 1 {
				t.Fatalf("%v, %v", list, err)
			}
			return list[0]
		}
		must := func(err error) {
			if err != nil {
				t.Fatal(err)
			}
		}
		must(view.Replace([]any{lease()}, ""))
		if now().Changed {
			t.Error("what was listed first counts as a change")
		}
		time.Sleep(10 * time.Second)
		stamp = stamp.Add(10 * time.Second)
		must(view.Update(lease()))
		came := time.Now()
		time.Sleep(time.Minute)
		must(view.Update(lease()))
		must(view.Replace([]any{lease()}, ""))
		if got := now(); !got.Changed || !got.Seen.Equal(came) {
			t.Errorf("seen %s, want %s", got.Seen, came)
		}
	})
}
