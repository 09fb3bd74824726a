package e2e

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/kubevitals/kubevitals/lab/faults"
)

// create makes a pod with one container in the namespace default, and on a node
// unless that is empty.
func create(t *testing.T, name, node string, change func(*corev1.Pod)) {
	t.Helper()
	p := pod(node, name, corev1.PodSpec{Containers: []corev1.Container{{}}})
	p.Namespace = metav1.NamespaceDefault
	if change != nil {
		change(p)
	}
	if _, err := shared.Client().CoreV1().Pods(p.Namespace).Create(t.Context(), p, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
}

// remove deletes a pod at once, whatever its kubelet says.
func remove(t *testing.T, name string) {
	t.Helper()
	now := int64(0)
	if err := shared.Client().CoreV1().Pods(metav1.NamespaceDefault).Delete(t.Context(), name, metav1.DeleteOptions{GracePeriodSeconds: &now}); err != nil {
		t.Error(err)
	}
}

// TestPendingPods makes pods that wait for all that the lab can withhold.
func TestPendingPods(t *testing.T) {
	shared.vitals.eventually(t, time.Minute, allWell)
	before, err := shared.vitals.scrape(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	networkless := shared.Kubelets()[1]
	if err := networkless.FailSandboxes(true); err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := networkless.FailSandboxes(false); err != nil {
			t.Error(err)
		}
	}()
	missing := corev1.LocalObjectReference{Name: "does-not-exist"}
	for _, p := range []struct {
		reason, node string
		change       func(*corev1.Pod)
	}{
		{"unschedulable", "", func(p *corev1.Pod) { p.Spec.NodeSelector = map[string]string{"no": "such"} }},
		{"gated", "", func(p *corev1.Pod) { p.Spec.SchedulingGates = []corev1.PodSchedulingGate{{Name: "example.com/wait"}} }},
		{"container_setup", "node-0", func(p *corev1.Pod) { p.Spec.Containers[0].Env = faults.ConfigMapEnv(missing.Name) }},
		{"image", "node-0", func(p *corev1.Pod) {
			p.Spec.Containers[0].Image, p.Spec.Containers[0].ImagePullPolicy = "nobody-has-it", corev1.PullNever
		}},
		{"network", "node-1", nil},
	} {
		name := "waits-" + strings.ReplaceAll(p.reason, "_", "-")
		create(t, name, p.node, p.change)
		made := time.Now()
		t.Run(p.reason, func(t *testing.T) {
			shared.vitals.eventually(t, time.Minute, func(s samples) error {
				if err := s.want(1, "pending_pods_pods", "reason", p.reason, "node", p.node); err != nil {
					return err
				}
				since := s.all("pending_pods_oldest_timestamp_seconds", "reason", p.reason, "node", p.node)
				if len(since) != 1 || time.UnixMilli(int64(since[0]*1000)).Sub(made).Abs() > 30*time.Second {
					return fmt.Errorf("pending since %v, want about %v", since, made.Unix())
				}
				return nil
			})
		})
		defer remove(t, name)
	}
	shared.vitals.wantAlerts(t, 16*time.Minute, firing{"KubeVitalsPodsUnschedulable"}, firing{"KubeVitalsPodNetworkFailing", "node", "node-1"},
		firing{"KubeVitalsPodSetupFailing", "node", "node-0"}, firing{"KubeVitalsPodImagesFailing", "node", "node-0"})
	t.Run("events", func(t *testing.T) {
		shared.vitals.eventually(t, time.Minute, func(s samples) error {
			// The scheduler uses the new API of events, the kubelet the old one.
			for _, reason := range []string{"FailedScheduling", "FailedCreatePodSandBox"} {
				if s.sum("events_total", "reason", reason) <= before.sum("events_total", "reason", reason) {
					return fmt.Errorf("no event %s is counted", reason)
				}
			}
			if seen := s.all("events_last_seen_timestamp_seconds", "reason", "FailedCreatePodSandBox", "node", "node-1"); len(seen) != 1 {
				return fmt.Errorf("FailedCreatePodSandBox on node-1 was last seen %v", seen)
			}
			return nil
		})
	})
}

// TestTerminatingPods deletes a pod whose kubelet is dead, and one that a
// finalizer holds.
func TestTerminatingPods(t *testing.T) {
	kubelet := shared.Kubelets()[2]
	const stuck, held = "stuck", "held"
	create(t, stuck, kubelet.Name, nil)
	create(t, held, shared.Kubelets()[1].Name, func(p *corev1.Pod) { p.Finalizers = []string{"example.com/wait"} })
	waitForPhase(t, metav1.NamespaceDefault, stuck, corev1.PodRunning)
	waitForPhase(t, metav1.NamespaceDefault, held, corev1.PodRunning)

	kubelet.Process.Kill()
	back := false
	defer func() {
		if !back {
			_ = kubelet.Process.Start(t.Context())
		}
	}()
	grace := int64(1)
	for _, name := range []string{stuck, held} {
		if err := shared.Client().CoreV1().Pods(metav1.NamespaceDefault).Delete(t.Context(), name, metav1.DeleteOptions{GracePeriodSeconds: &grace}); err != nil {
			t.Fatal(err)
		}
	}
	// Until the node controller gives it up, the node looks well.
	shared.vitals.eventually(t, time.Minute, func(s samples) error {
		return errors.Join(
			s.want(1, "terminating_pods_overdue", "node", kubelet.Name, "hold", "kubelet"),
			s.want(1, "terminating_pods_overdue", "node", shared.Kubelets()[1].Name, "hold", "finalizers"))
	})
	shared.vitals.wantAlerts(t, 31*time.Minute, firing{"KubeVitalsPodsStuckInKubelet", "node", kubelet.Name}, firing{"KubeVitalsPodsHeldByFinalizer"})
	shared.vitals.eventually(t, 2*time.Minute, func(s samples) error {
		return s.want(1, "terminating_pods_overdue", "node", kubelet.Name, "hold", "node_unreachable")
	})
	shared.vitals.wantAlert(t, 6*time.Minute, "KubeVitalsPodsStuckOnDeadNode", "node", kubelet.Name)

	patch := []byte(`{"metadata":{"finalizers":null}}`)
	if _, err := shared.Client().CoreV1().Pods(metav1.NamespaceDefault).Patch(t.Context(), held, types.MergePatchType, patch, metav1.PatchOptions{}); err != nil {
		t.Fatal(err)
	}
	if err := kubelet.Process.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	back = true
	shared.vitals.eventually(t, 2*time.Minute, func(s samples) error {
		if overdue := s.sum("terminating_pods_overdue"); overdue > 0 {
			return fmt.Errorf("%v pods are overdue", overdue)
		}
		return allWell(s)
	})
}
