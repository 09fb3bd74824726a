package faults

import (
	"context"
	"errors"
	"fmt"

	admissionv1 "k8s.io/api/admissionregistration/v1"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/kubernetes"

	"github.com/kubevitals/kubevitals/lab/cluster"
)

const (
	webhookName = "inject.example.com"
	goneAPI     = "v1.gone.example.com"
)

func admission() []Fault {
	refused := func(cause string) Sign {
		return Sign{Metric: "pod_creation_last_refused_timestamp_seconds", Labels: map[string]string{"cause": cause}, Any: true}
	}
	return []Fault{
		{
			Name: "quota", What: "the quota of a namespace refuses the pods of a ReplicaSet",
			Alert: "KubeVitalsPodsNotCreated", Labels: map[string]string{"cause": "quota"}, Sign: refused("quota"), inject: refuseByQuota,
		},
		{
			Name: "pod-security", What: "Pod Security refuses the pods of a ReplicaSet",
			Alert: "KubeVitalsPodsNotCreated", Labels: map[string]string{"cause": "pod_security"}, Sign: refused("pod_security"), inject: refuseByPodSecurity,
		},
		{
			Name: "webhook-gone", What: "a webhook for the pods of a namespace has no Service, in which pods are to be made",
			Alert: "KubeVitalsPodsRefusedByWebhook", Labels: map[string]string{"webhook": webhookName},
			Sign: Sign{Metric: "admission_webhooks_without_endpoints", Labels: map[string]string{"webhook": webhookName}, Value: 1}, inject: refuseByWebhook,
		},
		{
			Name: "aggregated-api-gone", What: "an aggregated API has no Service any more",
			Alert: "KubeVitalsAggregatedAPIUnavailable", Labels: map[string]string{"backend": "default/gone"},
			Sign: Sign{Metric: "aggregated_api_unavailable", Labels: map[string]string{"apiservice": goneAPI}, Value: 1}, inject: registerGoneAPI,
		},
		{
			Name: "namespace-held", What: "an object with a finalizer holds a namespace that was deleted",
			Alert: "KubeVitalsNamespaceStuckTerminating", Labels: map[string]string{"namespace": "held"}, Watched: true,
			Sign: Sign{Metric: "terminating_namespaces_namespaces", Labels: map[string]string{"phase": "terminating"}, Value: 1}, inject: holdNamespace,
		},
	}
}

// makeNamespace makes one in which pods can be made.
func (l *Lab) makeNamespace(ctx context.Context, u *undo, name string, labels map[string]string) {
	namespaces := l.Client().CoreV1().Namespaces()
	_, err := namespaces.Create(ctx, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: name, Labels: labels}}, metav1.CreateOptions{})
	if err == nil {
		err = eventually(ctx, func(ctx context.Context) error {
			_, err := l.Client().CoreV1().ServiceAccounts(name).Get(ctx, "default", metav1.GetOptions{})
			return err
		})
	}
	u.add(name, err, namespaces.Delete)
}

// MakeReplicaSet makes a ReplicaSet of one pod.
func MakeReplicaSet(ctx context.Context, client kubernetes.Interface, namespace, name string, change func(*corev1.PodSpec)) error {
	one, labels := int32(1), map[string]string{"run": name}
	_, err := client.AppsV1().ReplicaSets(namespace).Create(ctx, &appsv1.ReplicaSet{
		ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: namespace},
		Spec: appsv1.ReplicaSetSpec{
			Replicas: &one, Selector: &metav1.LabelSelector{MatchLabels: labels},
			Template: corev1.PodTemplateSpec{ObjectMeta: metav1.ObjectMeta{Labels: labels}, Spec: podSpec(change)},
		},
	}, metav1.CreateOptions{})
	return err
}

// ForbidPods makes a quota of no pods.
func ForbidPods(ctx context.Context, client kubernetes.Interface, namespace string) error {
	_, err := client.CoreV1().ResourceQuotas(namespace).Create(ctx, &corev1.ResourceQuota{
		ObjectMeta: metav1.ObjectMeta{Name: "none"},
		Spec:       corev1.ResourceQuotaSpec{Hard: corev1.ResourceList{corev1.ResourcePods: resource.MustParse("0")}},
	}, metav1.CreateOptions{})
	return err
}

func refuseByQuota(ctx context.Context, l *Lab) (healing, error) {
	const namespace = "used-up"
	var made undo
	l.makeNamespace(ctx, &made, namespace, nil)
	err := ForbidPods(ctx, l.Client(), namespace)
	if err == nil {
		err = MakeReplicaSet(ctx, l.Client(), namespace, "web", nil)
	}
	made.add("quota", err, nothing)
	return made.remove, made.failed(ctx)
}

