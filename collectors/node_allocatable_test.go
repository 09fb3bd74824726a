package collectors

import (
	"bytes"
	"errors"
	"testing"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubevitals/kubevitals/sources/health"
	"github.com/kubevitals/kubevitals/sources/kubelet"
)

func allocatableNode(name, os string, capacity, allocatable map[corev1.ResourceName]string) *corev1.Node {
	list := func(of map[corev1.ResourceName]string) corev1.ResourceList {
		l := corev1.ResourceList{}
		for r, q := range of {
			l[r] = resource.MustParse(q)
		}
		return l
	}
	n := &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: name}}
	n.Status.NodeInfo.OperatingSystem = os
	n.Status.Capacity, n.Status.Allocatable = list(capacity), list(allocatable)
	return n
}

func allocatableFixture() nodeAllocatableCollector {
	eight := map[corev1.ResourceName]string{corev1.ResourceCPU: "8", corev1.ResourceMemory: "32Gi"}
	nodes := []*corev1.Node{
		allocatableNode("reserves", "linux", eight, map[corev1.ResourceName]string{corev1.ResourceCPU: "7600m", corev1.ResourceMemory: "28Gi"}),
		allocatableNode("reserves-nothing", "linux", eight, eight),
		allocatableNode("enforces-nothing", "linux", nil, nil),
		allocatableNode("old", "linux", eight, nil),
		allocatableNode("says-little", "linux", nil, nil),
		allocatableNode("windows", "windows", eight, eight),
		allocatableNode("config-failed", "linux", eight, eight),
		allocatableNode("empty", "linux", map[corev1.ResourceName]string{corev1.ResourceCPU: "0"}, map[corev1.ResourceName]string{corev1.ResourceCPU: "0"}),
	}
	results := []*kubelet.Result{
		{Node: "reserves", Config: kubeletSays(kubelet.Config{
			EnforceNodeAllocatable: []string{"pods", "system-reserved-compressible"}, CgroupsPerQOS: new(true), CgroupDriver: "systemd",
			KubeReserved: map[string]string{"cpu": "200m"}, SystemReserved: map[string]string{"cpu": "200m", "memory": "3Gi"},
		})},
		{Node: "reserves-nothing", Config: kubeletSays(kubelet.Config{EnforceNodeAllocatable: []string{"pods"}, CgroupsPerQOS: new(true), CgroupDriver: "cgroupfs"})},
		{Node: "enforces-nothing", Config: kubeletSays(kubelet.Config{EnforceNodeAllocatable: []string{"none"}, CgroupsPerQOS: new(false), CgroupDriver: "something new"})},
		{Node: "says-little", Config: kubeletSays(kubelet.Config{})},
		{Node: "windows", Config: kubeletSays(kubelet.Config{CgroupsPerQOS: new(false), KubeReserved: map[string]string{"memory": "2Gi"}})},
		{Node: "config-failed", Config: kubelet.Fetched[kubelet.Config]{Reason: health.Forbidden}},
		{Node: "deleted-meanwhile", Config: kubeletSays(kubelet.Config{CgroupsPerQOS: new(true)})},
	}
	return nodeAllocatableCollector{
		nodes:    func() ([]*corev1.Node, error) { return nodes, nil },
		kubelets: func() []*kubelet.Result { return results },
	}
}

func TestNodeAllocatable(t *testing.T) {
	t.Parallel()
	golden(t, nodeAllocatableName, allocatableFixture(), NodeAllocatable().Metrics)
}

func TestNodeAllocatableWithoutNodes(t *testing.T) {
	t.Parallel()
	c := allocatableFixture()
	c.nodes = func() ([]*corev1.Node, error) { return nil, errors.New("blind") }
	if got := scrapeText(t, nodeAllocatableName, c, NodeAllocatable().Metrics); bytes.Contains(got, []byte("node_allocatable_")) {
		t.Errorf("blind, and it says\n%s", got)
	}
}
