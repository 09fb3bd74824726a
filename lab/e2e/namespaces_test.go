package e2e

import (
	"context"
	"fmt"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/kubevitals/kubevitals/lab/cluster"
	"github.com/kubevitals/kubevitals/lab/faults"
)

// makeNamespace makes a namespace, which is gone when the test ends.
func makeNamespace(t *testing.T, name string, labels map[string]string) {
	t.Helper()
	namespaces := shared.Client().CoreV1().Namespaces()
	n := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: name, Labels: labels}}
	if _, err := namespaces.Create(t.Context(), n, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 3*time.Minute)
		defer cancel()
		err := cluster.Eventually(ctx, 3*time.Minute, func(ctx context.Context) error {
			err := namespaces.Delete(ctx, name, metav1.DeleteOptions{})
			switch {
			case apierrors.IsNotFound(err):
				return nil
			case err == nil || apierrors.IsConflict(err):
				return fmt.Errorf("namespace %s is still there", name)
			}
			return err
		})
		if err != nil {
			t.Errorf("remove the namespace: %v", err)
		}
	})
}

// deleteNamespace begins to delete a namespace.
func deleteNamespace(t *testing.T, name string) {
	t.Helper()
	if err := shared.Client().CoreV1().Namespaces().Delete(t.Context(), name, metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
}

// TestAggregatedAPI registers an API whose Service does not exist, and deletes a
// namespace, which cannot end while the API cannot be asked.
func TestAggregatedAPI(t *testing.T) {
	const namespace, api = "held-by-an-api", "v1.gone.example.com"
	shared.vitals.eventually(t, time.Minute, allWell)
	makeNamespace(t, namespace, nil)
	unregister, err := faults.RegisterGoneAPI(t.Context(), shared.Cluster, api, namespace)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := unregister(context.Background()); err != nil {
			t.Error(err)
		}
	}()
	shared.vitals.eventually(t, time.Minute, func(s samples) error {
		return s.want(1, "aggregated_api_unavailable", "apiservice", api, "backend", namespace+"/gone", "reason", "ServiceNotFound")
	})
	deleteNamespace(t, namespace)
	shared.vitals.eventually(t, 2*time.Minute, func(s samples) error {
		if held := s.all("terminating_namespaces_deletion_timestamp_seconds", "namespace", namespace, "hold", "discovery"); len(held) != 1 {
			return fmt.Errorf("the namespace is held by discovery: %v", held)
		}
		return nil
	})
	shared.vitals.wantAlert(t, 2*time.Minute, "KubeVitalsAggregatedAPIUnavailable", "apiservice", api)

	if err := unregister(t.Context()); err != nil {
		t.Fatal(err)
	}
	shared.vitals.eventually(t, time.Minute, func(s samples) error {
		if n := s.sum("aggregated_api_unavailable"); n != 0 {
			return fmt.Errorf("%v APIs are unavailable", n)
		}
		return nil
	})
	shared.vitals.eventually(t, 3*time.Minute, func(s samples) error { return s.want(0, "terminating_namespaces_namespaces", "phase", "terminating") })
}

// TestTerminatingNamespaces deletes a namespace with an object that has a finalizer.
func TestTerminatingNamespaces(t *testing.T) {
	const namespace, name = "held-by-a-finalizer", "held"
	shared.vitals.eventually(t, time.Minute, allWell)
	makeNamespace(t, namespace, nil)
	held := shared.Client().CoreV1().ConfigMaps(namespace)
	c := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: name, Finalizers: []string{"example.com/wait"}}}
	if _, err := held.Create(t.Context(), c, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	release := func(ctx context.Context) error {
		_, err := held.Patch(ctx, name, types.MergePatchType, []byte(`{"metadata":{"finalizers":null}}`), metav1.PatchOptions{})
		if apierrors.IsNotFound(err) {
			return nil
		}
		return err
	}
	defer func() {
		if err := release(context.Background()); err != nil {
			t.Error(err)
		}
	}()
	deleteNamespace(t, namespace)
	shared.vitals.eventually(t, time.Minute, func(s samples) error {
		if held := s.all("terminating_namespaces_deletion_timestamp_seconds", "namespace", namespace, "hold", "finalizers"); len(held) != 1 {
			return fmt.Errorf("the namespace is held by a finalizer: %v", held)
		}
		return nil
	})
	shared.vitals.wantAlert(t, 17*time.Minute, "KubeVitalsNamespaceStuckTerminating", "namespace", namespace)
	if err := release(t.Context()); err != nil {
		t.Fatal(err)
	}
	shared.vitals.eventually(t, 3*time.Minute, func(s samples) error { return s.want(0, "terminating_namespaces_namespaces", "phase", "terminating") })
}
