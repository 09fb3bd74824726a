package collectors

import (
	"context"
	"slices"

	"github.com/prometheus/client_golang/prometheus"
	corev1 "k8s.io/api/core/v1"

	"github.com/kubevitals/kubevitals/exporter"
	"github.com/kubevitals/kubevitals/sources"
	"github.com/kubevitals/kubevitals/sources/health"
	"github.com/kubevitals/kubevitals/sources/kubelet"
)

const nodeAllocatableName = "node_allocatable"

var (
	allocatableReservedRatio = exporter.NewGauge(nodeAllocatableName, "reserved_ratio",
		"Share of the node's capacity that pods cannot get; 0 means that they may take all of it.", "node", "resource")
	allocatableReservation = exporter.NewGauge(nodeAllocatableName, "reservation_configured",
		"Whether the kubelet's configuration reserves anything: kube for Kubernetes' own daemons, system for all others; 1 is yes.",
		"node", "reservation")
	allocatableEnforced = exporter.NewGauge(nodeAllocatableName, "enforced",
		"Whether the kubelet enforces the limit by cgroups: 1 is yes; absent on nodes that have no cgroups.", "node", "limit")
	allocatableCgroupsPerQOS = exporter.NewGauge(nodeAllocatableName, "cgroups_per_qos",
		"Whether pods live in cgroups of their quality of service class: 1 is yes; absent on nodes that have no cgroups.", "node")
	allocatableCgroupDriver = exporter.NewGauge(nodeAllocatableName, "cgroup_driver",
		"Is 1 for the cgroup driver that the kubelet is configured with, which a runtime that names one overrules.", "node", "driver")
)

// NodeAllocatable is the failure mode of nodes whose daemons are not protected
// from pods: nothing is reserved for them, or the limit of pods is not enforced.
//
// Capacity and allocatable resources are metrics of kube-state-metrics, too;
// what is told here is their difference, which needs no second exporter.
func NodeAllocatable() Definition {
	return Definition{
		Name:    nodeAllocatableName,
		Help:    "Pods may take what the node's own daemons need: nothing is reserved, or the limit is not or cannot be enforced.",
		Scope:   Cluster,
		Default: true,
		Metrics: []*exporter.Desc{
			allocatableReservedRatio, allocatableReservation, allocatableEnforced, allocatableCgroupsPerQOS, allocatableCgroupDriver,
		},
		Steady: []*exporter.Desc{allocatableReservedRatio, allocatableReservation},
		Reads:  []sources.Read{sources.Nodes, sources.KubeletConfig},
		New: func(s *sources.Sources) (exporter.Collector, error) {
			kubelets := s.Kubelets()
			kubelets.WantConfig()
			return nodeAllocatableCollector{nodes: s.Nodes().List, kubelets: kubelets.Results}, nil
		},
	}
}

type nodeAllocatableCollector struct {
	nodes    func() ([]*corev1.Node, error)
	kubelets func() []kubelet.Result
}

// Collect fails while the nodes cannot be seen. Of a kubelet that cannot be read
// it tells only what its node says.
func (c nodeAllocatableCollector) Collect(_ context.Context, ch chan<- prometheus.Metric) error {
	nodes, err := c.nodes()
	if err != nil {
		return err
	}
	windows := map[string]bool{}
	for _, node := range nodes {
		windows[node.Name] = node.Status.NodeInfo.OperatingSystem == "windows"
		sendReserved(ch, node)
	}
	for _, k := range c.kubelets() {
		without, exists := windows[k.Node]
		if exists && k.Config.Reason == health.Available {
			sendAllocatableConfig(ch, k.Node, k.Config.Value, !without)
		}
	}
	return nil
}

func sendReserved(ch chan<- prometheus.Metric, node *corev1.Node) {
	for _, resource := range []corev1.ResourceName{corev1.ResourceCPU, corev1.ResourceMemory} {
		capacity, known := node.Status.Capacity[resource]
		allocatable, also := node.Status.Allocatable[resource]
		if total := capacity.AsApproximateFloat64(); known && also && total > 0 {
			ch <- allocatableReservedRatio.Sample((total-allocatable.AsApproximateFloat64())/total, node.Name, string(resource))
		}
	}
}

func sendAllocatableConfig(ch chan<- prometheus.Metric, node string, c kubelet.Config, cgroups bool) {
	ch <- allocatableReservation.Sample(exporter.Bool(len(c.KubeReserved) > 0), node, "kube")
	ch <- allocatableReservation.Sample(exporter.Bool(len(c.SystemReserved) > 0), node, "system")
	if !cgroups || c.CgroupsPerQOS == nil {
		return
	}
	ch <- allocatableCgroupsPerQOS.Sample(exporter.Bool(*c.CgroupsPerQOS), node)
	ch <- allocatableCgroupDriver.Sample(1, node, cgroupDriver(c.CgroupDriver))
	for _, limit := range enforcedLimits() {
		ch <- allocatableEnforced.Sample(exporter.Bool(slices.Contains(c.EnforceNodeAllocatable, limit)), node, limit)
	}
}

// enforcedLimits are what enforceNodeAllocatable may hold, besides none.
func enforcedLimits() []string {
	return []string{"pods", "kube-reserved", "kube-reserved-compressible", "system-reserved", "system-reserved-compressible"}
}

func cgroupDriver(driver string) string {
	if driver == "systemd" || driver == "cgroupfs" {
		return driver
	}
	return "other"
}
