package collectors

import (
	"context"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/kubevitals/kubevitals/exporter"
	"github.com/kubevitals/kubevitals/sources"
	"github.com/kubevitals/kubevitals/sources/health"
	"github.com/kubevitals/kubevitals/sources/host/nodeapiserver"
)

const nodeAPIServerName = "node_apiserver"

var (
	nodeAPIServerReachable = exporter.NewGauge(nodeAPIServerName, "reachable",
		"Whether an API server answered the node over a new connection to the address that pods use: 1 is yes, be the answer that it is not well.",
		"node")
	nodeAPIServerProbe = exporter.NewGauge(nodeAPIServerName, "probe_result",
		"What became of the node's last try to reach the API server: 1 for the result that holds; available is 0 otherwise, and all others are absent.",
		"node", "result")
	nodeAPIServerSeconds = exporter.NewGauge(nodeAPIServerName, "probe_duration_seconds",
		"Time the node's last try took to connect, for the handshake and until the answer, in seconds; absent for what it did not come to.",
		"node", "stage")
)

// NodeAPIServer is the failure mode of a node that is cut off from the API
// server, seen from that node.
func NodeAPIServer() Definition {
	var interval, timeout time.Duration
	return Definition{
		Name:       nodeAPIServerName,
		Help:       "The node cannot reach the API server at the address that pods use, though other nodes can.",
		Scope:      Node,
		Privileges: []Privilege{HostNetwork},
		Default:    true,
		Metrics:    []*exporter.Desc{nodeAPIServerReachable, nodeAPIServerProbe, nodeAPIServerSeconds},
		Flags: func(f *Flags) {
			f.Flag("probe-interval", "Time between two tries; each costs the API servers a handshake for every node.").Default("30s").DurationVar(&interval)
			f.Flag("probe-timeout", "Longest time that a try may take.").Default("10s").DurationVar(&timeout)
		},
		Replay: true, // a connection from a node to the API server
		New: func(s *sources.Sources) (exporter.Collector, error) {
			poll, err := s.NodeAPIServer(interval, timeout)
			if err != nil {
				return nil, err
			}
			return nodeAPIServerCollector{node: s.Host().Node(), result: poll.Get}, nil
		},
	}
}

type nodeAPIServerCollector struct {
	node   string
	result func() (nodeapiserver.Result, error)
}

// Collect sends what the last try came to.
func (c nodeAPIServerCollector) Collect(_ context.Context, ch chan<- prometheus.Metric) error {
	r, err := c.result()
	if err != nil {
		return err
	}
	ch <- nodeAPIServerReachable.Sample(exporter.Bool(r.Answered), c.node)
	nodeAPIServerProbe.SendState(ch, string(health.Available), string(r.Reason), c.node)
	for _, stage := range nodeapiserver.Stages() {
		if took, ok := r.Took[stage]; ok {
			ch <- nodeAPIServerSeconds.Sample(took.Seconds(), c.node, string(stage))
		}
	}
	return nil
}
