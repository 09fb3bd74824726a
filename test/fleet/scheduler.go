package fleet

import (
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
)

// scheduleWaiting is what the scheduler does, which has not seen what was made in this
// very tick.
func (c *Cluster) scheduleWaiting() {
	if c.plane.down || c.plane.leaderless("kube-scheduler", c.now()) {
		return
	}
	lacking, r := 0, c.room()
	for _, p := range slices.Clone(c.waiting) {
		if !p.pod.CreationTimestamp.Time.Before(c.now()) {
			continue
		}
		if p.app.priority < 0 { // no machine is empty, and for these the autoscaler brings none
			c.unfit(p)
			continue
		}
		if c.schedule(p, r) {
			c.start(p)
			continue
		}
		c.unfit(p)
		lacking++
	}
	// The autoscaler brings machines.
	for need := (lacking + podsPerNode - 1) / podsPerNode; c.pools < need; {
		c.pools++
		c.Happened["scale-up: a node for pods that wait"]++
		c.after(c.between(90*time.Second, 4*time.Minute), func() {
			c.join(linux, "pool-a")
			c.after(2*time.Minute, func() { c.pools-- })
		})
	}
}

func (c *Cluster) unfit(p *pod) {
	if p.unfit {
		return
	}
	p.unfit = true
	setCondition(p.pod, corev1.PodScheduled, corev1.ConditionFalse, corev1.PodReasonUnschedulable, c.now())
	c.API.Put(pods, p.pod)
	c.warn("Pod", "FailedScheduling", "default-scheduler", p.pod.ObjectMeta, "")
}

// room is what is left on the machines that take pods.
type room struct {
	machines []*machine
	used     map[*machine]int
}

func (c *Cluster) room() *room {
	r := &room{used: map[*machine]int{}}
	for _, p := range c.pods {
		if p.app != nil && p.on != nil {
			r.used[p.on]++
		}
	}
	for _, m := range c.machines {
		if m.system == linux && m.isReady() && !m.node.Spec.Unschedulable && len(m.node.Spec.Taints) == 0 && r.used[m] < podsPerNode {
			r.machines = append(r.machines, m)
		}
	}
	return r
}

// take counts one more pod.
func (r *room) take(m *machine) {
	if r.used[m]++; r.used[m] >= podsPerNode {
		r.machines = slices.DeleteFunc(r.machines, func(other *machine) bool { return other == m })
	}
}

// schedule gives a pod a node, if one has room: the emptiest of some.
func (c *Cluster) schedule(p *pod, r *room) bool {
	if len(r.machines) == 0 {
		return false
	}
	var best *machine
	for range 8 {
		m := r.machines[c.random.IntN(len(r.machines))]
		if best == nil || r.used[m] < r.used[best] {
			best = m
		}
	}
	r.take(best)
	c.bind(p, best)
	return true
}

func (c *Cluster) bind(p *pod, m *machine) {
	p.on = m
	p.pod.Spec.NodeName = m.node.Name
	setCondition(p.pod, corev1.PodScheduled, corev1.ConditionTrue, "", c.now())
	c.waiting = slices.DeleteFunc(c.waiting, func(other *pod) bool { return other == p })
	c.API.Put(pods, p.pod)
}
