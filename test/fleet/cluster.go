// Package fleet plays a day of a large cluster on simulated time: a model of the
// cluster changes as clusters do while nothing is wrong, the real sources and
// collectors read it, and the real rules are evaluated each minute. What fires then
// above info would have called somebody for nothing.
package fleet

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// The resources that the model writes.
var (
	nodes       = schema.GroupResource{Resource: "nodes"}
	pods        = schema.GroupResource{Resource: "pods"}
	eventsKept  = schema.GroupResource{Resource: "events"}
	leases      = schema.GroupResource{Group: "coordination.k8s.io", Resource: "leases"}
	deployments = schema.GroupResource{Group: "apps", Resource: "deployments"}
	daemonSets  = schema.GroupResource{Group: "apps", Resource: "daemonsets"}
	autoscalers = schema.GroupResource{Group: "autoscaling", Resource: "horizontalpodautoscalers"}
	apiServices = schema.GroupResource{Group: "apiregistration.k8s.io", Resource: "apiservices"}
	nodeMetrics = schema.GroupResource{Group: "metrics.k8s.io", Resource: "nodes"}
)

const (
	// tick is the time between two steps of the model; kubelets renew their Leases so
	// often.
	tick = 10 * time.Second
	// podsPerNode is how many pods of workloads a machine has room for.
	podsPerNode = 14
)

// Cluster is a model of a cluster and of what happens in it. Not safe for concurrent
// use, but for Kubelet.
type Cluster struct {
	API *API
	// Happened counts what happened, by kind.
	Happened map[string]int

	now      func() time.Time
	random   *rand.Rand
	agenda   agenda
	machines []*machine // in the order in which they joined
	apps     []*app
	pods     map[string]*pod
	waiting  []*pod
	pools    int
	serial   int
	plane    plane
	addons   []*addon
	scalers  []*scaler
	bodies   bodies
	faults   faults
}

// NewCluster makes a healthy cluster with about so many nodes.
func NewCluster(size int, seed uint64, now func() time.Time) *Cluster {
	c := &Cluster{
		API: NewAPI(), Happened: map[string]int{}, now: now, random: rand.New(rand.NewPCG(seed, 11)),
		pods: map[string]*pod{}, bodies: newBodies(),
	}
	c.startPlane()
	old := now().Add(-20 * 24 * time.Hour)
	special := max(1, size/60)
	for i := range size {
		kind := linux
		switch {
		case i < special:
			kind = windows
		case i < special+max(1, special/2):
			kind = virtual
		case i < 3*special:
			kind = fargate
		}
		m := c.newMachine(kind, fmt.Sprintf("pool-%c", 'a'+i%3), old)
		c.ready(m)
	}
	c.startAddons()
	c.startApps(size)
	r := c.room()
	for _, p := range slices.Clone(c.waiting) {
		c.schedule(p, r)
		c.run(p)
	}
	c.startScalers(max(4, size/6))
	return c
}

// Step lets a tick pass.
func (c *Cluster) Step() {
	c.agenda.due(c.now())
	c.heartbeats()
	c.watchNodes()
	c.scheduleWaiting()
	c.runAddons()
	c.plane.step(c)
	c.bodies.publish(c)
}

// after plans what happens later.
func (c *Cluster) after(d time.Duration, do func()) { c.agenda.plan(c.now().Add(d), do) }

// between is a random time between two.
func (c *Cluster) between(least, most time.Duration) time.Duration {
	return least + time.Duration(c.random.Int64N(int64(most-least)+1))
}

func (c *Cluster) name(prefix string) string {
	c.serial++
	return fmt.Sprintf("%s-%05d", prefix, c.serial)
}

func (c *Cluster) uid() string {
	c.serial++
	return fmt.Sprintf("00000000-0000-4000-8000-%012d", c.serial)
}

// pick is a random machine of those that suit; nil if there is none.
func (c *Cluster) pick(suits func(*machine) bool) *machine {
	var all []*machine
	for _, m := range c.machines {
		if suits(m) {
			all = append(all, m)
		}
	}
	if len(all) == 0 {
		return nil
	}
	return all[c.random.IntN(len(all))]
}

// warn sends a warning about an object, as its kubelet or a controller does.
func (c *Cluster) warn(kind, reason, component string, about metav1.ObjectMeta, node string) {
	c.event(corev1.EventTypeWarning, kind, reason, component, about, node)
}

func (c *Cluster) event(class, kind, reason, component string, about metav1.ObjectMeta, node string) {
	at := metav1.NewTime(c.now())
	namespace := about.Namespace
	if namespace == "" {
		namespace = metav1.NamespaceDefault
	}
	e := &corev1.Event{
		ObjectMeta:     metav1.ObjectMeta{Namespace: namespace, Name: c.name(about.Name), UID: uidOf(c.uid()), CreationTimestamp: at},
		InvolvedObject: corev1.ObjectReference{Kind: kind, Namespace: about.Namespace, Name: about.Name, UID: about.UID},
		Reason:         reason, Type: class, Count: 1, FirstTimestamp: at, LastTimestamp: at,
		Source: corev1.EventSource{Component: component, Host: node},
	}
	c.API.Put(eventsKept, e)
	c.after(time.Hour, func() { c.API.Delete(eventsKept, e) })
}
