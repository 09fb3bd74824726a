package fleet

import (
	"net/url"
	"syscall"
	"time"

	corev1 "k8s.io/api/core/v1"
)

// faults are what was planted.
type faults struct{ fullDisk *machine }

// Fault is something that is wrong with a cluster, and the alerts that must tell it.
type Fault struct {
	Name  string
	Plant func(*Cluster)
	// Tells are the alerts of which each must fire.
	Tells []string
}

// Faults are those that a healthy cluster can be given.
func Faults() []Fault {
	return []Fault{
		{"a node that falls silent", func(c *Cluster) {
			m := c.pick(usable)
			m.kubelet.Store(false)
			m.host.Store(false)
		}, []string{"KubeVitalsNodeNotReady"}},
		{"DNS that crashes", (*Cluster).crashDNS, []string{"KubeVitalsDNSNoEndpoints"}},
		{"a full disk", func(c *Cluster) {
			m := c.pick(usable)
			c.faults.fullDisk = m
			m.used.Store(955)
			m.condition(corev1.NodeDiskPressure, corev1.ConditionTrue, "KubeletHasDiskPressure", "", c.now())
			m.taint(corev1.TaintNodeDiskPressure)
			c.putNode(m)
		}, []string{"KubeVitalsNodeDiskPressure"}},
		{"a scheduler that is gone", func(c *Cluster) {
			c.plane.elections["kube-scheduler"].vacant = c.now().Add(24 * time.Hour)
		}, []string{"KubeVitalsSchedulerDown"}},
		{"etcd that takes no writes", func(c *Cluster) { c.plane.down = true }, []string{"KubeVitalsAPIServerWritesFailing"}},
		{"half of the nodes silent", func(c *Cluster) {
			for i, m := range c.machines {
				if i%2 == 0 {
					m.kubelet.Store(false)
				}
			}
		}, []string{"KubeVitalsNodesNotReady"}},
		{"a zone that is down", (*Cluster).loseZone, []string{"KubeVitalsNodesNotReady"}},
		{"no API server answers", (*Cluster).losePlane, []string{"KubeVitalsAPIServerAllDown"}},
	}
}

// loseZone takes the machines of a zone away.
func (c *Cluster) loseZone() {
	lost := c.machines[len(c.machines)/2].node.Labels[corev1.LabelTopologyZone]
	for _, m := range c.machines {
		if m.node.Labels[corev1.LabelTopologyZone] == lost {
			m.kubelet.Store(false)
			m.host.Store(false)
		}
	}
}

// losePlane ends all API servers: connections to them are refused.
func (c *Cluster) losePlane() {
	for _, s := range c.plane.servers {
		s.down = true
	}
	c.plane.down = true
	c.API.Refuse(&url.Error{Op: "Get", URL: nobody().Host, Err: syscall.ECONNREFUSED})
	c.API.HangUp()
}

// Give plants a fault after a while.
func (c *Cluster) Give(f Fault, after time.Duration) { c.after(after, func() { f.Plant(c) }) }

func (c *Cluster) crashDNS() {
	for _, a := range c.addons {
		if a.name != "coredns" {
			continue
		}
		for _, p := range c.podsOf(a) {
			p.running = false
			p.pod.Status.ContainerStatuses = []corev1.ContainerStatus{{
				Name: "main", RestartCount: 9,
				State:                corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: "CrashLoopBackOff"}},
				LastTerminationState: corev1.ContainerState{Terminated: &corev1.ContainerStateTerminated{ExitCode: 1, Reason: "Error"}},
			}}
			c.setReady(p, false)
		}
	}
}
