package e2e

import (
	"fmt"
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
	present := map[string]bool{
		"enforcement": slices.Contains(c.EnforceNodeAllocatable, "pods"), "cgroups_per_qos": *c.CgroupsPerQOS,
		"reservation": len(c.KubeReserved)+len(c.SystemReserved) > 0,
	}
	shared.vitals.eventually(t, time.Minute, func(s samples) error {
		for protection, is := range present {
			if missing := len(s.all("node_allocatable_missing", "node", kubelet.Name, "protection", protection)) > 0; missing == is {
				return fmt.Errorf("%s is said to be missing: %t; the kubelet says that it is there: %t", protection, missing, is)
			}
			if s.sum("node_allocatable_kubelets", "protection", protection) == 0 {
				return fmt.Errorf("no kubelet is counted by %s", protection)
			}
		}
		if s.sum("node_allocatable_cgroup_driver_kubelets", "driver", c.CgroupDriver) == 0 {
			return fmt.Errorf("no kubelet is counted by its cgroup driver, which is %s", c.CgroupDriver)
		}
		return nil
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
			none := len(s.all("node_allocatable_unreserved", "node", name, "resource", string(resource))) > 0
			if want := allocatable.Cmp(capacity) >= 0; none != want {
				return fmt.Errorf("nothing of %s is reserved: %t, want %t", resource, none, want)
			}
			if s.sum("node_allocatable_nodes", "resource", string(resource)) == 0 {
				return fmt.Errorf("no node is counted by what it reserves of %s", resource)
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
	// The latest of its times, of which one is the API server's, perhaps of the next second.
	last := max(now.Unix(), event.CreationTimestamp.Unix())
	shared.vitals.eventually(t, time.Minute, func(s samples) error {
		return s.want(float64(last), "events_last_seen_timestamp_seconds", "node", node, "reason", reason, "kind", "Node")
	})
	shared.vitals.wantAlert(t, 0, "KubeVitalsNodeAllocatableFailing", "node", node)
}
