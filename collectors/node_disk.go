package collectors

import (
	"context"
	"log/slog"
	"slices"
	"strings"
	"sync"

	"github.com/prometheus/client_golang/prometheus"
	corev1 "k8s.io/api/core/v1"

	"github.com/kubevitals/kubevitals/exporter"
	"github.com/kubevitals/kubevitals/sources"
	"github.com/kubevitals/kubevitals/sources/health"
	"github.com/kubevitals/kubevitals/sources/kubelet"
)

var (
	nodeDiskAvailableBytes = exporter.NewGauge("node_disk", "available_bytes",
		"Space left on the file system, in bytes, as the kubelet sees it; one that is nodefs, imagefs and containerfs at once is told once, as the first of these.", "node", "filesystem")
	nodeDiskCapacityBytes = exporter.NewGauge("node_disk", "capacity_bytes",
		"Size of the file system in bytes.", "node", "filesystem")
	nodeDiskInodesFree = exporter.NewGauge("node_disk", "inodes_free",
		"Inodes left on the file system; absent where it has no limit to them.", "node", "filesystem")
	nodeDiskInodes = exporter.NewGauge("node_disk", "inodes",
		"Inodes that the file system can hold; absent where it has no limit to them.", "node", "filesystem")
	nodeDiskHeadroom = exporter.NewGauge("node_disk", "headroom_ratio",
		"What can still be used before the kubelet evicts pods, as a share of the capacity; below 0 it evicts; where several thresholds hold for a file system, by the first that is reached.",
		"node", "filesystem", "resource")
	nodeDiskPressure = exporter.NewGauge("node_disk", "pressure",
		"Is 1 for nodes that have the condition DiskPressure; absent for all others.", "node")
	nodeDiskPressureNodes = exporter.NewGauge("node_disk", "pressure_nodes",
		"Number of nodes by their condition DiskPressure: true, false, or unknown if it is Unknown or not set.", "status")
	nodeDiskImageGCHigh = exporter.NewGauge("node_disk", "image_gc_high_threshold_ratio",
		"Share in use at which the kubelet begins to remove images, of the file system that they are on.", "node", "filesystem")
)

// NodeDisk watches for nodes whose storage runs full.
func NodeDisk() Definition {
	return Definition{
		Name:    "node_disk",
		Help:    "Storage of nodes runs full: images cannot be pulled, pods are evicted.",
		Scope:   Cluster,
		Default: true,
		Metrics: []*exporter.Desc{
			nodeDiskAvailableBytes, nodeDiskCapacityBytes, nodeDiskInodesFree, nodeDiskInodes, nodeDiskHeadroom,
			nodeDiskPressure, nodeDiskPressureNodes, nodeDiskImageGCHigh,
		},
		Steady:  []*exporter.Desc{nodeDiskAvailableBytes, nodeDiskCapacityBytes, nodeDiskHeadroom, nodeDiskImageGCHigh},
		Counted: map[*exporter.Desc]*exporter.Desc{nodeDiskPressure: nodeDiskPressureNodes},
		Reads:   []sources.Read{sources.Nodes, sources.KubeletStats, sources.KubeletConfig},
		New: func(s *sources.Sources) (exporter.Collector, error) {
			kubelets := s.Kubelets()
			kubelets.WantStats()
			kubelets.WantConfig()
			return &nodeDiskCollector{nodes: s.Nodes().List, kubelets: kubelets.Results, logger: s.Logger()}, nil
		},
	}
}

type nodeDiskCollector struct {
	nodes    func() ([]*corev1.Node, error)
	kubelets func() []*kubelet.Result
	logger   *slog.Logger

	mu sync.Mutex
	// told are the thresholds that the log complains of, while they last.
	told map[badThreshold]bool
}

// badThreshold is an eviction threshold that makes no sense.
type badThreshold struct {
	node, signal, err string
}

// Collect fails while the nodes cannot be seen.
func (c *nodeDiskCollector) Collect(_ context.Context, ch chan<- prometheus.Metric) error {
	nodes, err := c.nodes()
	if err != nil {
		return err
	}
	d := diskSamples{ch: ch}
	d.pressures(nodes)
	d.kubelets(nodes, c.kubelets())
	c.complain(d.bad)
	return nil
}

