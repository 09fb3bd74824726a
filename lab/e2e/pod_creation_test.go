package e2e

import (
	"context"
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
	err := faults.RegisterWebhook(t.Context(), shared.Client(), namespace, webhook)
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
