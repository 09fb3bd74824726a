package e2e

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubevitals/kubevitals/lab/faults"
)

// makeReplicaSet makes a ReplicaSet of one pod in a namespace, which takes it away.
func makeReplicaSet(t *testing.T, namespace, name string, change func(*corev1.PodSpec)) {
	t.Helper()
	if err := faults.MakeReplicaSet(t.Context(), shared.Client(), namespace, name, change); err != nil {
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

// TestPodsRefusedByWebhook registers a webhook without a Service for the pods of one
// namespace, in which pods are then to be made.
func TestPodsRefusedByWebhook(t *testing.T) {
	const namespace, webhook = "hooked", "inject.example.com"
	shared.vitals.eventually(t, time.Minute, allWell)
	makeNamespace(t, namespace, nil)
	configurations := shared.Client().AdmissionregistrationV1().MutatingWebhookConfigurations()
	err := faults.RegisterWebhook(t.Context(), shared.Client(), namespace, "gone", webhook)
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
	shared.vitals.wantAlert(t, 2*time.Minute, "KubeVitalsWebhookWithoutEndpoints", "backend", namespace+"/gone")

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

// TestWebhookOfAnExternalService verifies that a webhook whose Service leads out of the cluster,
// and so has no EndpointSlice, is told of only once it fails.
func TestWebhookOfAnExternalService(t *testing.T) {
	const namespace, webhook = "outside", "outside.example.com"
	shared.vitals.eventually(t, time.Minute, allWell)
	makeNamespace(t, namespace, nil)
	_, err := shared.Client().CoreV1().Services(namespace).Create(t.Context(), &corev1.Service{
		ObjectMeta: metav1.ObjectMeta{Name: "elsewhere"},
		Spec:       corev1.ServiceSpec{Type: corev1.ServiceTypeExternalName, ExternalName: "localhost"},
	}, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if err := faults.RegisterWebhook(t.Context(), shared.Client(), namespace, "elsewhere", webhook); err != nil {
		t.Fatal(err)
	}
	defer func() {
		err := shared.Client().AdmissionregistrationV1().MutatingWebhookConfigurations().Delete(context.Background(), namespace, metav1.DeleteOptions{})
		if err != nil {
			t.Error(err)
		}
	}()
	shared.vitals.eventually(t, time.Minute, func(s samples) error {
		return errors.Join(s.want(1, "admission_webhooks_webhooks", "state", "external"), s.want(0, "admission_webhooks_webhooks", "state", "without_endpoints"))
	})
	flags := shared.vitals.sameFlags(t)
	looked, err := check(t.Context(), nil, flags...)
	if err != nil || looked.names(firing{"KubeVitalsWebhookWithoutEndpoints", "backend", namespace + "/elsewhere"}) {
		t.Fatalf("check finds %v, %v", looked.found(), err)
	}

	// Nothing listens there.
	makeReplicaSet(t, namespace, "web", nil)
	shared.vitals.eventually(t, time.Minute, func(s samples) error {
		return refusedFor(s, namespace, "web", "webhook_unreachable", "webhook", webhook, "fault", "refused")
	})
	shared.vitals.wantAlert(t, 0, "KubeVitalsPodsRefusedByWebhook", "webhook", webhook)
}
