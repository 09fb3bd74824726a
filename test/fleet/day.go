package fleet

import "time"

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
