package collectors

import (
	"context"
	"fmt"
	"maps"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/kubevitals/kubevitals/exporter"
	"github.com/kubevitals/kubevitals/sources"
	"github.com/kubevitals/kubevitals/sources/logs"
)

const componentLogsName = "component_logs"

var (
	componentLogsSeen = exporter.NewGauge(componentLogsName, "signature_seen_timestamp_seconds",
		"Unix time of the last line with the signature in the logs of the component's unhealthy pods, in seconds; absent if none was read.",
		"component", "signature")
	componentLogsNodeSeen = exporter.NewGauge(componentLogsName, "node_signature_seen_timestamp_seconds",
		"Unix time of the last line with the signature in the log of a service of the node, in seconds; absent if none was read within an hour.",
		"node", "component", "signature")
	componentLogsLines = exporter.NewCounter(componentLogsName, "signature_lines_total",
		"Lines with the signature that were read since the start.", "component", "signature")
	componentLogsPods = exporter.NewGauge(componentLogsName, "unhealthy_pods",
		"Pods of kube-system that are not ready or crash, whose logs are read.")
	componentLogsLeftOut = exporter.NewGauge(componentLogsName, "left_out_pods",
		"Unhealthy pods whose logs were not read in the last round because there are too many.")
	componentLogsNodes = exporter.NewGauge(componentLogsName, "unhealthy_nodes",
		"Nodes that are not ready, or whose kubelet started within ten minutes, and whose logs are asked for.")
	componentLogsNodesLeftOut = exporter.NewGauge(componentLogsName, "left_out_nodes",
		"Unhealthy nodes whose logs were not read in the last round: there are too many, or their kubelets do not offer logs (enableSystemLogQuery).")
	componentLogsBytes = exporter.NewCounter(componentLogsName, "read_bytes_total",
		"Bytes of logs that were read since the start.")
	componentLogsTruncated = exporter.NewCounter(componentLogsName, "truncated_total",
		"Readings of a log that met a bound, so that lines may have been missed.")
)

// ComponentLogs looks for known signs of trouble in the logs of the components
// that are not well.
func ComponentLogs() Definition {
	var o logs.Options
	return Definition{
		Name: componentLogsName,
		Help: "The log of a component that is not ready or crashes shows a known cause; needs rights to read logs of kube-system and of nodes, which the base manifests do not give.",
		// Off, because logs may hold what not everybody may read.
		Scope:   Cluster,
		Default: false,
		Metrics: []*exporter.Desc{
			componentLogsSeen, componentLogsNodeSeen, componentLogsLines, componentLogsPods, componentLogsLeftOut,
			componentLogsNodes, componentLogsNodesLeftOut, componentLogsBytes, componentLogsTruncated,
		},
		Reads: []sources.Read{sources.PodLogs, sources.KubeletLogs, sources.KubeletConfig, sources.KubeletStarts},
		Flags: func(f *Flags) {
			f.Flag("interval", "Time between two rounds of readings.").Default("1m").DurationVar(&o.Interval)
			Whole(f.Flag("pods", "Most unhealthy pods, and apart from them nodes, whose logs are read in one round.").Default("20"), &o.Pods)
			f.Flag("bytes", "Most bytes that are read of one log in one round.").Default("262144").Int64Var(&o.Bytes)
			f.Flag("node-services", "Service whose log is read of unhealthy nodes, through kubelets with enableSystemLogQuery; repeatable, an empty one reads none.").
				Default("kubelet").StringsVar(&o.NodeServices)
		},
		Configure: func(c *sources.Config) { c.Logs = o },
		Replay:    true, // lines of logs, which no dump of ours holds for what may be in them
		New: func(s *sources.Sources) (exporter.Collector, error) {
			if err := o.Validate(); err != nil {
				return nil, err
			}
			return componentLogsCollector{pods: s.SystemPods().List, state: s.ComponentLogs().State, nodes: s.NodeLogs().State}, nil
		},
	}
}

type componentLogsCollector struct {
	pods  func() ([]sources.SystemPod, error)
	state func() (logs.State, bool)
	nodes func() (logs.State, bool)
}

// Collect fails while it cannot be seen which pods are not well, since then no
// log is read either. What nodes log is absent until it was asked for.
func (c componentLogsCollector) Collect(_ context.Context, ch chan<- prometheus.Metric) error {
	if _, err := c.pods(); err != nil {
		return err
	}
	state, ok := c.state()
	if !ok {
		return fmt.Errorf("first round of logs: %w", exporter.ErrNotReady)
	}
	for k, last := range state.Seen {
		ch <- componentLogsSeen.Sample(unix(last), k.Component, k.Signature)
	}
	ch <- componentLogsPods.Sample(float64(state.Unhealthy))
	ch <- componentLogsLeftOut.Sample(float64(state.LeftOut))
	nodes, ok := c.nodes()
	if ok {
		ch <- componentLogsNodes.Sample(float64(nodes.Unhealthy))
		ch <- componentLogsNodesLeftOut.Sample(float64(nodes.LeftOut))
	}
	for k, last := range nodes.Seen {
		ch <- componentLogsNodeSeen.Sample(unix(last), k.Node, k.Component, k.Signature)
	}
	lines := maps.Clone(state.Lines)
	for k, n := range nodes.Lines {
		lines[k] += n
	}
	for k, n := range lines {
		ch <- componentLogsLines.Sample(float64(n), k.Component, k.Signature)
	}
	ch <- componentLogsBytes.Sample(float64(state.Bytes + nodes.Bytes))
	ch <- componentLogsTruncated.Sample(float64(state.Truncated + nodes.Truncated))
	return nil
}
