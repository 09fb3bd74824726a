package sources

import (
	"fmt"
	"time"

	coordinationv1 "k8s.io/api/coordination/v1"
)

// defaultLeaseDuration is that of a kubelet whose configuration does not set it.
const defaultLeaseDuration = 40 * time.Second

// NodeLease is what is kept of the Lease by which a kubelet shows that it lives.
type NodeLease struct {
	// Node is the node's name, which is the Lease's.
	Node string
	// Renewed is when the kubelet last renewed it, by the clock of the node; zero
	// when it never did.
	Renewed time.Time
	// Duration is how long a renewal is good for.
	Duration time.Duration
}

func nodeLeaseOf(obj any) (NodeLease, error) {
	lease, ok := obj.(*coordinationv1.Lease)
	if !ok {
		return NodeLease{}, fmt.Errorf("unexpected type %T", obj)
	}
	l := NodeLease{Node: lease.Name, Duration: defaultLeaseDuration}
	if t := lease.Spec.RenewTime; t != nil {
		l.Renewed = t.Time
	}
	if d := lease.Spec.LeaseDurationSeconds; d != nil && *d > 0 {
		l.Duration = time.Duration(*d) * time.Second
	}
	return l, nil
}
