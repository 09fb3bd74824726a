package sources

import (
	"slices"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/kubevitals/kubevitals/sources/events"
	"github.com/kubevitals/kubevitals/sources/hpacause"
	"github.com/kubevitals/kubevitals/sources/pods"
	"github.com/kubevitals/kubevitals/sources/refusal"
)

// Names replaces the names of a cluster, each by the same wherever it occurs.
type Names interface {
	// Node replaces the name of a node.
	Node(name string) string
	// As replaces a name of a sort, such as "pod"; those that are in every cluster stay.
	As(sort, name string) string
	// Text replaces in a text every name that is known and every address.
	Text(text string) string
}

// RedactObject replaces the names in what Trim keeps of an object. Where the row does
// not say how, only the object itself has names.
func (r Resource) RedactObject(obj runtime.Object, n Names) {
	m, err := meta.Accessor(obj)
	if err == nil {
		if _, random := pods.KeyOf(m.GetUID()); !random {
			m.SetUID("") // it may say anything
		}
	}
	switch {
	case r.Redact != nil:
		r.Redact(obj, n)
	case err == nil:
		redactMeta(m, strings.ToLower(r.Kind), n)
	}
}

// Redacted is a Redact of objects of the type T.
func Redacted[T runtime.Object](redact func(T, Names)) func(runtime.Object, Names) {
	return func(obj runtime.Object, n Names) {
		if typed, ok := obj.(T); ok {
			redact(typed, n)
		}
	}
}

func redactMeta(m metav1.Object, sort string, n Names) {
	m.SetNamespace(n.As("ns", m.GetNamespace()))
	m.SetName(n.As(sort, m.GetName()))
}

func redactNode(node *corev1.Node, n Names) {
	node.Name = n.Node(node.Name)
	for i := range node.Status.Conditions {
		c := &node.Status.Conditions[i]
		if c.Type != corev1.NodeReady {
			c.Message = "" // of whoever sets it
			continue
		}
		c.Message = n.Text(c.Message)
	}
}

func redactNodeMetrics(u *unstructured.Unstructured, n Names) { u.SetName(n.Node(u.GetName())) }

func redactAPIService(u *unstructured.Unstructured, n Names) {
	if !publicAPI(u.GetName()) {
		u.SetName(n.As("api", u.GetName()))
	}
	conditions, _, _ := unstructured.NestedSlice(u.Object, "status", "conditions") // none where it is no list
	for _, c := range conditions {
		if c, ok := c.(map[string]any); ok {
			delete(c, "message") // it names Services, addresses and what not
		}
	}
	if len(conditions) > 0 {
		u.Object["status"] = map[string]any{"conditions": conditions}
	}
	service, ok, err := unstructured.NestedStringMap(u.Object, "spec", "service")
	if err != nil || !ok {
		return
	}
	redacted := map[string]any{"namespace": n.As("ns", service["namespace"]), "name": service["name"]}
	if !knownComponent(service["name"]) {
		redacted["name"] = n.As("service", service["name"])
	}
	u.Object["spec"] = map[string]any{"service": redacted}
}

func redactLease(l *coordinationv1.Lease, n Names) {
	if l.Namespace == corev1.NamespaceNodeLease {
		l.Name = n.Node(l.Name)
	}
	l.Labels = nil // host names, of no use to readers of a snapshot
}

func redactDeployment(d *appsv1.Deployment, n Names) {
	redactMeta(d, "workload", n)
	redactLabels(d.Spec.Template.Labels, n)
	for i := range d.Status.Conditions {
		d.Status.Conditions[i].Message = redactRefusal(d.Status.Conditions[i].Message, n)
	}
}

// redactRefusal is what a message says of why a pod was not created, and no name but the
// replaced one of the webhook.
func redactRefusal(message string, n Names) string {
	said := refusal.Of(message)
	said.Webhook = n.As("webhook", said.Webhook)
	return said.Essence()
}

