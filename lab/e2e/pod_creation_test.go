package e2e

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	admissionv1 "k8s.io/api/admissionregistration/v1"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// makeReplicaSet makes a ReplicaSet of one pod in a namespace, which takes it away.
func makeReplicaSet(t *testing.T, namespace, name string, change func(*corev1.PodSpec)) {
	t.Helper()
	one, no, labels := int32(1), false, map[string]string{"run": name}
	spec := corev1.PodSpec{AutomountServiceAccountToken: &no, Containers: []corev1.Container{{Name: "c", Image: "lab"}}}
	if change != nil {
		change(&spec)
	}
	set := &appsv1.ReplicaSet{
		ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: namespace},
		Spec: appsv1.ReplicaSetSpec{
			Replicas: &one, Selector: &metav1.LabelSelector{MatchLabels: labels},
			Template: corev1.PodTemplateSpec{ObjectMeta: metav1.ObjectMeta{Labels: labels}, Spec: spec},
		},
	}
	if _, err := shared.Client().AppsV1().ReplicaSets(namespace).Create(t.Context(), set, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
}

// refusedFor fails unless the owner is refused for the cause.
func refusedFor(s samples, namespace, owner, cause string, more ...string) error {
	labels := append([]string{"namespace", namespace, "kind", "ReplicaSet", "owner", owner, "cause", cause}, more...)
	if last := s.all("pod_creation_last_refused_timestamp_seconds", labels...); len(last) != 1 {
		return fmt.Errorf("refused %v: %d series, want one", labels, len(last))
	}
	return nil
}

// TestPodCreation makes ReplicaSets whose pods a quota, Pod Security and a ServiceAccount
// that is missing forbid.
func TestPodCreation(t *testing.T) {
	const quota, security = "used-up", "restricted"
	shared.vitals.eventually(t, time.Minute, allWell)
	makeNamespace(t, quota, nil)
	makeNamespace(t, security, map[string]string{"pod-security.kubernetes.io/enforce": "restricted"})
	none := &corev1.ResourceQuota{
		ObjectMeta: metav1.ObjectMeta{Name: "none", Namespace: quota},
		Spec:       corev1.ResourceQuotaSpec{Hard: corev1.ResourceList{corev1.ResourcePods: resource.MustParse("0")}},
	}
	quotas := shared.Client().CoreV1().ResourceQuotas(quota)
	if _, err := quotas.Create(t.Context(), none, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	makeReplicaSet(t, quota, "web", nil)
	makeReplicaSet(t, security, "web", func(p *corev1.PodSpec) { p.HostNetwork = true })
	shared.vitals.eventually(t, time.Minute, func(s samples) error {
		return errors.Join(refusedFor(s, quota, "web", "quota"), refusedFor(s, security, "web", "pod_security"))
	})
	// Events are sent again as the owner tries again, so this need not stay as it is.
	shared.vitals.wantAlerts(t, 0,
		firing{"KubeVitalsPodsNotCreated", "namespace", quota, "cause", "quota"},
		firing{"KubeVitalsPodsNotCreated", "namespace", security, "cause", "pod_security"})
}

// TestPodsRefusedByWebhook registers a webhook without a Service for the pods of one
// namespace, in which pods are then to be made.
func TestPodsRefusedByWebhook(t *testing.T) {
	const namespace, webhook = "hooked", "inject.example.com"
	shared.vitals.eventually(t, time.Minute, allWell)
	makeNamespace(t, namespace, nil)
	none, path := admissionv1.SideEffectClassNone, "/"
	configurations := shared.Client().AdmissionregistrationV1().MutatingWebhookConfigurations()
	_, err := configurations.Create(t.Context(), &admissionv1.MutatingWebhookConfiguration{
		ObjectMeta: metav1.ObjectMeta{Name: namespace},
		Webhooks: []admissionv1.MutatingWebhook{{
			Name: webhook, AdmissionReviewVersions: []string{"v1"}, SideEffects: &none,
			ClientConfig:      admissionv1.WebhookClientConfig{Service: &admissionv1.ServiceReference{Namespace: namespace, Name: "gone", Path: &path}},
			NamespaceSelector: &metav1.LabelSelector{MatchLabels: map[string]string{corev1.LabelMetadataName: namespace}},
			Rules: []admissionv1.RuleWithOperations{{
				Operations: []admissionv1.OperationType{admissionv1.Create},
				Rule:       admissionv1.Rule{APIGroups: []string{""}, APIVersions: []string{"v1"}, Resources: []string{"pods"}},
			}},
		}},
	}, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	remove := func(ctx context.Context) error {
		err := configurations.Delete(ctx, namespace, metav1.DeleteOptions{})
		if apierrors.IsNotFound(err) {
			return nil
		}
		return err
	}
	defer func() {
		if err := remove(context.Background()); err != nil {
			t.Error(err)
		}
	}()
	shared.vitals.eventually(t, time.Minute, func(s samples) error {
		return s.want(1, "admission_webhooks_without_endpoints", "webhook", webhook, "configuration", namespace, "type", "mutating",
			"backend", namespace+"/gone", "reason", "no_slices", "failure_policy", "Fail", "called_for", "own_pods")
	})
	shared.vitals.wantAlert(t, 2*time.Minute, "KubeVitalsWebhookWithoutEndpoints", "webhook", webhook)

	makeReplicaSet(t, namespace, "web", nil)
	shared.vitals.eventually(t, time.Minute, func(s samples) error {
		return refusedFor(s, namespace, "web", "webhook_unreachable", "webhook", webhook, "fault", "service_missing")
	})
	shared.vitals.wantAlert(t, 0, "KubeVitalsPodsRefusedByWebhook", "webhook", webhook)
	if err := remove(t.Context()); err != nil {
		t.Fatal(err)
	}
	shared.vitals.eventually(t, time.Minute, func(s samples) error {
		if n := s.sum("admission_webhooks_without_endpoints"); n != 0 {
			return fmt.Errorf("%v webhooks lack endpoints", n)
		}
		return nil
	})
}
