package collectors

import (
	"context"

	"github.com/prometheus/client_golang/prometheus"
	corev1 "k8s.io/api/core/v1"

	"github.com/kubevitals/kubevitals/exporter"
	"github.com/kubevitals/kubevitals/sources"
	"github.com/kubevitals/kubevitals/sources/leases"
)

const nodeClockName = "node_clock"

var (
	nodeClockOffset = exporter.NewGauge(nodeClockName, "offset_seconds",
		"Time in seconds by which the clock of a node is ahead of the clocks of the others, negative if behind; absent for nodes whose clock agrees as far as Leases can tell.",
		"node")
	nodeClocks = exporter.NewGauge(nodeClockName, "nodes",
		"Nodes whose clock agrees with the others, is off, or cannot be told.", "state")
)

// NodeClock is the failure mode of a node whose clock is off. The time that its
// kubelet writes into its Lease tells.
func NodeClock() Definition {
	return Definition{
		Name:    nodeClockName,
		Help:    "The clock of a node is off: certificates, tokens, logs and leader elections go by it.",
		Scope:   Cluster,
		Default: true,
		Metrics: []*exporter.Desc{nodeClockOffset, nodeClocks},
		Steady:  []*exporter.Desc{nodeClocks},
		Reads:   []sources.Read{sources.Nodes, sources.NodeLeases, sources.SystemLeases},
		New: func(s *sources.Sources) (exporter.Collector, error) {
			return nodeClockCollector{nodes: s.Nodes().List, judge: s.Leases().Judge}, nil
		},
	}
}

type nodeClockCollector struct {
	nodes func() ([]*corev1.Node, error)
	judge func([]*corev1.Node) sources.LeasesJudged
}

// Collect fails while the nodes or their Leases cannot be seen.
func (c nodeClockCollector) Collect(_ context.Context, ch chan<- prometheus.Metric) error {
	nodes, err := c.nodes()
	if err != nil {
		return err
	}
	judged := c.judge(nodes)
	if judged.NodesErr != nil {
		return judged.NodesErr
	}
	count := map[leases.Clock]int{}
	for _, node := range nodes {
		lease, ok := judged.Nodes[node.Name]
		if !ok {
			lease.Clock = leases.Unknown
		}
		count[lease.Clock]++
		if lease.Clock == leases.Off {
			ch <- nodeClockOffset.Sample(lease.Offset.Seconds(), node.Name)
		}
	}
	for _, clock := range leases.Clocks() {
		ch <- nodeClocks.Sample(float64(count[clock]), string(clock))
	}
	return nil
}
