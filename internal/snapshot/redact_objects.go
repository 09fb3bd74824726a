package snapshot

import (
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/kubevitals/kubevitals/sources/pods"
)

// object replaces the names in what is kept of an object.
func (r *redactor) object(obj runtime.Object) {
	if m, err := meta.Accessor(obj); err == nil {
		if _, random := pods.KeyOf(m.GetUID()); !random {
			m.SetUID("") // it may say anything
		}
	}
	switch o := obj.(type) {
	case *corev1.Node:
		o.Name = r.node(o.Name)
		for i := range o.Status.Conditions {
			o.Status.Conditions[i].Message = r.text(o.Status.Conditions[i].Message)
		}
	case *corev1.Pod:
		r.pod(o)
	case *corev1.Event:
		r.event(o)
	case *appsv1.Deployment:
		r.meta(&o.ObjectMeta, "workload")
		r.labels(o.Spec.Template.Labels)
	case *appsv1.DaemonSet:
		r.meta(&o.ObjectMeta, "workload")
		r.labels(o.Spec.Template.Labels)
	case *autoscalingv2.HorizontalPodAutoscaler:
		r.autoscaler(o)
	case *coordinationv1.Lease:
		if o.Namespace == corev1.NamespaceNodeLease {
			o.Name = r.node(o.Name)
		}
		o.Labels = nil // host names, of no use to readers of a snapshot
	case *unstructured.Unstructured:
		if o.GetKind() == "NodeMetrics" {
			o.SetName(r.node(o.GetName()))
		} else if !publicAPI(o.GetName()) {
			o.SetName(r.as("api", o.GetName()))
		}
	}
}

func (r *redactor) meta(m *metav1.ObjectMeta, sort string) {
	m.Namespace, m.Name = r.as("ns", m.Namespace), r.as(sort, m.Name)
}

func (r *redactor) pod(p *corev1.Pod) {
	r.meta(&p.ObjectMeta, "pod")
	p.Spec.NodeName = r.node(p.Spec.NodeName)
	for i := range p.Spec.Volumes {
		v := &p.Spec.Volumes[i]
		if v.ConfigMap != nil {
			v.ConfigMap.Name = r.as("ref", v.ConfigMap.Name)
		}
		if v.Secret != nil {
			v.Secret.SecretName = r.as("ref", v.Secret.SecretName)
		}
	}
	for _, list := range [][]corev1.ContainerStatus{p.Status.InitContainerStatuses, p.Status.ContainerStatuses} {
		for i := range list {
			list[i].Name = "container"
		}
	}
	r.labels(p.Labels)
}

// labels keeps what tells known components apart.
func (r *redactor) labels(labels map[string]string) {
	for name, value := range labels {
		if !knownComponent(value) {
			labels[name] = r.as("component", value)
		}
	}
}

// knownComponent tells the names of components that Kubernetes and its addons
// give themselves.
func knownComponent(name string) bool {
	switch name {
	case "kube-apiserver", "kube-controller-manager", "kube-scheduler", "etcd", "kube-proxy", "kube-dns", "coredns",
		"metrics-server", "kubernetes-dashboard":
		return true
	}
	return false
}

func (r *redactor) event(e *corev1.Event) {
	r.meta(&e.ObjectMeta, "event")
	e.InvolvedObject.Name = r.node(e.InvolvedObject.Name)
	e.Source.Host = r.node(e.Source.Host)
	if e.ReportingController == "kubelet" {
		e.ReportingInstance = r.node(e.ReportingInstance)
	} else {
		e.ReportingInstance = ""
	}
}

func (r *redactor) autoscaler(h *autoscalingv2.HorizontalPodAutoscaler) {
	r.meta(&h.ObjectMeta, "autoscaler")
	for i := range h.Spec.Metrics {
		m := &h.Spec.Metrics[i]
		if m.ContainerResource != nil {
			m.ContainerResource.Container = r.as("container", m.ContainerResource.Container)
		}
		if m.Pods != nil {
			m.Pods.Metric.Name = r.as("metric", m.Pods.Metric.Name)
		}
		if m.Object != nil {
			m.Object.Metric.Name = r.as("metric", m.Object.Metric.Name)
		}
		if m.External != nil {
			m.External.Metric.Name = r.as("metric", m.External.Metric.Name)
		}
	}
}

// publicAPI tells whether an API, VERSION.GROUP, is of Kubernetes.
func publicAPI(name string) bool {
	_, group, _ := strings.Cut(name, ".")
	switch group {
	case "", "apps", "batch", "autoscaling", "policy", "extensions":
		return true
	}
	return group == "k8s.io" || strings.HasSuffix(group, ".k8s.io")
}
