package collectors

import (
	"context"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	corev1 "k8s.io/api/core/v1"

	"github.com/kubevitals/kubevitals/collectors/nodecause"
	"github.com/kubevitals/kubevitals/exporter"
	"github.com/kubevitals/kubevitals/sources"
	"github.com/kubevitals/kubevitals/sources/kubelet"
	"github.com/kubevitals/kubevitals/sources/leases"
)

const nodeReadinessName = "node_readiness"

var (
	nodeReady = exporter.NewGauge(nodeReadinessName, "ready",
		"Whether the node's condition Ready is True: 1 is yes; False, Unknown and no condition at all are 0.", "node")
	nodeNotReady = exporter.NewGauge(nodeReadinessName, "not_ready",
		"Is 1 for the one cause for which the node is not ready; absent for all others, and for nodes that are ready.",
		"node", "cause")
	nodeLeaving = exporter.NewGauge(nodeReadinessName, "leaving",
		"Is 1 for what says that the machine of the node is shut down or about to be removed: a taint by its key, a condition by its type, deletion, or cordoned_and_off; absent for others.",
		"node", "sign")
	nodeCordoned = exporter.NewGauge(nodeReadinessName, "cordoned",
		"Is 1 for nodes on which nothing new is placed because somebody cordoned them (spec.unschedulable); absent for others.", "node")
	nodeNotLinux = exporter.NewGauge(nodeReadinessName, "not_linux",
		"Is 1 for nodes whose kubelet says that they run another operating system, for which there are no agents; absent for others.", "node")
	nodeTransition = exporter.NewGauge(nodeReadinessName, "transition_timestamp_seconds",
		"Unix time, in seconds, since which the condition Ready of a node that is not ready has its present status; when the node was made, if it has none; absent for nodes that are ready.", "node")
	nodeLeaseRenewed = exporter.NewGauge(nodeReadinessName, "lease_renew_timestamp_seconds",
		"Unix time, in seconds and by the clock of kubevitals, at which a renewal of the node's Lease was last seen; as its lag behind others tells, if none was seen yet.", "node")
	nodeLeaseOverdue = exporter.NewGauge(nodeReadinessName, "lease_overdue",
		"Is 1 for nodes whose Lease was last renewed longer ago than its own duration says that a renewal is good for; absent for all others.", "node")
	nodeLeases = exporter.NewGauge(nodeReadinessName, "leases",
		"Number of nodes whose Lease is fresh or overdue, or of which no renewal is known.", "state")
	nodeStatusLead = exporter.NewGauge(nodeReadinessName, "status_lead_seconds",
		"Time in seconds by which the status that the kubelet of a node posted last bears a later time than its Lease, negative if earlier, both by the clock of the node; absent while a kubelet that writes both leaves no more between them.",
		"node")
	nodeLeaseMissing = exporter.NewGauge(nodeReadinessName, "lease_missing",
		"Is 1 for nodes that have no Lease 5 minutes after they were made; absent for others, and while Leases cannot be seen.", "node")
	nodeCondition = exporter.NewGauge(nodeReadinessName, "condition",
		"Whether a condition that is not the kubelet's own, such as those of the Node Problem Detector, is True: 1 is True, 0 is False; absent while Unknown.",
		"node", "condition", "reason")
	nodeConditionHeartbeat = exporter.NewGauge(nodeReadinessName, "condition_heartbeat_timestamp_seconds",
		"Unix time, in seconds, at which a condition that is not the kubelet's own was last confirmed by whoever sets it.",
		"node", "condition")
)

// leaseDue is how soon a node has a Lease: its kubelet makes one within seconds, and in a
// dump Leases may have been listed minutes before nodes.
const leaseDue = 5 * time.Minute

// NodeReadiness is the failure mode of a node that is not ready, with its cause.
func NodeReadiness() Definition {
	return Definition{
		Name:    nodeReadinessName,
		Help:    "Nodes are not ready, each for one cause of a closed list; kubelets stop their heartbeats; other watchers of nodes report problems.",
		Scope:   Cluster,
		Default: true,
		Metrics: []*exporter.Desc{
			nodeReady, nodeNotReady, nodeLeaving, nodeCordoned, nodeNotLinux, nodeTransition, nodeLeaseRenewed, nodeLeaseOverdue, nodeLeases, nodeStatusLead, nodeLeaseMissing,
			nodeCondition, nodeConditionHeartbeat,
		},
		Steady:  []*exporter.Desc{nodeReady, nodeLeaseRenewed},
		Counted: map[*exporter.Desc]*exporter.Desc{nodeLeaseOverdue: nodeLeases, nodeStatusLead: nodeLeases, nodeLeaseMissing: nodeLeases},
		Reads:   []sources.Read{sources.Nodes, sources.NodeLeases, sources.SystemLeases, sources.KubeletConfig},
		New: func(s *sources.Sources) (exporter.Collector, error) {
			kubelets := s.Kubelets()
			// Of a kubelet it matters only that it answers: of all endpoints this is the
			// cheapest, and other collectors want it anyway.
			kubelets.WantConfig()
			return nodeReadinessCollector{nodes: s.Nodes().List, leases: s.Leases().Judge, kubelets: kubelets.Results, now: s.Now}, nil
		},
	}
}

type nodeReadinessCollector struct {
	nodes    func() ([]*corev1.Node, error)
	leases   func([]*corev1.Node) sources.LeasesJudged
	kubelets func() []*kubelet.Result
	now      func() time.Time
}

