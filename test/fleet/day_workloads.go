package fleet

import (
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
)

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
			s.end(c.now())
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
