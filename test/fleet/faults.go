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
	// Heal undoes it; nil where nothing does.
	Heal func(*Cluster)
	// Tells are the alerts of which each must fire.
	Tells []string
}

// Faults are those that a healthy cluster can be given: the incidents, and smaller ones.
func Faults() []Fault {
	return append(Incidents(), []Fault{
		{"a node that falls silent", func(c *Cluster) {
			m := c.pick(usable)
			m.kubelet.Store(false)
			m.host.Store(false)
		}, nil, []string{"KubeVitalsNodeNotReady"}},
		{"a full disk", func(c *Cluster) {
			m := c.pick(usable)
			c.faults.fullDisk = m
			m.used.Store(955)
			m.condition(corev1.NodeDiskPressure, corev1.ConditionTrue, "KubeletHasDiskPressure", "", c.now())
			m.taint(corev1.TaintNodeDiskPressure)
			c.putNode(m)
		}, nil, []string{"KubeVitalsNodeDiskPressure"}},
		{"a scheduler that is gone", func(c *Cluster) {
			c.plane.elections["kube-scheduler"].vacant = c.now().Add(24 * time.Hour)
		}, nil, []string{"KubeVitalsSchedulerDown"}},
		{"etcd that takes no writes", func(c *Cluster) { c.plane.down = true }, (*Cluster).write, []string{"KubeVitalsAPIServerWritesFailing"}},
		{"half of the nodes silent", func(c *Cluster) {
			for i, m := range c.machines {
				if i%2 == 0 {
					m.kubelet.Store(false)
				}
			}
		}, nil, []string{"KubeVitalsNodesNotReady"}},
	}...)
}

// Incidents are faults of which much follows, each with an end.
func Incidents() []Fault {
	return []Fault{
		{"etcd out of space", func(c *Cluster) { c.plane.down, c.plane.full = true, true }, func(c *Cluster) {
			c.plane.full = false
			c.write()
		}, []string{"KubeVitalsEtcdAlarm"}},
		{"a zone that is down", (*Cluster).loseZone, (*Cluster).regainZone, []string{"KubeVitalsNodesNotReady"}},
		{"DNS that crashes", (*Cluster).crashDNS, (*Cluster).mendDNS, []string{"KubeVitalsDNSNoEndpoints"}},
		{"no API server answers", (*Cluster).losePlane, (*Cluster).regainPlane, []string{"KubeVitalsAPIServerAllDown"}},
	}
}

// Give plants a fault after a while.
func (c *Cluster) Give(f Fault, after time.Duration) { c.after(after, func() { f.Plant(c) }) }

// Mend heals a fault after a while.
func (c *Cluster) Mend(f Fault, after time.Duration) { c.after(after, func() { f.Heal(c) }) }

// write lets things be written again. Controllers that lost their Leases have ended by
// then, and kubelets try again each in its own time.
func (c *Cluster) write() {
	c.plane.down = false
	for name := range c.plane.elections {
		c.elect(name)
	}
	for _, m := range c.machines {
		if m.kubelet.Load() {
			m.retries = c.now().Add(c.between(0, 20*time.Second))
		}
		m.heard = c.now() // by a node controller that has just begun to listen
	}
}

// lostZone is the one that goes down: that of the second machine of the control plane.
const lostZone = "b"

func zoneOf(m *machine) string { return m.node.Labels[corev1.LabelTopologyZone] }

// loseZone takes the machines of a zone away, and one of the control plane with them.
func (c *Cluster) loseZone() {
	for _, m := range c.machines {
		if zoneOf(m) == lostZone {
			m.kubelet.Store(false)
			m.host.Store(false)
		}
	}
	c.lose(1)
}

// regainZone brings them back: their pods that were to go end, others run on.
func (c *Cluster) regainZone() {
	c.plane.servers[1].down, c.plane.servers[1].dark = false, false
	for _, m := range c.machines {
		if zoneOf(m) != lostZone || m.kubelet.Load() {
			continue
		}
		c.off(m, true, c.between(0, time.Minute), func() {
			for _, p := range c.podsOn(m) {
				if p.leaving {
					c.after(c.between(3*time.Second, 30*time.Second), func() { c.forget(p) })
				}
			}
		})
	}
}

// losePlane ends all API servers: connections to them are refused.
func (c *Cluster) losePlane() {
	for _, s := range c.plane.servers {
		s.end(c.now())
	}
	c.plane.down, c.plane.gone = true, c.now()
	c.API.Refuse(&url.Error{Op: "Get", URL: nobody().Host, Err: syscall.ECONNREFUSED})
	c.API.HangUp()
}

// regainPlane lets them answer again.
func (c *Cluster) regainPlane() {
	for _, s := range c.plane.servers {
		s.down = false
	}
	c.plane.gone = time.Time{}
	c.API.Refuse(nil)
	c.write()
}

func (c *Cluster) crashDNS() {
	c.dnsContainers(false, corev1.ContainerStatus{
		Name: "main", RestartCount: 9,
		State:                corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: "CrashLoopBackOff"}},
		LastTerminationState: corev1.ContainerState{Terminated: &corev1.ContainerStateTerminated{ExitCode: 1, Reason: "Error"}},
	})
}

func (c *Cluster) mendDNS() {
	c.dnsContainers(true, corev1.ContainerStatus{
		Name: "main", RestartCount: 10, Ready: true,
		State:                corev1.ContainerState{Running: &corev1.ContainerStateRunning{StartedAt: stamp(c.now())}},
		LastTerminationState: corev1.ContainerState{Terminated: &corev1.ContainerStateTerminated{ExitCode: 1, Reason: "Error", FinishedAt: stamp(c.now())}},
	})
}

// dnsContainers changes what the containers of all DNS servers do.
func (c *Cluster) dnsContainers(running bool, is corev1.ContainerStatus) {
	for _, a := range c.addons {
		if a.name != "coredns" {
			continue
		}
		for _, p := range c.podsOf(a) {
			p.running = running
			p.pod.Status.ContainerStatuses = []corev1.ContainerStatus{is}
			c.setReady(p, running)
		}
	}
}
