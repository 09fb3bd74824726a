package collectors

import (
	"context"
	"log/slog"
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
		"Space left on the file system, in bytes, as the kubelet sees it.", "node", "filesystem")
	nodeDiskCapacityBytes = exporter.NewGauge("node_disk", "capacity_bytes",
		"Size of the file system in bytes.", "node", "filesystem")
	nodeDiskInodesFree = exporter.NewGauge("node_disk", "inodes_free",
		"Inodes left on the file system; absent where it has no limit to them.", "node", "filesystem")
	nodeDiskInodes = exporter.NewGauge("node_disk", "inodes",
		"Inodes that the file system can hold; absent where it has no limit to them.", "node", "filesystem")
	nodeDiskThresholdBytes = exporter.NewGauge("node_disk", "eviction_threshold_bytes",
		"Space left, in bytes, under which the kubelet evicts pods at once; absent when this is switched off.", "node", "filesystem")
	nodeDiskThresholdInodes = exporter.NewGauge("node_disk", "eviction_threshold_inodes",
		"Inodes left under which the kubelet evicts pods at once; absent when this is switched off.", "node", "filesystem")
	nodeDiskHeadroom = exporter.NewGauge("node_disk", "headroom_ratio",
		"What can still be used before the kubelet evicts pods, as a share of the capacity; below 0 it evicts.",
		"node", "filesystem", "resource")
	nodeDiskPressure = exporter.NewGauge("node_disk", "pressure",
		"Whether the node has the condition DiskPressure: 1 is yes; absent when it is not known.", "node")
	nodeDiskImageGCHigh = exporter.NewGauge("node_disk", "image_gc_high_threshold_ratio",
		"Share of the image file system in use at which the kubelet begins to remove images.", "node")
	nodeDiskImageGCLow = exporter.NewGauge("node_disk", "image_gc_low_threshold_ratio",
		"Share of the image file system in use down to which the kubelet removes images.", "node")
)

// NodeDisk watches for nodes whose storage runs full.
func NodeDisk() Definition {
	return Definition{
		Name:    "node_disk",
		Help:    "Storage of nodes runs full: images cannot be pulled, pods are evicted.",
		Scope:   Cluster,
		Default: true,
		Metrics: []*exporter.Desc{
			nodeDiskAvailableBytes, nodeDiskCapacityBytes, nodeDiskInodesFree, nodeDiskInodes,
			nodeDiskThresholdBytes, nodeDiskThresholdInodes, nodeDiskHeadroom,
			nodeDiskPressure, nodeDiskImageGCHigh, nodeDiskImageGCLow,
		},
		Steady: []*exporter.Desc{nodeDiskAvailableBytes, nodeDiskCapacityBytes, nodeDiskHeadroom, nodeDiskPressure, nodeDiskImageGCHigh},
		Reads:  []sources.Read{sources.Nodes, sources.KubeletStats, sources.KubeletConfig},
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
	kubelets func() []kubelet.Result
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
	samples, bad := nodeDiskSamples(nodes, c.kubelets())
	for _, s := range samples {
		ch <- s
	}
	c.complain(bad)
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

// nodeDiskSamples says what holds for the nodes. Of a kubelet that cannot be
// read there are no samples: no reading is neither a full disk nor a free one.
func nodeDiskSamples(nodes []*corev1.Node, kubelets []kubelet.Result) ([]prometheus.Metric, []badThreshold) {
	var d diskSamples
	exists := make(map[string]bool, len(nodes))
	for _, node := range nodes {
		exists[node.Name] = true
		d.pressure(node)
	}
	for _, k := range kubelets {
		if !exists[k.Node] { // deleted since its kubelet was asked
			continue
		}
		if k.Config.Reason == health.Available {
			d.imageGC(k.Node, k.Config.Value)
		}
		if k.Stats.Reason != health.Available {
			continue
		}
		var thresholds map[string]string
		if k.Config.Reason == health.Available {
			thresholds = k.Config.Value.EvictionHard
		}
		s := k.Stats.Value
		d.filesystem(k.Node, "nodefs", s.NodeFS, "nodefs", thresholds)
		d.filesystem(k.Node, "imagefs", s.ImageFS, "imagefs", thresholds)
		d.filesystem(k.Node, "containerfs", s.ContainerFS, s.ContainerSignals(), thresholds)
	}
	return d.samples, d.bad
}

type diskSamples struct {
	samples []prometheus.Metric
	bad     []badThreshold
}

func (d *diskSamples) add(m *exporter.Desc, value float64, labels ...string) {
	d.samples = append(d.samples, m.Sample(value, labels...))
}

// pressure tells yes or no. Unknown is what the node controller writes when the
// kubelet went silent, and is neither.
func (d *diskSamples) pressure(node *corev1.Node) {
	for _, c := range node.Status.Conditions {
		if c.Type == corev1.NodeDiskPressure && c.Status != corev1.ConditionUnknown {
			d.add(nodeDiskPressure, exporter.Bool(c.Status == corev1.ConditionTrue), node.Name)
			return
		}
	}
}

func (d *diskSamples) imageGC(node string, c kubelet.Config) {
	if c.ImageGCHighPercent >= 0 {
		d.add(nodeDiskImageGCHigh, float64(c.ImageGCHighPercent)/100, node)
	}
	if c.ImageGCLowPercent >= 0 {
		d.add(nodeDiskImageGCLow, float64(c.ImageGCLowPercent)/100, node)
	}
}

// filesystem adds the samples of one file system, on which the thresholds of
// signals (nodefs or imagefs) hold.
func (d *diskSamples) filesystem(node, name string, fs *kubelet.Filesystem, signals string, thresholds map[string]string) {
	if fs == nil {
		return
	}
	if r := fs.Bytes; r != nil {
		d.add(nodeDiskAvailableBytes, float64(r.Available), node, name)
		d.add(nodeDiskCapacityBytes, float64(r.Capacity), node, name)
		d.headroom(nodeDiskThresholdBytes, node, name, "bytes", *r, signals+".available", thresholds)
	}
	if r := fs.Inodes; r != nil && r.Capacity > 0 {
		d.add(nodeDiskInodesFree, float64(r.Available), node, name)
		d.add(nodeDiskInodes, float64(r.Capacity), node, name)
		d.headroom(nodeDiskThresholdInodes, node, name, "inodes", *r, signals+".inodesFree", thresholds)
	}
}

func (d *diskSamples) headroom(threshold *exporter.Desc, node, name, resource string, r kubelet.Room, signal string, thresholds map[string]string) {
	statement, found := thresholds[signal]
	if !found {
		return
	}
	limit, on, err := kubelet.Threshold(statement, r.Capacity)
	if err != nil {
		d.bad = append(d.bad, badThreshold{node, signal, err.Error()})
		return
	}
	if !on {
		return
	}
	d.add(threshold, limit, node, name)
	if r.Capacity > 0 {
		d.add(nodeDiskHeadroom, (float64(r.Available)-limit)/float64(r.Capacity), node, name, resource)
	}
}
