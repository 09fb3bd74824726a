package fleet

import (
	"fmt"
	"slices"
	"sync/atomic"
	"time"

	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

// system is what a node runs, or is.
type system int

const (
	linux system = iota
	windows
	virtual // a virtual kubelet: no machine at all
	fargate // a machine for one pod, without DaemonSets
)

// machine is a node and what is behind it.
type machine struct {
	system system
	node   *corev1.Node
	// kubelet is whether its kubelet runs and reaches the API server; read by the
	// poller of kubelets, too.
	kubelet atomic.Bool
	// host is whether the machine answers at all.
	host atomic.Bool
	// heard is when its kubelet last renewed its Lease.
	heard time.Time
	// retries is until when it has not tried again yet.
	retries time.Time
	// started is when its kubelet started, in Unix seconds.
	started atomic.Int64
	// used is the share of its disk in use, in thousandths.
	used atomic.Int64
	// agentDown is whether its agent is being replaced.
	agentDown bool
	// silent is since when nothing was heard of it; zero while it is heard.
	silent time.Time
	gone   bool
	peers  []*machine
}

func uidOf(s string) types.UID { return types.UID(s) }

// newMachine registers a node, which is not ready yet.
func (c *Cluster) newMachine(of system, pool string, at time.Time) *machine {
	name := c.name(map[system]string{linux: "ip-10-0", windows: "win", virtual: "virtual-node-aci", fargate: "fargate-ip-10-1"}[of])
	zone := string(rune('a' + c.serial%3))
	m := &machine{system: of}
	m.node = &corev1.Node{
		ObjectMeta: metav1.ObjectMeta{
			Name: name, UID: uidOf(c.uid()), CreationTimestamp: metav1.NewTime(at),
			Labels: map[string]string{
				corev1.LabelHostname: name, corev1.LabelOSStable: "linux", corev1.LabelArchStable: "amd64",
				corev1.LabelTopologyZone: zone, "pool": pool,
			},
		},
		Status: corev1.NodeStatus{
			Capacity:    amounts("8", "32Gi"),
			Allocatable: amounts("7800m", "29Gi"),
			Addresses:   []corev1.NodeAddress{{Type: corev1.NodeInternalIP, Address: fmt.Sprintf("10.%d.%d.%d", c.serial>>16&255, c.serial>>8&255, c.serial&255)}},
			NodeInfo:    corev1.NodeSystemInfo{KubeletVersion: "v1.35.2", OperatingSystem: "linux", ContainerRuntimeVersion: "containerd://2.1.4", KernelVersion: "6.12.0"},
		},
	}
	n := m.node
	switch of {
	case windows:
		n.Labels[corev1.LabelOSStable], n.Status.NodeInfo.OperatingSystem, n.Status.NodeInfo.KernelVersion = "windows", "windows", "10.0.20348.2700"
		n.Spec.Taints = []corev1.Taint{{Key: "os", Value: "windows", Effect: corev1.TaintEffectNoSchedule}}
	case virtual:
		n.Labels["type"] = "virtual-kubelet"
		n.Status.NodeInfo.KubeletVersion = "v1.19.10-vk-azure-aci-1.6.2"
		n.Spec.Taints = []corev1.Taint{{Key: "virtual-kubelet.io/provider", Value: "azure", Effect: corev1.TaintEffectNoSchedule}}
	case fargate:
		n.Labels["eks.amazonaws.com/compute-type"] = "fargate"
		n.Spec.Taints = []corev1.Taint{{Key: "eks.amazonaws.com/compute-type", Value: "fargate", Effect: corev1.TaintEffectNoSchedule}}
	}
	m.kubelet.Store(true)
	m.host.Store(true)
	m.started.Store(at.Unix())
	m.used.Store(350 + int64(c.random.IntN(250)))
	m.heard = at
	c.machines = append(c.machines, m)
	m.condition(corev1.NodeReady, corev1.ConditionFalse, "KubeletNotReady",
		"container runtime network not ready: NetworkReady=false reason:NetworkPluginNotReady message:Network plugin returns error: cni plugin not initialized", at)
	for _, kind := range []corev1.NodeConditionType{corev1.NodeMemoryPressure, corev1.NodeDiskPressure, corev1.NodePIDPressure} {
		m.condition(kind, corev1.ConditionFalse, "KubeletHas", "", at)
	}
	if of == linux {
		m.condition("KernelDeadlock", corev1.ConditionFalse, "KernelHasNoDeadlock", "", at)
		m.condition("DeprecatedMirrorsFieldInContainerdConfiguration", corev1.ConditionTrue, "Deprecated", "", at)
	}
	m.node.Spec.Taints = append(m.node.Spec.Taints, corev1.Taint{Key: corev1.TaintNodeNotReady, Effect: corev1.TaintEffectNoSchedule})
	c.putNode(m)
	c.startDaemons(m)
	return m
}

func amounts(cpu, memory string) corev1.ResourceList {
	return corev1.ResourceList{corev1.ResourceCPU: resource.MustParse(cpu), corev1.ResourceMemory: resource.MustParse(memory)}
}

// join makes a machine that joins as new nodes do: not ready, with a start-up taint,
// until its network is up.
func (c *Cluster) join(of system, pool string) {
	m := c.newMachine(of, pool, c.now())
	m.taint("node.cilium.io/agent-not-ready")
	c.putNode(m)
	c.event(corev1.EventTypeNormal, "Node", "Starting", "kubelet", m.node.ObjectMeta, m.node.Name)
	c.warn("Node", "InvalidDiskCapacity", "kubelet", m.node.ObjectMeta, m.node.Name)
	c.after(c.between(40*time.Second, 2*time.Minute), func() { c.ready(m) })
}

// ready makes a node ready, unless it is gone by now.
func (c *Cluster) ready(m *machine) {
	if m.gone || !m.kubelet.Load() {
		return
	}
	m.untaint(corev1.TaintNodeNotReady, corev1.TaintNodeUnreachable, "node.cilium.io/agent-not-ready")
	m.condition(corev1.NodeReady, corev1.ConditionTrue, "KubeletReady", "kubelet is posting ready status", c.now())
	c.putNode(m)
	for _, p := range c.podsOn(m) {
		if p.running {
			c.setReady(p, true)
		}
	}
}

func (c *Cluster) putNode(m *machine) {
	if !m.gone {
		c.API.Put(nodes, m.node)
	}
}

func (m *machine) condition(kind corev1.NodeConditionType, status corev1.ConditionStatus, reason, message string, at time.Time) {
	i := slices.IndexFunc(m.node.Status.Conditions, func(c corev1.NodeCondition) bool { return c.Type == kind })
	if i < 0 {
		m.node.Status.Conditions = append(m.node.Status.Conditions, corev1.NodeCondition{Type: kind})
		i = len(m.node.Status.Conditions) - 1
	}
	was := m.node.Status.Conditions[i]
	is := corev1.NodeCondition{
		Type: kind, Status: status, Reason: reason, Message: message,
		LastHeartbeatTime: metav1.NewTime(at), LastTransitionTime: was.LastTransitionTime,
	}
	if was.Status != status {
		is.LastTransitionTime = metav1.NewTime(at)
	}
	m.node.Status.Conditions[i] = is
}

func (m *machine) isReady() bool {
	return slices.ContainsFunc(m.node.Status.Conditions, func(c corev1.NodeCondition) bool {
		return c.Type == corev1.NodeReady && c.Status == corev1.ConditionTrue
	})
}

func (m *machine) taint(key string) {
	m.node.Spec.Taints = append(m.node.Spec.Taints, corev1.Taint{Key: key, Effect: corev1.TaintEffectNoSchedule})
}

func (m *machine) untaint(keys ...string) {
	m.node.Spec.Taints = slices.DeleteFunc(m.node.Spec.Taints, func(t corev1.Taint) bool { return slices.Contains(keys, t.Key) })
}

// heartbeats renews the Leases of all kubelets that run, and now and then confirms
// their conditions.
func (c *Cluster) heartbeats() {
	if c.plane.down {
		return // nothing can be written
	}
	now := c.now()
	for i, m := range c.machines {
		if !m.kubelet.Load() || now.Before(m.retries) {
			continue
		}
		m.heard = now
		if m.system == virtual { // none of a kubelet, ever; its provider posts the status
			continue
		}
		duration := int32(40)
		stamp := metav1.NewMicroTime(now.Add(-time.Duration(i%7) * 300 * time.Millisecond))
		c.API.Put(leases, &coordinationv1.Lease{
			ObjectMeta: metav1.ObjectMeta{Namespace: corev1.NamespaceNodeLease, Name: m.node.Name},
			Spec:       coordinationv1.LeaseSpec{HolderIdentity: &m.node.Name, LeaseDurationSeconds: &duration, RenewTime: &stamp},
		})
		if (now.Unix()/10+int64(i))%30 == 0 { // every 5 minutes
			for n := range m.node.Status.Conditions {
				m.node.Status.Conditions[n].LastHeartbeatTime = metav1.NewTime(now)
			}
			c.drift(m)
			c.putNode(m)
		}
	}
}

// watchNodes is what the controller manager does about nodes that fall silent.
func (c *Cluster) watchNodes() {
	now := c.now()
	for _, m := range c.machines {
		switch silent := now.Sub(m.heard); {
		case silent < 50*time.Second || c.plane.down:
			m.silent = time.Time{}
		case m.silent.IsZero():
			m.silent = now
			for _, kind := range []corev1.NodeConditionType{corev1.NodeReady, corev1.NodeMemoryPressure, corev1.NodeDiskPressure, corev1.NodePIDPressure} {
				m.condition(kind, corev1.ConditionUnknown, "NodeStatusUnknown", "Kubelet stopped posting node status.", now)
			}
			m.taint(corev1.TaintNodeUnreachable)
			c.putNode(m)
			for _, p := range c.podsOn(m) {
				c.setReady(p, false)
				c.warn("Pod", "NodeNotReady", "node-controller", p.pod.ObjectMeta, "")
			}
		case now.Sub(m.silent) >= 5*time.Minute && now.Sub(m.silent) < 5*time.Minute+tick:
			for _, p := range c.podsOn(m) {
				if p.app != nil {
					c.remove(p)
				}
			}
		}
	}
}

// leave removes a node for good, with its Lease and all that was on it.
func (c *Cluster) leave(m *machine) {
	if m.gone {
		return
	}
	c.API.Delete(nodes, m.node)
	c.API.Delete(leases, &coordinationv1.Lease{ObjectMeta: metav1.ObjectMeta{Namespace: corev1.NamespaceNodeLease, Name: m.node.Name}})
	m.gone = true
	m.kubelet.Store(false)
	m.host.Store(false)
	c.machines = slices.DeleteFunc(c.machines, func(other *machine) bool { return other == m })
	c.after(c.between(20*time.Second, 40*time.Second), func() { // the garbage collector of pods
		for _, p := range c.podsOn(m) {
			c.remove(p)
			c.forget(p)
		}
	})
}
