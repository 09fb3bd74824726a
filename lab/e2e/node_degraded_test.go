package e2e

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/kubevitals/kubevitals/lab/faults"
)

// TestNodeCordoned cordons a node, and verifies that it is told since when.
func TestNodeCordoned(t *testing.T) {
	node := shared.Kubelets()[1].Name
	nodeIsBack(t, node)
	cordon := func(ctx context.Context, yes bool) {
		patch := fmt.Appendf(nil, `{"spec":{"unschedulable":%t}}`, yes)
		if _, err := shared.Client().CoreV1().Nodes().Patch(ctx, node, types.MergePatchType, patch, metav1.PatchOptions{}); err != nil {
			t.Fatal(err)
		}
	}
	before := time.Now()
	cordon(t.Context(), true)
	defer cordon(context.Background(), false)
	shared.vitals.eventually(t, 2*time.Minute, func(s samples) error {
		since := s.all("node_degraded_cordoned_timestamp_seconds", "node", node)
		if len(since) != 1 || time.Unix(int64(since[0]), 0).Sub(before).Abs() > time.Minute {
			return fmt.Errorf("cordoned since %v, want about %v", since, before.Unix())
		}
		return nil
	})
	shared.vitals.wantAlert(t, 25*time.Hour, "KubeVitalsNodeCordoned", "node", node)
}

// TestNodePIDPressure verifies that a node which is ready and short of process IDs is named.
// Its kubelet is stopped for as long as the condition is looked at, since it would correct
// it: process IDs are those of this machine.
func TestNodePIDPressure(t *testing.T) {
	k := shared.Kubelets()[1]
	nodeIsBack(t, k.Name)
	if err := k.Process.Pause(); err != nil {
		t.Fatal(err)
	}
	defer nodeIsBack(t, k.Name)
	defer func() { _ = k.Process.Resume() }()
	fault, named := time.Now(), firing{"KubeVitalsNodePIDPressure", "node", k.Name}
	if err := faults.SetCondition(t.Context(), shared.Client(), k.Name, corev1.NodePIDPressure, corev1.ConditionTrue, "KubeletHasInsufficientPID"); err != nil {
		t.Fatal(err)
	}
	shared.vitals.eventually(t, 30*time.Second, func(s samples) error {
		return errors.Join(s.want(1, "node_degraded_condition", "node", k.Name, "condition", "PIDPressure"), s.want(1, "node_readiness_ready", "node", k.Name))
	})
	shared.named(t, fault, named)
	if err := k.Process.Resume(); err != nil {
		t.Fatal(err)
	}
	// It posts its status when that has changed, or after five minutes.
	shared.vitals.eventually(t, 6*time.Minute, func(s samples) error {
		if n := len(s.all("node_degraded_condition", "node", k.Name)); n > 0 {
			return errors.New("the kubelet says that it has enough, and the condition is told of")
		}
		return nil
	})
	shared.gone(t, time.Now(), named)
}
