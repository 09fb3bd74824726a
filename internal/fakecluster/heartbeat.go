package fakecluster

import (
	"context"
	"time"

	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
)

// fresh is the age up to which a lease belongs to something alive: all
// components of Kubernetes renew theirs every 10 s or more often.
const fresh = time.Minute

// liveLeases are the leases whose holders were alive at the time of the Spec.
func liveLeases(objects []runtime.Object, now time.Time) []types.NamespacedName {
	var live []types.NamespacedName
	for _, obj := range objects {
		l, ok := obj.(*coordinationv1.Lease)
		if ok && l.Spec.RenewTime != nil && now.Sub(l.Spec.RenewTime.Time) <= fresh {
			live = append(live, types.NamespacedName{Namespace: l.Namespace, Name: l.Name})
		}
	}
	return live
}

// beat keeps what is alive looking alive until ctx ends.
func (c *Cluster) beat(ctx context.Context, leases []types.NamespacedName) {
	tick := time.NewTicker(c.options.LeaseInterval)
	defer tick.Stop()
	// Nodes take turns, as kubelets do that did not all start at once.
	turns := max(1, int(c.options.HeartbeatInterval/c.options.LeaseInterval))
	for turn := 0; ; turn++ {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		for _, l := range leases {
			c.renew(l)
		}
		c.confirmNodes(turn%turns, turns)
	}
}

// renew renews a lease unless its holder died since.
func (c *Cluster) renew(name types.NamespacedName) {
	t, _ := c.store.table("leases")
	e, err := c.store.get(t, name.Namespace, name.Name)
	if err != nil {
		return // deleted
	}
	lease := e.object.(*coordinationv1.Lease)
	if s, ok := c.apiServer(lease.Labels[corev1.LabelHostname]); ok && lease.Labels[identityLabel] != "" && !beats(s.endpoint) {
		return
	}
	if k, ok := c.kubelets.get(lease.Name); ok && lease.Namespace == corev1.NamespaceNodeLease && !beats(k.endpoint) {
		return
	}
	lease = lease.DeepCopy()
	now := metav1.NewMicroTime(c.options.Now())
	lease.Spec.RenewTime = &now
	c.replace(lease)
}

// confirmNodes renews the heartbeats of the conditions of every nth node whose
// kubelet is alive; those of other nodes stay what the node controller made of
// them.
func (c *Cluster) confirmNodes(turn, n int) {
	t, _ := c.store.table("nodes")
	nodes, _ := c.store.now(t)
	for i := turn; i < len(nodes); i += n {
		node := nodes[i].object.(*corev1.Node)
		if k, ok := c.kubelets.get(node.Name); !ok || !beats(k.endpoint) {
			continue
		}
		node = node.DeepCopy()
		for i := range node.Status.Conditions {
			node.Status.Conditions[i].LastHeartbeatTime = metav1.NewTime(c.options.Now())
		}
		c.replace(node)
	}
}

// replace stores a newer version of an object, unless somebody else did just now.
func (c *Cluster) replace(obj runtime.Object) {
	if _, err := c.store.upsert(obj, c.options.Now()); err != nil {
		c.options.Logger.Debug("heartbeat lost", "err", err)
	}
}

// beats tells whether a component still writes to the API: what has lost its
// certificate or refuses requests does.
func beats(e *endpoint) bool {
	switch e.state() {
	case Dead, Hung:
		return false
	}
	return true
}