func refuseByPodSecurity(ctx context.Context, l *Lab) (healing, error) {
	const namespace = "restricted"
	var made undo
	l.makeNamespace(ctx, &made, namespace, map[string]string{"pod-security.kubernetes.io/enforce": "restricted"})
	made.add("ReplicaSet", MakeReplicaSet(ctx, l.Client(), namespace, "web", func(p *corev1.PodSpec) { p.HostNetwork = true }), nothing)
	return made.remove, made.failed(ctx)
}

// nothing deletes what goes with its namespace.
func nothing(context.Context, string, metav1.DeleteOptions) error { return nil }

// RegisterWebhook registers a webhook for the pods of a namespace, whose name its configuration
// has, too, behind a Service there, which need not exist.
func RegisterWebhook(ctx context.Context, client kubernetes.Interface, namespace, service, webhook string) error {
	none, path := admissionv1.SideEffectClassNone, "/"
	_, err := client.AdmissionregistrationV1().MutatingWebhookConfigurations().Create(ctx, &admissionv1.MutatingWebhookConfiguration{
		ObjectMeta: metav1.ObjectMeta{Name: namespace},
		Webhooks: []admissionv1.MutatingWebhook{{
			Name: webhook, AdmissionReviewVersions: []string{"v1"}, SideEffects: &none,
			ClientConfig:      admissionv1.WebhookClientConfig{Service: &admissionv1.ServiceReference{Namespace: namespace, Name: service, Path: &path}},
			NamespaceSelector: &metav1.LabelSelector{MatchLabels: map[string]string{corev1.LabelMetadataName: namespace}},
			Rules: []admissionv1.RuleWithOperations{{
				Operations: []admissionv1.OperationType{admissionv1.Create},
				Rule:       admissionv1.Rule{APIGroups: []string{""}, APIVersions: []string{"v1"}, Resources: []string{"pods"}},
			}},
		}},
	}, metav1.CreateOptions{})
	return err
}

func refuseByWebhook(ctx context.Context, l *Lab) (healing, error) {
	const namespace = "hooked"
	var made undo
	l.makeNamespace(ctx, &made, namespace, nil)
	made.add(namespace, RegisterWebhook(ctx, l.Client(), namespace, "gone", webhookName), l.Client().AdmissionregistrationV1().MutatingWebhookConfigurations().Delete)
	made.add("ReplicaSet", MakeReplicaSet(ctx, l.Client(), namespace, "web", nil), nothing)
	return made.remove, made.failed(ctx)
}

// RegisterGoneAPI registers an aggregated API whose Service does not exist, and returns
// what takes the registration away.
func RegisterGoneAPI(ctx context.Context, c *cluster.Cluster, name, namespace string) (func(context.Context) error, error) {
	client, err := dynamic.NewForConfig(c.RESTConfig())
	if err != nil {
		return nil, err
	}
	registrations := client.Resource(schema.GroupVersionResource{Group: "apiregistration.k8s.io", Version: "v1", Resource: "apiservices"})
	_, err = registrations.Create(ctx, &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "apiregistration.k8s.io/v1", "kind": "APIService", "metadata": map[string]any{"name": name},
		"spec": map[string]any{
			"group": "gone.example.com", "version": "v1", "groupPriorityMinimum": int64(100), "versionPriority": int64(100),
			"insecureSkipTLSVerify": true, "service": map[string]any{"namespace": namespace, "name": "gone"},
		},
	}}, metav1.CreateOptions{})
	if err != nil {
		return nil, fmt.Errorf("register %s: %w", name, err)
	}
	return func(ctx context.Context) error {
		err := registrations.Delete(ctx, name, metav1.DeleteOptions{})
		if apierrors.IsNotFound(err) {
			return nil
		}
		return err
	}, nil
}

func registerGoneAPI(ctx context.Context, l *Lab) (healing, error) {
	return RegisterGoneAPI(ctx, l.Cluster, goneAPI, metav1.NamespaceDefault)
}

func holdNamespace(ctx context.Context, l *Lab) (healing, error) {
	const name = "held"
	var made undo
	l.makeNamespace(ctx, &made, name, nil)
	if err := made.failed(ctx); err != nil {
		return nil, err
	}
	held := l.Client().CoreV1().ConfigMaps(name)
	o := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: name, Finalizers: []string{"example.com/wait"}}}
	if _, err := held.Create(ctx, o, metav1.CreateOptions{}); err != nil {
		return nil, errors.Join(err, made.remove(ctx))
	}
	return func(ctx context.Context) error {
		_, err := held.Patch(ctx, name, types.MergePatchType, []byte(`{"metadata":{"finalizers":null}}`), metav1.PatchOptions{})
		return err
	}, made.remove(ctx)
}
