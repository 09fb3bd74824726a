package sources

import (
	"fmt"
	"slices"
	"time"

	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubevitals/kubevitals/sources/health"
	"github.com/kubevitals/kubevitals/sources/leases"
)

// defaultLeaseDuration is that of a kubelet whose configuration does not set it.
const defaultLeaseDuration = 40 * time.Second

// controllerManager is the election of whoever marks nodes that fall silent.
const controllerManager = "kube-controller-manager"

// SystemLease is a Lease of the namespace kube-system.
type SystemLease struct {
	*coordinationv1.Lease
	leases.Renewal
}

// Leases are those of nodes and of the control plane, judged together.
type Leases struct {
	nodes  *health.View[leases.Lease]
	system *health.View[SystemLease]
	dump   leases.Dump
	now    func() time.Time
}

// Leases are the Leases of the namespaces kube-node-lease and kube-system.
func (s *Sources) Leases() *Leases {
	return &Leases{nodes: s.nodeLeases(), system: s.systemLeases(), dump: s.config.Dump, now: s.Now}
}

// LeasesJudged is what the Leases tell. What cannot be seen is missing, and its
// error says why.
type LeasesJudged struct {
	leases.Judgement
	System               []SystemLease
	NodesErr, SystemsErr error
}

// SystemJudged is what the Lease of kube-system with that name tells.
func (j LeasesJudged) SystemJudged(name string) leases.Judged { return j.Judgement.System[name] }

// Judge judges all Leases that can be seen. The nodes say which of them count as
// alive; without them less is known of clocks.
func (l *Leases) Judge(nodes []*corev1.Node) LeasesJudged {
	f := leases.Facts{
		ControllerManager: controllerManager, Dump: l.dump, Now: l.now(),
		Posted: make(map[string]bool, len(nodes)), Status: make(map[string]time.Time, len(nodes)),
		StatusWritten: make(map[string]time.Time, len(nodes)),
	}
	for _, n := range nodes {
		c := ConditionOf(n, corev1.NodeReady)
		f.Posted[n.Name] = c != nil && (c.Status == corev1.ConditionTrue || c.Status == corev1.ConditionFalse)
		f.Status[n.Name], f.StatusWritten[n.Name] = statusPosted(n), statusWritten(n)
	}
	var j LeasesJudged
	f.Nodes, j.NodesErr = l.nodes.List()
	j.System, j.SystemsErr = l.system.List()
	for _, lease := range j.System {
		each := leases.Lease{Name: lease.Name, Renewal: lease.Renewal}
		if t := lease.Spec.AcquireTime; t != nil {
			each.Acquired = t.Time
		}
		if slices.Contains(Elections(), lease.Name) {
			f.Elections = append(f.Elections, each)
		} else {
			f.Others = append(f.Others, each)
		}
	}
	j.Judgement = leases.Judge(f)
	return j
}

// statusPosted is the time, by the clock of the node, at which its kubelet posted its
// status last; zero if it never did. What was written for it in its stead tells nothing.
func statusPosted(n *corev1.Node) time.Time {
	var last time.Time
	for _, c := range n.Status.Conditions {
		switch c.Type {
		case corev1.NodeReady, corev1.NodeMemoryPressure, corev1.NodeDiskPressure, corev1.NodePIDPressure:
			if c.Reason != "NodeStatusNeverUpdated" && c.LastHeartbeatTime.After(last) {
				last = c.LastHeartbeatTime.Time
			}
		}
	}
	return last
}

// systemLeases are the Leases of the namespace kube-system: the identities of API
// servers and the elections of the control plane's controllers.
func (s *Sources) systemLeases() *health.View[SystemLease] {
	return follow(s, SystemLeases, func(h *health.Health) *health.View[SystemLease] {
		return health.NewView(h, func(obj any) (SystemLease, error) {
			lease, err := health.Trim[*coordinationv1.Lease](obj)
			if err != nil {
				return SystemLease{}, err
			}
			return SystemLease{lease, s.renewalOf(lease)}, nil
		}).Merging(func(before, after SystemLease) SystemLease {
			after.Renewal = after.Follow(before.Renewal)
			return after
		})
	})
}

// nodeLeases are the Leases of the namespace kube-node-lease.
func (s *Sources) nodeLeases() *health.View[leases.Lease] {
	return follow(s, NodeLeases, func(h *health.Health) *health.View[leases.Lease] {
		return health.NewView(h, s.nodeLeaseOf).Merging(followNodeLease)
	})
}

func followNodeLease(before, after leases.Lease) leases.Lease {
	after.Renewal = after.Follow(before.Renewal)
	return after
}

func (s *Sources) nodeLeaseOf(obj any) (leases.Lease, error) {
	lease, ok := obj.(*coordinationv1.Lease)
	if !ok {
		return leases.Lease{}, fmt.Errorf("unexpected type %T", obj)
	}
	l := leases.Lease{Name: lease.Name, Duration: defaultLeaseDuration, Renewal: s.renewalOf(lease)}
	if d := lease.Spec.LeaseDurationSeconds; d != nil && *d > 0 {
		l.Duration = time.Duration(*d) * time.Second
	}
	return l, nil
}

func (s *Sources) renewalOf(lease *coordinationv1.Lease) leases.Renewal {
	r := leases.Renewal{Seen: s.Now()}
	if t := lease.Spec.RenewTime; t != nil {
		r.Stamp = t.Time
	}
	return r
}

// renewedByOurClock are the Leases of kube-system for whoever compares their times
// with the present: they bear the time at which a renewal was seen.
func (s *Sources) renewedByOurClock() ([]*coordinationv1.Lease, error) {
	read, err := listed[SystemLease](s, SystemLeases)
	if err != nil {
		return nil, err
	}
	f := leases.Facts{Dump: s.config.Dump, Now: s.Now()}
	for _, lease := range read {
		f.Nodes = append(f.Nodes, leases.Lease{Name: lease.Name, Renewal: lease.Renewal}) // each a witness
	}
	judged := leases.Judge(f)
	list := make([]*coordinationv1.Lease, 0, len(read))
	for _, lease := range read {
		moved := *lease.Lease
		if moved.Spec.RenewTime != nil {
			at := metav1.NewMicroTime(judged.Nodes[lease.Name].Renewed)
			moved.Spec.RenewTime = &at
		}
		list = append(list, &moved)
	}
	return list, nil
}
