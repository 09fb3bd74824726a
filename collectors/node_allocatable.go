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
	allocatableUnreserved = exporter.NewGauge(nodeAllocatableName, "unreserved",
		"Is 1 for nodes that keep nothing of the resource from pods: they may take all of it; absent for all others.", "node", "resource")
	allocatableNodes = exporter.NewGauge(nodeAllocatableName, "nodes",
		"Number of nodes by whether they keep some of the resource from pods, none, or it is unknown.", "resource", "reserved")
	allocatableMissing = exporter.NewGauge(nodeAllocatableName, "missing",
		"Is 1 for a protection that the configuration of the node's kubelet lacks: reservation, neither for Kubernetes' own daemons nor for others; enforcement of the limit of pods; cgroups_per_qos, for pods of each quality of service class; absent for all others.",
		"node", "protection")
	allocatableKubelets = exporter.NewCount(nodeAllocatableName, "kubelets",
		"Number of kubelets by whether their configuration has a protection, lacks it, or it is unknown, as of those that cannot be read and on nodes without cgroups.",
		"protection", "state")
	allocatableEnforcing = exporter.NewCount(nodeAllocatableName, "enforcing_kubelets",
		"Number of kubelets that enforce the limit by cgroups.", "limit")
	allocatableDrivers = exporter.NewCount(nodeAllocatableName, "cgroup_driver_kubelets",
		"Number of kubelets that are configured with the cgroup driver, which a runtime that names one overrules.", "driver")
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
			allocatableUnreserved, allocatableNodes, allocatableMissing, allocatableKubelets, allocatableEnforcing, allocatableDrivers,
		},
		Counted: map[*exporter.Desc]*exporter.Desc{allocatableUnreserved: allocatableNodes, allocatableMissing: allocatableKubelets},
		Reads:   []sources.Read{sources.Nodes, sources.KubeletConfig},
		New: func(s *sources.Sources) (exporter.Collector, error) {
			kubelets := s.Kubelets()
			kubelets.WantConfig()
			return nodeAllocatableCollector{nodes: s.Nodes().List, kubelets: kubelets.Results}, nil
		},
	}
}

type nodeAllocatableCollector struct {
	nodes    func() ([]*corev1.Node, error)
	kubelets func() []*kubelet.Result
}

// Collect fails while the nodes cannot be seen. Of a kubelet that cannot be read
// it tells only what its node says.
func (c nodeAllocatableCollector) Collect(_ context.Context, ch chan<- prometheus.Metric) error {
	nodes, err := c.nodes()
	if err != nil {
		return err
	}
	windows := make(map[string]bool, len(nodes))
	for _, node := range nodes {
		windows[node.Name] = node.Status.NodeInfo.OperatingSystem == "windows"
	}
	sendReserved(ch, nodes)
	configs := newAllocatableConfigs()
	for _, k := range c.kubelets() {
		without, exists := windows[k.Node]
		switch {
		case !exists:
		case k.Config.Reason == health.Available:
			configs.add(ch, k.Node, k.Config.Value, !without)
		default:
			configs.addUnknown()
		}
	}
	configs.send(ch)
	return nil
}

func sendReserved(ch chan<- prometheus.Metric, nodes []*corev1.Node) {
	for _, resource := range []corev1.ResourceName{corev1.ResourceCPU, corev1.ResourceMemory} {
		reserved := exporter.NewTally(allocatableUnreserved, "some", "none")
		for _, node := range nodes {
			reserved.Add(ch, reservedOf(node, resource), node.Name, string(resource))
		}
		reserved.Send(ch, allocatableNodes, string(resource))
	}
}

// reservedOf tells whether the node keeps some of the resource from pods.
func reservedOf(node *corev1.Node, resource corev1.ResourceName) string {
	capacity, known := node.Status.Capacity[resource]
	allocatable, also := node.Status.Allocatable[resource]
	switch {
	case !known || !also || capacity.Sign() <= 0:
		return exporter.UnknownState
	case allocatable.Cmp(capacity) < 0:
		return "some"
	}
	return "none"
}

// allocatableConfigs counts what kubelets are configured with.
type allocatableConfigs struct {
	protections        map[string]*exporter.Tally
	enforcing, drivers map[string]int
}

func newAllocatableConfigs() allocatableConfigs {
	c := allocatableConfigs{map[string]*exporter.Tally{}, map[string]int{}, map[string]int{"systemd": 0, "cgroupfs": 0}}
	for _, protection := range []string{"reservation", "enforcement", "cgroups_per_qos"} {
		c.protections[protection] = exporter.NewTally(allocatableMissing, "present", "missing")
	}
	for _, limit := range enforcedLimits() {
		c.enforcing[limit] = 0
	}
	return c
}

// addUnknown counts a kubelet whose configuration cannot be read.
func (c allocatableConfigs) addUnknown() {
	for _, tally := range c.protections {
		tally.Count(exporter.UnknownState)
	}
}

// add counts a kubelet, and sends what it lacks.
func (c allocatableConfigs) add(ch chan<- prometheus.Metric, node string, config kubelet.Config, cgroups bool) {
	cgroups = cgroups && config.CgroupsPerQOS != nil
	for protection, present := range map[string]bool{
		"reservation":     len(config.KubeReserved) > 0 || len(config.SystemReserved) > 0,
		"enforcement":     slices.Contains(config.EnforceNodeAllocatable, "pods"),
		"cgroups_per_qos": cgroups && *config.CgroupsPerQOS,
	} {
		state := "present"
		switch {
		case !cgroups && protection != "reservation":
			state = exporter.UnknownState
		case !present:
			state = "missing"
		}
		c.protections[protection].Add(ch, state, node, protection)
	}
	if !cgroups {
		return
	}
	c.drivers[cgroupDriver(config.CgroupDriver)]++
	for _, limit := range enforcedLimits() {
		if slices.Contains(config.EnforceNodeAllocatable, limit) {
			c.enforcing[limit]++
		}
	}
}

func (c allocatableConfigs) send(ch chan<- prometheus.Metric) {
	for protection, tally := range c.protections {
		tally.Send(ch, allocatableKubelets, protection)
	}
	for limit, kubelets := range c.enforcing {
		ch <- allocatableEnforcing.Sample(float64(kubelets), limit)
	}
	for driver, kubelets := range c.drivers {
		ch <- allocatableDrivers.Sample(float64(kubelets), driver)
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
