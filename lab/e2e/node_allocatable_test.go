package e2e

import (
	"fmt"
	"math"
	"slices"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

func TestNodeAllocatableAgreesWithTheKubelet(t *testing.T) {
	kubelet := shared.Kubelets()[1]
	var config struct {
		KubeletConfig struct {
			EnforceNodeAllocatable []string
			CgroupsPerQOS          *bool
			CgroupDriver           string
			KubeReserved           map[string]string
			SystemReserved         map[string]string
		}
	}
	if err := read(t.Context(), kubelet, "/configz", &config); err != nil {
		t.Fatal(err)
	}
	c := config.KubeletConfig
	if c.CgroupsPerQOS == nil || c.CgroupDriver == "" {
		t.Fatalf("the kubelet does not say what this test is about: %+v", c)
	}
	number := map[bool]float64{true: 1}
	shared.vitals.eventually(t, time.Minute, func(s samples) error {
		for _, limit := range []string{"pods", "kube-reserved", "system-reserved"} {
			if err := s.want(number[slices.Contains(c.EnforceNodeAllocatable, limit)], "node_allocatable_enforced", "node", kubelet.Name, "limit", limit); err != nil {
				return err
			}
		}
		for reservation, reserved := range map[string]map[string]string{"kube": c.KubeReserved, "system": c.SystemReserved} {
			if err := s.want(number[len(reserved) > 0], "node_allocatable_reservation_configured", "node", kubelet.Name, "reservation", reservation); err != nil {
				return err
			}
		}
		if err := s.want(1, "node_allocatable_cgroup_driver", "node", kubelet.Name, "driver", c.CgroupDriver); err != nil {
			return err
		}
		return s.want(number[*c.CgroupsPerQOS], "node_allocatable_cgroups_per_qos", "node", kubelet.Name)
	})
}

func TestNodeAllocatableAgreesWithTheNode(t *testing.T) {
	name := shared.Kubelets()[1].Name
	shared.vitals.eventually(t, time.Minute, func(s samples) error {
		node, err := shared.Client().CoreV1().Nodes().Get(t.Context(), name, metav1.GetOptions{})
		if err != nil {
			return err
		}
		for _, resource := range []corev1.ResourceName{corev1.ResourceCPU, corev1.ResourceMemory} {
			capacity, allocatable := node.Status.Capacity[resource], node.Status.Allocatable[resource]
			want := float64(capacity.MilliValue()-allocatable.MilliValue()) / float64(capacity.MilliValue())
			values := s.all("node_allocatable_reserved_ratio", "node", name, "resource", string(resource))
			if len(values) != 1 || math.Abs(values[0]-want) > 1e-9 {
				return fmt.Errorf("reserved share of %s is %v, want %v", resource, values, want)
			}
		}
		return nil
	})
}

// TestNodeAllocatableFailing sends the event as a kubelet does whose cgroups
// cannot be written; the lab's kubelets have none to write.
func TestNodeAllocatableFailing(t *testing.T) {
	node := shared.Kubelets()[1].Name
	const reason = "FailedNodeAllocatableEnforcement"
	now := metav1.Now()
	events := shared.Client().CoreV1().Events(metav1.NamespaceDefault)
	event, err := events.Create(t.Context(), &corev1.Event{
		ObjectMeta:     metav1.ObjectMeta{GenerateName: node + ".", Namespace: metav1.NamespaceDefault},
		InvolvedObject: corev1.ObjectReference{Kind: "Node", Name: node},
		Reason:         reason, Type: corev1.EventTypeWarning, Count: 1, FirstTimestamp: now, LastTimestamp: now,
		Message: `Failed to update Node Allocatable Limits ["kubepods"]: failed to set supported cgroup subsystems`,
		Source:  corev1.EventSource{Component: "kubelet", Host: node},
	}, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := events.Delete(t.Context(), event.Name, metav1.DeleteOptions{}); err != nil {
			t.Error(err)
		}
	}()
	shared.vitals.eventually(t, time.Minute, func(s samples) error {
		return s.want(float64(now.Unix()), "events_last_seen_timestamp_seconds", "node", node, "reason", reason, "kind", "Node")
	})
	shared.vitals.wantAlert(t, 0, "KubeVitalsNodeAllocatableFailing", "node", node)
}
