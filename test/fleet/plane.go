package fleet

import (
	"slices"
	"time"

	coordinationv1 "k8s.io/api/coordination/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// plane is the control plane.
type plane struct {
	// down is whether nothing can be written.
	down bool
	// full is whether etcd has used up its quota.
	full      bool
	elections map[string]*election
	servers   []*server
	// gone is since when no API server answers; zero while one does.
	gone time.Time
}

// election is who leads a controller.
type election struct {
	holder      int
	transitions int32
	acquired    time.Time
	// vacant is until when nobody has taken over.
	vacant time.Time
}

// server is an API server, with a member of etcd on the same machine.
type server struct {
	address    string
	down, busy bool
	// dark is whether the machine is off.
	dark bool
	// since is when it went down.
	since time.Time
}

// listed is for how long an API server that is gone stays among the endpoints of its
// Service.
const listed = 20 * time.Second

// reached tells whether a client that was at that API server reaches one.
func (p *plane) reached(at int, now time.Time) bool {
	own := p.servers[at]
	if !own.down {
		return true
	}
	others := slices.ContainsFunc(p.servers, func(s *server) bool { return !s.down })
	return others && now.Sub(own.since) > listed
}

func (s *server) end(now time.Time) { s.down, s.since = true, now }

func (c *Cluster) startPlane() {
	c.plane = plane{elections: map[string]*election{}}
	for _, name := range []string{"kube-controller-manager", "kube-scheduler", "cloud-controller-manager"} {
		c.plane.elections[name] = &election{transitions: 3, acquired: c.now().Add(-30 * 24 * time.Hour)}
	}
	for _, address := range []string{"10.0.0.1:6443", "10.0.0.2:6443", "10.0.0.3:6443"} {
		c.plane.servers = append(c.plane.servers, &server{address: address})
	}
	for name, service := range map[string]string{"v1.": "", "v1.apps": "", "v1beta1.metrics.k8s.io": "metrics-server", "v1beta1.external.metrics.k8s.io": "keda-operator-metrics-apiserver"} {
		spec := map[string]any{}
		if service != "" {
			spec["service"] = map[string]any{"name": service, "namespace": metav1.NamespaceSystem}
		}
		c.API.Put(apiServices, &unstructured.Unstructured{Object: map[string]any{
			"apiVersion": "apiregistration.k8s.io/v1", "kind": "APIService", "metadata": map[string]any{"name": name}, "spec": spec,
			"status": map[string]any{"conditions": []any{map[string]any{"type": "Available", "status": "True", "reason": "Passed"}}},
		}})
	}
}

func (p *plane) leaderless(name string, now time.Time) bool {
	return now.Before(p.elections[name].vacant)
}

// step renews the Leases of the elections.
func (p *plane) step(c *Cluster) {
	if p.down {
		return
	}
	now, duration := c.now(), int32(15)
	for name, e := range p.elections {
		if p.leaderless(name, now) {
			continue
		}
		holder, renewed, acquired := []string{"a", "b", "c"}[e.holder], metav1.NewMicroTime(now), metav1.NewMicroTime(e.acquired)
		c.API.Put(leases, &coordinationv1.Lease{
			ObjectMeta: metav1.ObjectMeta{Namespace: metav1.NamespaceSystem, Name: name},
			Spec: coordinationv1.LeaseSpec{
				HolderIdentity: &holder, LeaseDurationSeconds: &duration, RenewTime: &renewed, AcquireTime: &acquired, LeaseTransitions: &e.transitions,
			},
		})
	}
}

// lose takes a machine of the control plane away, and with it who leads from there.
func (c *Cluster) lose(i int) {
	c.plane.servers[i].end(c.now())
	c.plane.servers[i].dark = true
	for name, e := range c.plane.elections {
		if e.holder == i {
			c.elect(name)
		}
	}
}

// elect makes another instance take over after a while without a leader.
func (c *Cluster) elect(name string) {
	e := c.plane.elections[name]
	e.vacant = c.now().Add(c.between(2*time.Second, 18*time.Second))
	e.acquired = e.vacant
	e.holder = (e.holder + 1) % 3
	e.transitions++
}