// complain logs what it did not log at the collection before.
func (c *nodeDiskCollector) complain(bad []badThreshold) {
	c.mu.Lock()
	defer c.mu.Unlock()
	told := make(map[badThreshold]bool, len(bad))
	for _, b := range bad {
		if !c.told[b] && !told[b] {
			c.logger.Warn("Eviction threshold cannot be understood", "node", b.node, "signal", b.signal, "err", b.err)
		}
		told[b] = true
	}
	c.told = told
}

// diskSamples sends what holds for the nodes.
type diskSamples struct {
	ch  chan<- prometheus.Metric
	bad []badThreshold
}

// pressures tells of the nodes under pressure. Unknown is what the node controller writes
// when the kubelet went silent, and is neither yes nor no.
func (d *diskSamples) pressures(nodes []*corev1.Node) {
	pressure := exporter.NewTally(nodeDiskPressure, "false", "true")
	for _, node := range nodes {
		status := exporter.UnknownState
		if c := sources.ConditionOf(node, corev1.NodeDiskPressure); c != nil {
			status = strings.ToLower(string(c.Status))
		}
		pressure.Add(d.ch, status, node.Name)
	}
	pressure.Send(d.ch, nodeDiskPressureNodes)
}

// kubelets tells what kubelets say of the nodes. Of one that cannot be read there are no
// samples: no reading is neither a full disk nor a free one.
func (d *diskSamples) kubelets(nodes []*corev1.Node, kubelets []*kubelet.Result) {
	exists := make(map[string]bool, len(nodes))
	for _, node := range nodes {
		exists[node.Name] = true
	}
	for _, k := range kubelets {
		if !exists[k.Node] || k.Stats.Reason != health.Available { // deleted since its kubelet was asked, or blind
			continue
		}
		config := kubelet.Config{ImageGCHighPercent: -1}
		if k.Config.Reason == health.Available {
			config = k.Config.Value
		}
		for _, device := range k.Stats.Value.Devices() {
			d.device(k.Node, device, config)
		}
	}
}

// device tells of one file system, by the first of its names.
func (d *diskSamples) device(node string, device kubelet.Device, config kubelet.Config) {
	name := device.Names[0]
	if r := device.Bytes; r != nil {
		d.ch <- nodeDiskAvailableBytes.Sample(float64(r.Available), node, name)
		d.ch <- nodeDiskCapacityBytes.Sample(float64(r.Capacity), node, name)
		d.headroom(node, device, "bytes", *r, ".available", config.EvictionHard)
	}
	if r := device.Inodes; r != nil && r.Capacity > 0 {
		d.ch <- nodeDiskInodesFree.Sample(float64(r.Available), node, name)
		d.ch <- nodeDiskInodes.Sample(float64(r.Capacity), node, name)
		d.headroom(node, device, "inodes", *r, ".inodesFree", config.EvictionHard)
	}
	if config.ImageGCHighPercent >= 0 && slices.Contains(device.Names, "imagefs") {
		d.ch <- nodeDiskImageGCHigh.Sample(float64(config.ImageGCHighPercent)/100, node, name)
	}
}

// headroom tells how far it is to the nearest of the thresholds that hold for a device.
func (d *diskSamples) headroom(node string, device kubelet.Device, resource string, r kubelet.Room, suffix string, thresholds map[string]string) {
	limit, bounded := 0.0, false
	for _, prefix := range device.Signals {
		signal := prefix + suffix
		statement, found := thresholds[signal]
		if !found {
			continue
		}
		one, on, err := kubelet.Threshold(statement, r.Capacity)
		if err != nil {
			d.bad = append(d.bad, badThreshold{node, signal, err.Error()})
		} else if on {
			limit, bounded = max(limit, one), true
		}
	}
	if bounded && r.Capacity > 0 {
		d.ch <- nodeDiskHeadroom.Sample((float64(r.Available)-limit)/float64(r.Capacity), node, device.Names[0], resource)
	}
}
