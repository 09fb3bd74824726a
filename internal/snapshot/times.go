package snapshot

import (
	"maps"
	"slices"
	"time"

	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/kubevitals/kubevitals/sources"
)

// times finds the moment that a dump shows from the times in its objects. Each is by
// the clock of some machine, and one clock that is ahead must not make all else look
// old: those of a node are taken less what its Lease is ahead of the other Leases, and
// a single machine that is far ahead of all others is not believed.
type times struct {
	// stamps are the renewals of the Leases of nodes.
	stamps map[string]time.Time
	// silent are the nodes that were marked as such: their Leases stopped with them, and
	// tell nothing of the clocks of those that live.
	silent map[string]bool
	// written are the latest times in what API servers keep, by the machine whose
	// clock it was; passing those in what does not go through etcd.
	written, passing map[string]time.Time
	// control are the latest times that the control plane wrote, by the kind of writer.
	control map[string]time.Time
	// heard are the nodes that are in the dump themselves, or by their Leases.
	heard map[string]bool
	// regular says that there are times which are written anew all the time.
	regular bool
}

const (
	// lagging is how far behind the newest Lease that others agree with may be.
	lagging = 15 * time.Second
	// skewed is how far ahead of others a Lease is by its clock and not by chance.
	skewed = 30 * time.Second
	// believed is how far ahead of all others one machine may be: kubelets confirm
	// their conditions every 5 minutes.
	believed = 6 * time.Minute
)

// saw takes the latest time in one object, of which kept is what was kept.
func (t *times) saw(kept sources.Kept, latest time.Time) {
	if latest.IsZero() {
		return
	}
	t.sawControl(kept)
	machine, seen := "", &t.written
	switch o := kept.Object.(type) {
	case *corev1.Node:
		machine = o.Name
		t.hear(machine)
		t.regular = t.regular || beating(o)
		if unheard(o) {
			if t.silent == nil {
				t.silent = map[string]bool{}
			}
			t.silent[machine] = true
		}
	case *corev1.Pod:
		machine = o.Spec.NodeName
	case *corev1.Event:
		machine = o.Source.Host
	case *coordinationv1.Lease:
		t.regular = t.regular || o.Spec.RenewTime != nil
		if o.Namespace != corev1.NamespaceNodeLease {
			break
		}
		machine = o.Name
		t.hear(machine)
		if o.Spec.RenewTime != nil {
			put(&t.stamps, machine, o.Spec.RenewTime.Time)
		}
	case *unstructured.Unstructured:
		if o.GetKind() == "NodeMetrics" {
			machine, seen = o.GetName(), &t.passing
			t.regular = true
		}
	}
	put(seen, machine, latest)
}

// hear notes a node that writes all the time while it lives.
func (t *times) hear(node string) {
	if t.heard == nil {
		t.heard = map[string]bool{}
	}
	t.heard[node] = true
}

func put(m *map[string]time.Time, key string, at time.Time) {
	if *m == nil {
		*m = map[string]time.Time{}
	}
	if at.After((*m)[key]) {
		(*m)[key] = at
	}
}

// conclude returns the moment that the dump shows, and the latest at which something
// was written to the API server; zero where nothing tells.
func (t *times) conclude() (taken, written time.Time) {
	ahead := t.ahead()
	written = believable(t.written, ahead)
	if at := t.agreed(ahead); at.After(written) {
		written = at
	}
	if taken = believable(t.passing, ahead); taken.Before(written) {
		taken = written
	}
	return taken, written
}

// unheard tells whether a node is one whose kubelet does not report any more.
func unheard(n *corev1.Node) bool {
	return slices.ContainsFunc(n.Status.Conditions, func(c corev1.NodeCondition) bool {
		return c.Type == corev1.NodeReady && c.Status == corev1.ConditionUnknown
	})
}

// beating tells whether a kubelet reports a node, and says when it did.
func beating(n *corev1.Node) bool {
	return !unheard(n) && slices.ContainsFunc(n.Status.Conditions, func(c corev1.NodeCondition) bool { return !c.LastHeartbeatTime.IsZero() })
}

// ahead is by how much the clocks of nodes are ahead of what others agree on.
func (t *times) ahead() map[string]time.Duration {
	stamps := maps.Clone(t.stamps)
	maps.DeleteFunc(stamps, func(node string, _ time.Time) bool { return t.silent[node] })
	if len(stamps) < 3 {
		return nil
	}
	newest := slices.SortedFunc(maps.Values(stamps), func(a, b time.Time) int { return b.Compare(a) })
	reference := newest[0]
	for quorum := min(3, (len(newest)+1)/2); quorum > 1; quorum-- {
		if i := agreeing(newest, quorum); i >= 0 {
			reference = newest[i]
			break
		}
	}
	ahead := map[string]time.Duration{}
	for node, stamp := range stamps {
		if by := stamp.Sub(reference); by > skewed {
			ahead[node] = by
		}
	}
	return ahead
}

// agreeing is the index of the newest time that so many agree on; -1 if there is none.
func agreeing(newest []time.Time, quorum int) int {
	for i := 0; i+quorum <= len(newest); i++ {
		if newest[i].Sub(newest[i+quorum-1]) <= lagging {
			return i
		}
	}
	return -1
}

// believable is the latest of the times, by the clocks of different machines.
func believable(latest map[string]time.Time, ahead map[string]time.Duration) time.Time {
	var all []time.Time
	for machine, at := range latest {
		all = append(all, at.Add(-ahead[machine]))
	}
	slices.SortFunc(all, func(a, b time.Time) int { return b.Compare(a) })
	switch {
	case len(all) == 0:
		return time.Time{}
	case len(all) >= 3 && all[0].Sub(all[1]) > believed && all[1].Sub(all[2]) <= believed:
		return all[1]
	}
	return all[0]
}
