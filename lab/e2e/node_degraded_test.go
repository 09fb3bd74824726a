package e2e

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/kubevitals/kubevitals/lab/cluster"
	"github.com/kubevitals/kubevitals/lab/faults"
)

// TestNodeDegraded makes a node that is ready ill: its network is unavailable, its memory
// short, and a taint of its start stays.
func TestNodeDegraded(t *testing.T) {
	node := shared.Kubelets()[1].Name
	nodeIsBack(t, node)
	isWell := func(s samples) error {
		if n := len(s.all("node_degraded_condition", "node", node)) + len(s.all("node_degraded_startup_taint_timestamp_seconds", "node", node)); n > 0 {
			return fmt.Errorf("%s has %d signs of being ill", node, n)
		}
		return nil
	}

	t.Run("network", func(t *testing.T) {
		set := func(ctx context.Context, status corev1.ConditionStatus, reason string) {
			if err := faults.SetCondition(ctx, shared.Client(), node, corev1.NodeNetworkUnavailable, status, reason); err != nil {
				t.Fatal(err)
			}
		}
		set(t.Context(), corev1.ConditionTrue, "NoRouteCreated")
		defer set(context.Background(), corev1.ConditionFalse, "RouteCreated")
		shared.vitals.eventually(t, 2*time.Minute, func(s samples) error {
			return errors.Join(s.want(1, "node_degraded_condition", "node", node, "condition", "NetworkUnavailable", "reason", "NoRouteCreated"),
				s.want(1, "node_readiness_ready", "node", node))
		})
		shared.vitals.wantAlert(t, 15*time.Minute, "KubeVitalsNodeNetworkUnavailable", "node", node)
	})
	shared.vitals.eventually(t, time.Minute, isWell)

	t.Run("startup taint", func(t *testing.T) {
		agent := corev1.Taint{Key: "node.cilium.io/agent-not-ready", Effect: corev1.TaintEffectNoSchedule}
		if err := faults.ChangeTaints(t.Context(), shared.Client(), node, func(taints []corev1.Taint) []corev1.Taint { return append(taints, agent) }); err != nil {
			t.Fatal(err)
		}
		defer func() {
			err := faults.ChangeTaints(context.Background(), shared.Client(), node, func(taints []corev1.Taint) []corev1.Taint {
				return slices.DeleteFunc(taints, func(taint corev1.Taint) bool { return taint.Key == agent.Key })
			})
			if err != nil {
				t.Error(err)
			}
		}()
		shared.vitals.eventually(t, 2*time.Minute, func(s samples) error {
			return s.want(1, "node_degraded_startup_taint_nodes", "state", "tainted")
		})
		shared.vitals.wantAlert(t, 16*time.Minute, "KubeVitalsNodeStartupTaint", "node", node, "taint", agent.Key)
	})
	shared.vitals.eventually(t, time.Minute, isWell)

	t.Run("cordoned", func(t *testing.T) {
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
	})
}

// TestNodePressure verifies that a node which is ready and short of memory or of process
// IDs is named. Its kubelet is stopped for as long as the condition is looked at, since it
// would correct it.
func TestNodePressure(t *testing.T) {
	l, _ := wellLab(t, cluster.Options{Nodes: 3})
	for _, p := range []struct{ condition, reason, alert string }{
		{"MemoryPressure", "KubeletHasInsufficientMemory", "KubeVitalsNodeMemoryPressure"},
		{"PIDPressure", "KubeletHasInsufficientPID", "KubeVitalsNodePIDPressure"},
	} {
		t.Run(p.condition, func(t *testing.T) {
			k := l.Kubelets()[1]
			if err := k.Process.Pause(); err != nil {
				t.Fatal(err)
			}
			defer func() { _ = k.Process.Resume() }()
			patch := fmt.Appendf(nil, `{"status":{"conditions":[{"type":%q,"status":"True","reason":%q}]}}`, p.condition, p.reason)
			if _, err := l.Client().CoreV1().Nodes().Patch(t.Context(), k.Name, types.StrategicMergePatchType, patch, metav1.PatchOptions{}, "status"); err != nil {
				t.Fatal(err)
			}
			fault, named := time.Now(), firing{p.alert, "node", k.Name}
			l.vitals.eventually(t, 30*time.Second, func(s samples) error {
				return errors.Join(s.want(1, "node_degraded_condition", "node", k.Name, "condition", p.condition), s.want(1, "node_readiness_ready", "node", k.Name))
			})
			l.named(t, fault, named)
			if err := k.Process.Resume(); err != nil {
				t.Fatal(err)
			}
			// It posts its status when that has changed, or after five minutes.
			l.vitals.eventually(t, 6*time.Minute, func(s samples) error {
				if n := len(s.all("node_degraded_condition", "node", k.Name)); n > 0 {
					return errors.New("the kubelet says that it has enough, and the condition is told of")
				}
				return nil
			})
			l.gone(t, time.Now(), named)
		})
	}
}

// TestNodeFlapping makes a node ready and not ready in turns, and verifies that each time
// is one that the rule counts.
func TestNodeFlapping(t *testing.T) {
	k := shared.Kubelets()[2]
	nodeIsBack(t, k.Name)
	defer nodeIsBack(t, k.Name)
	seen := map[float64]bool{}
	for len(seen) < 2 {
		// Its kubelet says within seconds that it is ready, so it is said again until it is seen.
		shared.vitals.eventually(t, time.Minute, func(s samples) error {
			since := s.all("node_readiness_transition_timestamp_seconds", "node", k.Name)
			if len(since) != 1 || seen[since[0]] {
				return errors.Join(
					fmt.Errorf("not ready since %v, after %v", since, seen),
					faults.SetCondition(t.Context(), shared.Client(), k.Name, corev1.NodeReady, corev1.ConditionFalse, "KubeletNotReady"),
				)
			}
			seen[since[0]] = true
			return nil
		})
		if err := faults.SetCondition(t.Context(), shared.Client(), k.Name, corev1.NodeReady, corev1.ConditionTrue, "KubeletReady"); err != nil {
			t.Fatal(err)
		}
		shared.vitals.eventually(t, time.Minute, func(s samples) error { return s.want(1, "node_readiness_ready", "node", k.Name) })
	}
}