// redactOwner leaves the hash in the name of a ReplicaSet, so that it is known whose it is.
func redactOwner(kind, name string, n Names) string {
	if deployment, hash, ok := DeploymentOf(name); ok && kind == "ReplicaSet" {
		return n.As("workload", deployment) + "-" + hash
	}
	return n.As("workload", name)
}

func redactDaemonSet(d *appsv1.DaemonSet, n Names) {
	redactMeta(d, "workload", n)
	redactLabels(d.Spec.Template.Labels, n)
}

func redactPod(p *corev1.Pod, n Names) {
	redactMeta(p, "pod", n)
	p.Spec.NodeName = n.Node(p.Spec.NodeName)
	if name := p.Spec.SchedulerName; name != "" && name != corev1.DefaultSchedulerName {
		p.Spec.SchedulerName = n.As("scheduler", name)
	}
	for i := range p.Spec.Volumes {
		v := &p.Spec.Volumes[i]
		if v.ConfigMap != nil {
			v.ConfigMap.Name = n.As("ref", v.ConfigMap.Name)
		}
		if v.Secret != nil {
			v.Secret.SecretName = n.As("ref", v.Secret.SecretName)
		}
	}
	for _, list := range [][]corev1.ContainerStatus{p.Status.InitContainerStatuses, p.Status.ContainerStatuses} {
		for i := range list {
			list[i].Name = "container"
			if w := list[i].State.Waiting; w != nil {
				w.Message = "" // it names images, Secrets and what not
			}
		}
	}
	for i := range p.Status.Conditions {
		p.Status.Conditions[i].Message = pods.Essence(p.Status.Conditions[i].Message)
	}
	redactLabels(p.Labels, n)
}

// redactLabels keeps what tells known components apart. Of a CSI driver or a cloud without a
// name of its own in the table it keeps which part of one it is.
func redactLabels(labels map[string]string, n Names) {
	addon := addonOf(labels)
	for name, value := range labels {
		switch {
		case knownComponent(value):
		case ofPattern(addon) && (name == "component" || slices.Contains(appLabels(), name)):
			labels[name] = string(addon)
		default:
			labels[name] = n.As("component", value)
		}
	}
}

// knownComponent tells the names of components that Kubernetes and its addons
// give themselves.
func knownComponent(name string) bool {
	return name != "" && slices.ContainsFunc(addonLabels(), func(l addonLabel) bool { return l.value == name })
}

func redactEvent(e *corev1.Event, n Names) {
	redactMeta(e, "event", n)
	if events.Refuses(e.Reason) {
		e.InvolvedObject.Name, e.Message = redactOwner(e.InvolvedObject.Kind, e.InvolvedObject.Name, n), redactRefusal(e.Message, n)
	} else {
		e.InvolvedObject.Name = n.Node(e.InvolvedObject.Name)
		e.Message = EventPhrases().In(events.Kind{Reason: e.Reason, Object: e.InvolvedObject.Kind}, e.Message)
	}
	e.Source.Host = n.Node(e.Source.Host)
	if e.ReportingController == "kubelet" {
		e.ReportingInstance = n.Node(e.ReportingInstance)
	} else {
		e.ReportingInstance = ""
	}
}

func redactAutoscaler(h *autoscalingv2.HorizontalPodAutoscaler, n Names) {
	redactMeta(h, "autoscaler", n)
	h.Spec.ScaleTargetRef = autoscalingv2.CrossVersionObjectReference{} // of use only beside the names in messages
	for i := range h.Status.Conditions {
		h.Status.Conditions[i].Message = hpacause.Essence(h.Status.Conditions[i])
	}
	for i := range h.Spec.Metrics {
		m := &h.Spec.Metrics[i]
		if m.ContainerResource != nil {
			m.ContainerResource.Container = n.As("container", m.ContainerResource.Container)
		}
		if m.Pods != nil {
			m.Pods.Metric.Name = n.As("metric", m.Pods.Metric.Name)
		}
		if m.Object != nil {
			m.Object.Metric.Name = n.As("metric", m.Object.Metric.Name)
		}
		if m.External != nil {
			m.External.Metric.Name = n.As("metric", m.External.Metric.Name)
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
