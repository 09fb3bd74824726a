package fleet

import (
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
)

// happening is something that happens in a healthy cluster, and how often in a day of
// one with 300 nodes.
type happening struct {
	name  string
	daily int
	// once says that it does not grow with the cluster.
	once bool
	do   func(*Cluster)
}

// happenings are what happens in healthy clusters.
func happenings() []happening {
	return []happening{
		{"drain: cordon, evictions, maintenance, back", 12, false, (*Cluster).maintain},
		{"upgrade: nodes of a pool replaced one after the other", 1, true, (*Cluster).upgradePool},
		{"scale-down: removed by cluster-autoscaler", 24, false, (*Cluster).scaleDown},
		{"disruption: replaced by Karpenter", 16, false, (*Cluster).disrupt},
		{"spot: reclaimed with a notice", 16, false, func(c *Cluster) { c.reclaim(true) }},
		{"spot: gone without a notice", 6, false, func(c *Cluster) { c.reclaim(false) }},
		{"spot: a storm that takes a twentieth of the nodes", 1, true, (*Cluster).storm},
		{"reboot: cordoned, for a new kernel", 12, false, (*Cluster).reboot},
		{"kubelet: restarted for its configuration", 30, false, (*Cluster).restartKubelet},
		{"rollout: of a Deployment", 120, false, (*Cluster).rollOut},
		{"rollout: of CoreDNS", 1, true, func(c *Cluster) { c.rollAddon("coredns") }},
		{"rollout: of metrics-server, autoscalers blind for a minute", 1, true, func(c *Cluster) {
			c.rollAddon("metrics-server")
			c.blind(time.Minute)
		}},
		{"rollout: of the agents, some at a time", 1, true, (*Cluster).rollAgents},
		{"jobs: a wave of them", 48, false, (*Cluster).jobs},
		{"burst: a Deployment doubles and halves", 6, false, (*Cluster).burst},
		{"leader change: of a controller", 3, true, func(c *Cluster) {
			c.elect([]string{"kube-controller-manager", "kube-scheduler", "cloud-controller-manager"}[c.random.IntN(3)])
		}},
		{"control plane: upgraded, one server after the other", 1, true, (*Cluster).upgradePlane},
		{"overload: 429 for a minute", 4, true, (*Cluster).overload},
		{"Fargate: a node comes and another one goes", 20, false, (*Cluster).turnFargate},
		{"memory: a container at its own limit", 40, false, func(c *Cluster) {
			if m := c.pick(usable); m != nil {
				c.warn("Node", "OOMKilling", "kernel-monitor", m.node.ObjectMeta, m.node.Name)
			}
		}},
	}
}

// Plan plans a day, or a part of one, in which everything happens at least once.
func (c *Cluster) Plan(lasts time.Duration) {
	const calm = 20 * time.Minute // at either end
	for _, h := range happenings() {
		n := float64(h.daily) * lasts.Hours() / 24
		if !h.once {
			n *= float64(len(c.machines)) / 300
		}
		for range max(1, int(n+0.5)) {
			c.after(c.between(calm, lasts-2*calm), func() {
				c.Happened[h.name]++
				h.do(c)
			})
		}
	}
}

// usable tells whether a machine is one to which something may happen: it is an
// ordinary one, and nothing happens to it already.
func usable(m *machine) bool {
	return m.system == linux && m.isReady() && !m.node.Spec.Unschedulable && len(m.node.Spec.Taints) == 0 && m.kubelet.Load()
}

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

func (c *Cluster) rollOut() { c.roll(c.apps[c.random.IntN(len(c.apps))]) }

func (c *Cluster) rollAddon(name string) {
	for _, a := range c.addons {
		if a.name == name {
			c.roll(a.app)
		}
	}
}

// roll replaces the pods of a Deployment, a quarter at a time.
func (c *Cluster) roll(a *app) {
	old := c.podsThat(func(p *pod) bool { return p.app == a && !p.leaving })
	step := max(1, len(old)/4)
	for i, p := range old {
		c.after(time.Duration(i/step)*c.between(time.Minute, 2*time.Minute), func() { c.remove(p) })
	}
}

func (c *Cluster) rollAgents() {
	for i, m := range c.machines {
		if m.system == linux {
			c.after(time.Duration(i/10)*50*time.Second, func() {
				m.agentDown = true
				c.after(c.between(20*time.Second, 90*time.Second), func() { m.agentDown = false })
			})
		}
	}
}

func (c *Cluster) jobs() {
	a := &app{namespace: "batch", name: c.name("report"), life: c.between(time.Minute, 25*time.Minute)}
	for range 3 + c.random.IntN(8) {
		c.spawn(a)
	}
}

func (c *Cluster) burst() {
	a := &app{namespace: "burst", name: c.name("web")}
	for range len(c.machines) * (podsPerNode - 8) / 2 {
		c.spawn(a)
	}
	c.after(c.between(40*time.Minute, 80*time.Minute), func() {
		for _, p := range c.podsThat(func(p *pod) bool { return p.app == a && !p.leaving }) {
			p.replaced = true // by none
			c.remove(p)
		}
	})
}

func (c *Cluster) upgradePlane() {
	for i, s := range c.plane.servers {
		c.after(time.Duration(i)*6*time.Minute, func() {
			s.down = true
			for name, e := range c.plane.elections {
				if e.holder == i {
					c.elect(name)
				}
			}
			c.after(c.between(30*time.Second, 2*time.Minute), func() { s.down = false })
		})
	}
}

func (c *Cluster) overload() {
	for _, s := range c.plane.servers {
		s.busy = true
	}
	c.API.Refuse(apierrors.NewTooManyRequests("too many requests, please try again later", 1))
	c.after(c.between(20*time.Second, 80*time.Second), func() {
		c.API.Refuse(nil)
		for _, s := range c.plane.servers {
			s.busy = false
		}
	})
}

func (c *Cluster) turnFargate() {
	c.join(fargate, "fargate")
	if m := c.pick(func(m *machine) bool { return m.system == fargate && m.isReady() }); m != nil {
		m.kubelet.Store(false)
		m.host.Store(false)
		c.after(c.between(10*time.Second, 90*time.Second), func() { c.leave(m) })
	}
}
