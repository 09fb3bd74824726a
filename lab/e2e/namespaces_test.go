package e2e

import (
	"context"
	"fmt"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubevitals/kubevitals/lab/cluster"
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
