package fleet

import (
	"fmt"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// addon is a component of the cluster: a Deployment, or a DaemonSet where app is nil.
type addon struct {
	name   string
	labels map[string]string
	app    *app
	// was is what was last written of it.
	was [2]int
}

func (c *Cluster) startAddons() {
	for _, d := range []struct {
		name, label string
		replicas    int
	}{{"coredns", "kube-dns", max(2, len(c.machines)/40)}, {"metrics-server", "metrics-server", 2}} {
		labels := map[string]string{"k8s-app": d.label}
		a := &addon{name: d.name, labels: labels, app: &app{namespace: metav1.NamespaceSystem, name: d.name, replicas: d.replicas, labels: labels}}
		for range d.replicas {
			c.spawn(a.app)
		}
		c.addons = append(c.addons, a)
	}
	c.addons = append(c.addons, &addon{name: "kube-proxy", labels: map[string]string{"k8s-app": "kube-proxy"}})
}

// startDaemons gives a machine the pods of DaemonSets: Linux only.
func (c *Cluster) startDaemons(m *machine) {
	if m.system != linux {
		return
	}
	p := &pod{on: m, pod: &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{
			Namespace: metav1.NamespaceSystem, Name: c.name("kube-proxy"), UID: uidOf(c.uid()),
			CreationTimestamp: metav1.NewTime(c.now()), Labels: map[string]string{"k8s-app": "kube-proxy"},
		},
		Spec:   corev1.PodSpec{NodeName: m.node.Name, RestartPolicy: corev1.RestartPolicyAlways, Containers: []corev1.Container{{Name: "kube-proxy"}}},
		Status: corev1.PodStatus{Phase: corev1.PodPending},
	}}
	setCondition(p.pod, corev1.PodScheduled, corev1.ConditionTrue, "", c.now())
	c.keep(p)
	c.after(c.between(5*time.Second, 40*time.Second), func() { c.run(p) })
}

func (c *Cluster) podsOf(a *addon) []*pod {
	return c.podsThat(func(p *pod) bool {
		return p.pod.Namespace == metav1.NamespaceSystem && p.pod.Labels["k8s-app"] == a.labels["k8s-app"]
	})
}

func isReady(p *corev1.Pod) bool {
	for _, c := range p.Status.Conditions {
		if c.Type == corev1.PodReady {
			return c.Status == corev1.ConditionTrue
		}
	}
	return false
}

func (c *Cluster) addonReady(name string) int {
	for _, a := range c.addons {
		if a.name == name {
			return a.was[1]
		}
	}
	return 0
}

// runAddons writes what the controllers say of the addons.
func (c *Cluster) runAddons() {
	for _, a := range c.addons {
		desired, ready := 0, 0
		for _, p := range c.podsOf(a) {
			if isReady(p.pod) && !p.leaving {
				ready++
			}
		}
		if a.app != nil {
			desired = a.app.replicas
		}
		for _, m := range c.machines {
			if a.app == nil && m.system == linux {
				desired++
			}
		}
		if a.was == [2]int{desired, ready} {
			continue
		}
		a.was = [2]int{desired, ready}
		meta := metav1.ObjectMeta{Namespace: metav1.NamespaceSystem, Name: a.name, UID: "1"}
		template := corev1.PodTemplateSpec{ObjectMeta: metav1.ObjectMeta{Labels: a.labels}}
		replicas := int32(desired)
		if a.app == nil {
			c.API.Put(daemonSets, &appsv1.DaemonSet{
				ObjectMeta: meta, Spec: appsv1.DaemonSetSpec{Template: template},
				Status: appsv1.DaemonSetStatus{DesiredNumberScheduled: replicas, NumberReady: int32(ready)},
			})
			continue
		}
		c.API.Put(deployments, &appsv1.Deployment{
			ObjectMeta: meta, Spec: appsv1.DeploymentSpec{Replicas: &replicas, Template: template},
			Status: appsv1.DeploymentStatus{ReadyReplicas: int32(ready)},
		})
	}
}

// scaler is a HorizontalPodAutoscaler.
type scaler struct {
	hpa *autoscalingv2.HorizontalPodAutoscaler
}

// startScalers makes autoscalers. One has been at its maximum for days, one is pinned,
// and one was made for a metric that nothing serves: strays of their owners.
func (c *Cluster) startScalers(n int) {
	for i := range n {
		least := int32(2)
		h := &autoscalingv2.HorizontalPodAutoscaler{
			ObjectMeta: metav1.ObjectMeta{Namespace: fmt.Sprintf("team-%02d", i%20), Name: fmt.Sprintf("service-%03d", i), UID: uidOf(c.uid()), CreationTimestamp: metav1.NewTime(c.now())},
			Spec: autoscalingv2.HorizontalPodAutoscalerSpec{MinReplicas: &least, MaxReplicas: 30, Metrics: []autoscalingv2.MetricSpec{
				{Type: autoscalingv2.ResourceMetricSourceType, Resource: &autoscalingv2.ResourceMetricSource{Name: corev1.ResourceCPU}},
			}},
			Status: autoscalingv2.HorizontalPodAutoscalerStatus{CurrentReplicas: 8, DesiredReplicas: 8, CurrentMetrics: []autoscalingv2.MetricStatus{{Type: autoscalingv2.ResourceMetricSourceType}}},
		}
		s := &scaler{h}
		s.set(autoscalingv2.AbleToScale, corev1.ConditionTrue, "ReadyForNewScale", c.now())
		s.set(autoscalingv2.ScalingActive, corev1.ConditionTrue, "ValidMetricFound", c.now())
		s.set(autoscalingv2.ScalingLimited, corev1.ConditionFalse, "DesiredWithinRange", c.now())
		switch i {
		case 0:
			h.Status.CurrentReplicas, h.Status.DesiredReplicas = 30, 30
			s.set(autoscalingv2.ScalingLimited, corev1.ConditionTrue, "TooManyReplicas", c.now())
		case 1:
			h.Spec.MaxReplicas, h.Status.CurrentReplicas = least, least
			s.set(autoscalingv2.ScalingLimited, corev1.ConditionTrue, "TooManyReplicas", c.now())
		}
		c.scalers = append(c.scalers, s)
		c.API.Put(autoscalers, h)
	}
}

func (s *scaler) set(kind autoscalingv2.HorizontalPodAutoscalerConditionType, status corev1.ConditionStatus, reason string, at time.Time) {
	is := autoscalingv2.HorizontalPodAutoscalerCondition{Type: kind, Status: status, Reason: reason, LastTransitionTime: metav1.NewTime(at)}
	for i := range s.hpa.Status.Conditions {
		if s.hpa.Status.Conditions[i].Type == kind {
			s.hpa.Status.Conditions[i] = is
			return
		}
	}
	s.hpa.Status.Conditions = append(s.hpa.Status.Conditions, is)
}

// blind makes all autoscalers fail to read their metrics for a while, as they do while
// a metrics server restarts.
func (c *Cluster) blind(lasts time.Duration) {
	for _, s := range c.scalers {
		s.set(autoscalingv2.ScalingActive, corev1.ConditionFalse, "FailedGetResourceMetric", c.now())
		c.API.Put(autoscalers, s.hpa)
		c.warn("HorizontalPodAutoscaler", "FailedGetResourceMetric", "horizontal-pod-autoscaler", s.hpa.ObjectMeta, "")
	}
	c.after(lasts, func() {
		for _, s := range c.scalers {
			s.set(autoscalingv2.ScalingActive, corev1.ConditionTrue, "ValidMetricFound", c.now())
			c.API.Put(autoscalers, s.hpa)
		}
	})
}
