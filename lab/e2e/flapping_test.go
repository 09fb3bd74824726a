package e2e

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubevitals/kubevitals/lab/cluster"
)

// flap lets the runtime of a node lose its network and get it back four times, and returns
// when its kubelet says for the fourth time that the node is ready again.
func (l *lab) flap(t *testing.T, k *cluster.Kubelet) func(context.Context) error {
	t.Helper()
	for range 4 {
		for _, lost := range []bool{true, false} {
			if err := k.LoseNetwork(lost); err != nil {
				t.Fatal(err)
			}
			if err := cluster.Eventually(t.Context(), 2*time.Minute, func(ctx context.Context) error { return l.ready(ctx, k, !lost) }); err != nil {
				t.Fatal(err)
			}
		}
	}
	return func(context.Context) error { return nil }
}

// ready fails unless a node is ready, or is not, and no taint contradicts that.
func (l *lab) ready(ctx context.Context, k *cluster.Kubelet, want bool) error {
	node, err := l.Client().CoreV1().Nodes().Get(ctx, k.Name, metav1.GetOptions{})
	if err != nil {
		return err
	}
	for _, c := range node.Status.Conditions {
		if c.Type == corev1.NodeReady && (c.Status == corev1.ConditionTrue) != want {
			return fmt.Errorf("node %s: Ready is %s, %s", k.Name, c.Status, c.Reason)
		}
	}
	for _, t := range node.Spec.Taints {
		if want && strings.HasPrefix(t.Key, "node.kubernetes.io/not-ready") {
			return errors.New("the node controller has not seen that it is ready")
		}
	}
	return nil
}
