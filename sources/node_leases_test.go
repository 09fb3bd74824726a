package sources

import (
	"testing"
	"time"

	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

func TestNodeLeaseOf(t *testing.T) {
	t.Parallel()
	lease := &coordinationv1.Lease{ObjectMeta: metav1.ObjectMeta{Name: "n1"}}
	if got, err := nodeLeaseOf(lease); err != nil || got != (NodeLease{Node: "n1", Duration: defaultLeaseDuration}) {
		t.Errorf("empty Lease: %+v, %v", got, err)
	}
	seconds := int32(100)
	lease.Spec.LeaseDurationSeconds = &seconds
	lease.Spec.RenewTime = &metav1.MicroTime{Time: time.Unix(7, 0)}
	if got, err := nodeLeaseOf(lease); err != nil || got != (NodeLease{Node: "n1", Renewed: time.Unix(7, 0), Duration: 100 * time.Second}) {
		t.Errorf("full Lease: %+v, %v", got, err)
	}
	if _, err := nodeLeaseOf(&corev1.Node{}); err == nil {
		t.Error("a Node is taken for a Lease")
	}
}