// Collect fails while the nodes cannot be seen. Without the Leases it goes on:
// who is not ready matters more than how early that could have been seen, and
// the source tells that it is unavailable.
func (c nodeReadinessCollector) Collect(_ context.Context, ch chan<- prometheus.Metric) error {
	nodes, err := c.nodes()
	if err != nil {
		return err
	}
	judged := c.leases(nodes)
	reach := reaches(nodes, c.kubelets())
	now := c.now()
	heartbeats := exporter.NewTally(nodeLeaseOverdue, "fresh", "overdue")
	for _, node := range nodes {
		lease, known := judged.Nodes[node.Name]
		facts := nodeFacts(node, lease, reach[node.Name], now)
		sendReadiness(ch, node, nodecause.Classify(facts))
		if sign := facts.Sign(); sign != "" {
			ch <- nodeLeaving.Sample(1, node.Name, sign)
		}
		if !lease.Renewed.IsZero() {
			ch <- nodeLeaseRenewed.Sample(unix(lease.Renewed), node.Name)
		}
		if made := node.CreationTimestamp; !known && judged.NodesErr == nil && !made.IsZero() && now.Sub(made.Time) > leaseDue {
			ch <- nodeLeaseMissing.Sample(1, node.Name)
		}
		if lease.StatusLead != 0 {
			ch <- nodeStatusLead.Sample(lease.StatusLead.Seconds(), node.Name)
		}
		heartbeats.Add(ch, heartbeatState(facts.Heartbeat), node.Name)
	}
	heartbeats.Send(ch, nodeLeases)
	sendConditions(ch, nodes)
	return nil
}

// reaches is how far requests get, by node. It is empty while they get to no
// kubelet of a node that is ready: then they prove something about where
// kubevitals runs and how it is configured, and nothing about nodes.
func reaches(nodes []*corev1.Node, kubelets []*kubelet.Result) map[string]kubelet.Reach {
	reach := make(map[string]kubelet.Reach, len(kubelets))
	for _, k := range kubelets {
		reach[k.Node] = k.Reach
	}
	ready := 0
	for _, node := range nodes {
		if c := sources.ConditionOf(node, corev1.NodeReady); c == nil || c.Status != corev1.ConditionTrue {
			continue
		}
		ready++
		if reach[node.Name] == kubelet.Answers {
			return reach
		}
	}
	if ready > 0 {
		return nil
	}
	return reach
}

func sendReadiness(ch chan<- prometheus.Metric, node *corev1.Node, cause nodecause.Cause) {
	ch <- nodeReady.Sample(exporter.Bool(cause == nodecause.None), node.Name)
	if node.Spec.Unschedulable {
		ch <- nodeCordoned.Sample(1, node.Name)
	}
	if system := node.Status.NodeInfo.OperatingSystem; system != "" && !strings.EqualFold(system, "linux") {
		ch <- nodeNotLinux.Sample(1, node.Name)
	}
	if cause == nodecause.None {
		return
	}
	ch <- nodeNotReady.Sample(1, node.Name, string(cause))
	if since := readySince(node); !since.IsZero() {
		ch <- nodeTransition.Sample(unix(since), node.Name)
	}
}

// readySince is when the condition Ready took its present status, or when the node was
// made that has none; zero where neither is known.
func readySince(node *corev1.Node) time.Time {
	if ready := sources.ConditionOf(node, corev1.NodeReady); ready != nil && !ready.LastTransitionTime.IsZero() {
		return ready.LastTransitionTime.Time
	}
	return node.CreationTimestamp.Time
}

func heartbeatState(h nodecause.Heartbeat) string {
	switch h {
	case nodecause.Fresh:
		return "fresh"
	case nodecause.Overdue:
		return "overdue"
	}
	return exporter.UnknownState
}

// nodeFacts are what the cause is decided from.
func nodeFacts(node *corev1.Node, lease leases.Judged, reach kubelet.Reach, now time.Time) nodecause.Facts {
	is := func(kind corev1.NodeConditionType) bool {
		c := sources.ConditionOf(node, kind)
		return c != nil && c.Status == corev1.ConditionTrue
	}
	f := nodecause.Facts{
		DiskPressure:       is(corev1.NodeDiskPressure),
		MemoryPressure:     is(corev1.NodeMemoryPressure),
		PIDPressure:        is(corev1.NodePIDPressure),
		NetworkUnavailable: is(corev1.NodeNetworkUnavailable),
		Leaving:            leavingSign(node),
		Cordoned:           node.Spec.Unschedulable,
		Kubelet:            reach,
	}
	if ready := sources.ConditionOf(node, corev1.NodeReady); ready != nil {
		f.Ready, f.Message = ready.Status, ready.Message
	}
	if since := readySince(node); !since.IsZero() {
		f.Since = now.Sub(since)
	}
	if !lease.Renewed.IsZero() {
		f.Heartbeat = nodecause.Fresh
		if now.Sub(lease.Renewed) > lease.Duration {
			f.Heartbeat = nodecause.Overdue
		}
	}
	return f
}

// leavingSign is the first sign that the node or its machine goes; empty without.
func leavingSign(node *corev1.Node) string {
	if node.DeletionTimestamp != nil {
		return nodecause.Deletion
	}
	for _, taint := range node.Spec.Taints {
		if sign := nodecause.LeavingTaint(taint.Key, taint.Value); sign != "" {
			return sign
		}
	}
	for _, c := range node.Status.Conditions {
		if c.Status == corev1.ConditionTrue && nodecause.LeavingCondition(string(c.Type)) {
			return string(c.Type)
		}
	}
	return ""
}
