package fleet

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// app is a Deployment, or with a life its pods are jobs.
type app struct {
	namespace, name string
	replicas        int
	labels          map[string]string
	life            time.Duration
	// priority is negative of pods that only keep room: they ask for all of a machine.
	priority int32
}

// pod is a pod and where it is.
type pod struct {
	pod      *corev1.Pod
	app      *app // nil for those of DaemonSets
	on       *machine
	running  bool
	leaving  bool
	unfit    bool
	replaced bool
}

// startApps makes Deployments with some three quarters of the room that there is.
func (c *Cluster) startApps(size int) {
	for i := range max(3, size/3) {
		a := &app{namespace: fmt.Sprintf("team-%02d", i%20), name: fmt.Sprintf("service-%03d", i)}
		c.apps = append(c.apps, a)
		for range 27 {
			c.spawn(a)
		}
		a.replicas = 27
	}
	reserve := &app{namespace: "overprovisioning", name: "reserve", replicas: 3, priority: -10} // never rolled out
	for range reserve.replicas {
		c.spawn(reserve)
	}
}

// spawn makes a pod, which waits for a node.
func (c *Cluster) spawn(a *app) {
	p := &pod{app: a, pod: &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{
			Namespace: a.namespace, Name: c.name(a.name), UID: uidOf(c.uid()),
			CreationTimestamp: metav1.NewTime(c.now()), Labels: a.labels,
		},
		Spec: corev1.PodSpec{
			SchedulerName: corev1.DefaultSchedulerName, RestartPolicy: corev1.RestartPolicyAlways, Priority: &a.priority,
			Containers: []corev1.Container{{Name: "main", EnvFrom: []corev1.EnvFromSource{{ConfigMapRef: &corev1.ConfigMapEnvSource{LocalObjectReference: corev1.LocalObjectReference{Name: a.name}}}}}},
		},
		Status: corev1.PodStatus{Phase: corev1.PodPending},
	}}
	if a.life > 0 {
		p.pod.Spec.RestartPolicy = corev1.RestartPolicyNever
	}
	c.keep(p)
	c.waiting = append(c.waiting, p)
}

func (c *Cluster) keep(p *pod) {
	c.pods[p.pod.Namespace+"/"+p.pod.Name] = p
	c.API.Put(pods, p.pod)
}

func (c *Cluster) forget(p *pod) {
	delete(c.pods, p.pod.Namespace+"/"+p.pod.Name)
	c.API.Delete(pods, p.pod)
	c.waiting = slices.DeleteFunc(c.waiting, func(other *pod) bool { return other == p })
}

// podsOn are the pods of a machine, sorted by name.
func (c *Cluster) podsOn(m *machine) []*pod {
	return c.podsThat(func(p *pod) bool { return p.on == m })
}

func (c *Cluster) podsThat(suit func(*pod) bool) []*pod {
	var all []*pod
	for _, p := range c.pods {
		if suit(p) {
			all = append(all, p)
		}
	}
	slices.SortFunc(all, func(a, b *pod) int {
		return cmp.Or(cmp.Compare(a.pod.Namespace, b.pod.Namespace), cmp.Compare(a.pod.Name, b.pod.Name))
	})
	return all
}

// start is what a kubelet does with a pod: it pulls images for a while, and large ones
// for minutes.
func (c *Cluster) start(p *pod) {
	at := stamp(c.now())
	p.pod.Status.StartTime = &at
	setCondition(p.pod, corev1.PodReadyToStartContainers, corev1.ConditionTrue, "", c.now())
	p.pod.Status.ContainerStatuses = []corev1.ContainerStatus{{Name: "main", State: corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: "ContainerCreating"}}}}
	c.API.Put(pods, p.pod)
	pull := c.between(2*time.Second, 70*time.Second)
	switch c.random.IntN(60) {
	case 0:
		c.Happened["image pull: minutes for a large one"]++
		pull = c.between(3*time.Minute, 9*time.Minute)
	case 1:
		c.Happened["volume: attached at the second try"]++
		setCondition(p.pod, corev1.PodReadyToStartContainers, corev1.ConditionFalse, "", c.now())
		c.API.Put(pods, p.pod)
		c.warn("Pod", "FailedAttachVolume", "attachdetach-controller", p.pod.ObjectMeta, "")
		pull = c.between(time.Minute, 2*time.Minute)
	}
	c.after(pull, func() { c.run(p) })
}

// run makes a pod run, unless it or its node is gone by now.
func (c *Cluster) run(p *pod) {
	if p.leaving || p.on == nil || !p.on.kubelet.Load() || c.pods[p.pod.Namespace+"/"+p.pod.Name] != p {
		return
	}
	at := stamp(c.now())
	p.running = true
	p.pod.Status.Phase, p.pod.Status.StartTime = corev1.PodRunning, &at
	setCondition(p.pod, corev1.PodReadyToStartContainers, corev1.ConditionTrue, "", c.now())
	p.pod.Status.ContainerStatuses = []corev1.ContainerStatus{{Name: "main", Ready: true, State: corev1.ContainerState{Running: &corev1.ContainerStateRunning{StartedAt: at}}}}
	c.setReady(p, p.on.isReady())
	if p.app != nil && p.app.life > 0 {
		c.after(p.app.life, func() { c.end(p) })
	}
}

// end is how a job ends, whose pod stays for a while.
func (c *Cluster) end(p *pod) {
	if p.leaving || p.on == nil {
		return
	}
	p.running = false
	p.pod.Status.Phase = corev1.PodSucceeded
	if c.random.IntN(20) == 0 {
		p.pod.Status.Phase = corev1.PodFailed
	}
	c.setReady(p, false)
	c.after(c.between(5*time.Minute, 20*time.Minute), func() { c.forget(p) })
}

func (c *Cluster) setReady(p *pod, ready bool) {
	status := corev1.ConditionFalse
	if ready {
		status = corev1.ConditionTrue
	}
	setCondition(p.pod, corev1.PodReady, status, "", c.now())
	c.API.Put(pods, p.pod)
}

// remove deletes a pod as an eviction does, and its Deployment makes another one. It
// ends within its grace period, if its kubelet lives.
func (c *Cluster) remove(p *pod) {
	if p.leaving {
		return
	}
	p.leaving = true
	grace := int64(30)
	until := stamp(c.now().Add(time.Duration(grace) * time.Second))
	p.pod.DeletionTimestamp, p.pod.DeletionGracePeriodSeconds = &until, &grace
	c.API.Put(pods, p.pod)
	if p.app != nil && p.app.life == 0 && !p.replaced {
		p.replaced = true
		c.spawn(p.app)
	}
	if p.on == nil || p.on.kubelet.Load() {
		c.after(c.between(3*time.Second, 30*time.Second), func() {
			if p.on == nil || p.on.kubelet.Load() {
				c.forget(p)
			}
		})
	}
}

func setCondition(p *corev1.Pod, kind corev1.PodConditionType, status corev1.ConditionStatus, reason string, at time.Time) {
	is := corev1.PodCondition{Type: kind, Status: status, Reason: reason, LastTransitionTime: metav1.NewTime(at)}
	for i, was := range p.Status.Conditions {
		if was.Type != kind {
			continue
		}
		if was.Status == status {
			is.LastTransitionTime = was.LastTransitionTime
		}
		p.Status.Conditions[i] = is
		return
	}
	p.Status.Conditions = append(p.Status.Conditions, is)
}

func stamp(at time.Time) metav1.Time { return metav1.NewTime(at) }
