package fleet

import (
	"time"

	corev1 "k8s.io/api/core/v1"
)

// drain cordons a node and evicts its pods one after the other. It returns when all
// are gone, or will be.
func (c *Cluster) drain(m *machine, then func()) {
	m.node.Spec.Unschedulable = true
	m.taint(corev1.TaintNodeUnschedulable)
	c.putNode(m)
	wait := time.Duration(0)
	for _, p := range c.podsOn(m) {
		if p.app == nil {
			continue
		}
		wait += c.between(0, 20*time.Second)
		if c.random.IntN(40) == 0 {
			wait += c.between(2*time.Minute, 6*time.Minute) // a budget of disruptions
		}
		c.after(wait, func() { c.remove(p) })
	}
	c.after(wait+40*time.Second, func() {
		if !m.gone {
			then()
		}
	})
}

func (c *Cluster) uncordon(m *machine) {
	m.node.Spec.Unschedulable = false
	m.untaint(corev1.TaintNodeUnschedulable)
	c.putNode(m)
}

// off stops a machine or only its kubelet for a while.
func (c *Cluster) off(m *machine, host bool, lasts time.Duration, then func()) {
	m.kubelet.Store(false)
	m.host.Store(!host)
	c.after(lasts, func() {
		if m.gone {
			return
		}
		m.kubelet.Store(true)
		m.host.Store(true)
		m.started.Store(c.now().Unix())
		m.heard = c.now()
		c.event(corev1.EventTypeNormal, "Node", "Starting", "kubelet", m.node.ObjectMeta, m.node.Name)
		if host {
			c.warn("Node", "Rebooted", "kubelet", m.node.ObjectMeta, m.node.Name)
		}
		c.after(c.between(5*time.Second, 30*time.Second), func() { c.ready(m) })
		if then != nil {
			then()
		}
	})
}

func (c *Cluster) maintain() {
	m := c.pick(usable)
	if m == nil {
		return
	}
	c.drain(m, func() {
		c.off(m, c.random.IntN(2) == 0, c.between(5*time.Minute, 9*time.Minute), func() {
			c.after(2*time.Minute, func() { c.uncordon(m) })
		})
	})
}

func (c *Cluster) reboot() {
	m := c.pick(usable)
	if m == nil {
		return
	}
	c.drain(m, func() {
		c.off(m, true, c.between(90*time.Second, 4*time.Minute), func() {
			c.after(time.Minute, func() { c.uncordon(m) })
		})
	})
}

func (c *Cluster) restartKubelet() {
	if m := c.pick(usable); m != nil {
		c.off(m, false, c.between(5*time.Second, 25*time.Second), nil)
	}
}

// replace takes a machine away as an autoscaler does: its taint, the drain, the end of
// the machine, and after a while that of the node.
func (c *Cluster) replace(m *machine, taint string, another bool) {
	m.taint(taint)
	if another {
		c.join(linux, m.node.Labels["pool"])
	}
	c.drain(m, func() {
		m.kubelet.Store(false)
		m.host.Store(false)
		c.after(c.between(10*time.Second, 4*time.Minute), func() { c.leave(m) })
	})
}

func (c *Cluster) scaleDown() {
	if m := c.pick(usable); m != nil {
		c.replace(m, "ToBeDeletedByClusterAutoscaler", false)
	}
}

func (c *Cluster) disrupt() {
	if m := c.pick(usable); m != nil {
		c.replace(m, "karpenter.sh/disrupted", true)
	}
}

// reclaim takes a spot machine away: two minutes after a notice, or at once.
func (c *Cluster) reclaim(notice bool) {
	m := c.pick(usable)
	if m == nil {
		return
	}
	die := func() {
		m.kubelet.Store(false)
		m.host.Store(false)
		c.after(c.between(time.Minute, 5*time.Minute), func() { c.leave(m) })
	}
	if !notice {
		die()
		return
	}
	m.taint("aws-node-termination-handler/spot-itn")
	c.drain(m, func() {})
	c.after(2*time.Minute, die)
}

func (c *Cluster) storm() {
	for range max(1, len(c.machines)/20) {
		c.after(c.between(0, 2*time.Minute), func() { c.reclaim(c.random.IntN(3) > 0) })
	}
}

// upgradePool replaces the nodes of a pool, some at a time: the new one first.
func (c *Cluster) upgradePool() {
	var pool []*machine
	for _, m := range c.machines {
		if m.node.Labels["pool"] == "pool-b" && m.system == linux && usable(m) {
			pool = append(pool, m)
		}
	}
	at := time.Duration(0)
	for i, m := range pool {
		c.after(at, func() {
			if !m.gone && usable(m) {
				c.Happened["upgrade: a node replaced"]++
				c.replace(m, "cloud.google.com/impending-node-termination", true)
			}
		})
		if i%3 == 2 { // three surge
			at += c.between(90*time.Second, 4*time.Minute)
		}
	}
}

func (c *Cluster) turnFargate() {
	c.join(fargate, "fargate")
	if m := c.pick(func(m *machine) bool { return m.system == fargate && m.isReady() }); m != nil {
		m.kubelet.Store(false)
		m.host.Store(false)
		c.after(c.between(10*time.Second, 90*time.Second), func() { c.leave(m) })
	}
}
