package collectors

import (
	"context"
	"slices"
	"strings"

	"github.com/prometheus/client_golang/prometheus"
	corev1 "k8s.io/api/core/v1"

	"github.com/kubevitals/kubevitals/exporter"
	"github.com/kubevitals/kubevitals/sources"
	"github.com/kubevitals/kubevitals/sources/events"
	"github.com/kubevitals/kubevitals/sources/pods"
)

const nodeDegradedName = "node_degraded"

var (
	degradedCondition = exporter.NewGauge(nodeDegradedName, "condition",
		"Is 1 where the condition MemoryPressure, PIDPressure or NetworkUnavailable of the node is True, with its reason; absent elsewhere.",
		"node", "condition", "reason")
	degradedConditionSince = exporter.NewGauge(nodeDegradedName, "condition_since_timestamp_seconds",
		"Unix time, in seconds, since which such a condition of the node is True; absent elsewhere, and where the condition does not tell.",
		"node", "condition")
	degradedConditionNodes = exporter.NewGauge(nodeDegradedName, "condition_nodes",
		"Number of nodes by these conditions: true, false, or unknown if it is Unknown or not set, as NetworkUnavailable is in clusters whose network does not set it.",
		"condition", "status")
	degradedTaint = exporter.NewGauge(nodeDegradedName, "startup_taint_timestamp_seconds",
		"Unix time, in seconds, since which the node is ready and still has a taint that keeps pods off until the node is set up; absent for nodes without one.",
		"node", "taint")
	degradedTaintNodes = exporter.NewGauge(nodeDegradedName, "startup_taint_nodes",
		"Number of nodes that are ready without a start-up taint or with one, and of those that are not ready, which may have any.", "state")
	degradedCordoned = exporter.NewGauge(nodeDegradedName, "cordoned_timestamp_seconds",
		"Unix time, in seconds, since which the node is cordoned; absent where it is not, and where its taint does not tell since when.", "node")
	degradedCordonedNodes = exporter.NewGauge(nodeDegradedName, "cordoned_nodes",
		"Number of nodes that are in use or cordoned, and of those that are cordoned since a time that is not known.", "state")
)

// NodeDegraded is the failure mode of a node that is ready and yet ill.
func NodeDegraded() Definition {
	var taints []string
	return Definition{
		Name:    nodeDegradedName,
		Help:    "Nodes are ready and yet ill: short of memory or process IDs, without network, behind a start-up taint, cordoned and forgotten, or switching between ready and not ready.",
		Scope:   Cluster,
		Default: true,
		Metrics: []*exporter.Desc{
			degradedCondition, degradedConditionSince, degradedConditionNodes, degradedTaint, degradedTaintNodes, degradedCordoned, degradedCordonedNodes,
			degradedTurns, degradedTurnsNodes, degradedFirstTurn, degradedLastTurn,
			degradedEvicted, degradedEvictedNodes, degradedLastEviction,
		},
		Counted: map[*exporter.Desc]*exporter.Desc{
			degradedCondition: degradedConditionNodes, degradedTaint: degradedTaintNodes, degradedCordoned: degradedCordonedNodes,
			degradedTurns: degradedTurnsNodes, degradedEvicted: degradedEvictedNodes,
		},
		Reads: []sources.Read{sources.Nodes, sources.NodeTurns, sources.Pods},
		Flags: func(f *Flags) {
			f.Flag("startup-taint", "Key of a taint that nodes have until they are set up, beside those that are known and those whose key says so, such as example.com/agent-not-ready; repeatable.").
				StringsVar(&taints)
		},
		New: func(s *sources.Sources) (exporter.Collector, error) {
			return nodeDegradedCollector{nodes: s.Nodes().List, turns: s.NodeTurns().Places, pods: s.Pods().Each, taints: taints}, nil
		},
	}
}

type nodeDegradedCollector struct {
	nodes func() ([]*corev1.Node, error)
	turns func() (map[events.Place]events.Occurrence, error)
	pods  func(func(pods.Pod)) error
	// taints are the keys of start-up taints that flags name.
	taints []string
}

// Collect fails while nodes cannot be seen.
func (c nodeDegradedCollector) Collect(_ context.Context, ch chan<- prometheus.Metric) error {
	nodes, err := c.nodes()
	if err != nil {
		return err
	}
	nodes = slices.SortedFunc(slices.Values(nodes), func(a, b *corev1.Node) int { return strings.Compare(a.Name, b.Name) })
	sendDegradedConditions(ch, nodes)
	c.sendStartupTaints(ch, nodes)
	sendCordoned(ch, nodes)
	// While events cannot be seen, that the count is missing says that nothing is known.
	if places, err := c.turns(); err == nil {
		sendTurns(ch, nodes, places)
	}
	// So it is with pods.
	_ = sendEvicted(ch, nodes, c.pods)
	return nil
}

// sendDegradedConditions tells of the conditions of Kubernetes' own that a node may have
// while it is ready, but for DiskPressure, which node_disk tells of.
func sendDegradedConditions(ch chan<- prometheus.Metric, nodes []*corev1.Node) {
	for _, kind := range []corev1.NodeConditionType{corev1.NodeMemoryPressure, corev1.NodePIDPressure, corev1.NodeNetworkUnavailable} {
		tally := exporter.NewTally(degradedCondition, "false", "true")
		reasons := degradedReasons(nodes, kind)
		for _, node := range nodes {
			status, reason := exporter.UnknownState, ""
			if c := sources.ConditionOf(node, kind); c != nil {
				status, reason = strings.ToLower(string(c.Status)), c.Reason
				if c.Status == corev1.ConditionTrue && !c.LastTransitionTime.IsZero() {
					ch <- degradedConditionSince.Sample(unix(c.LastTransitionTime.Time), node.Name, string(kind))
				}
			}
			if !reasons[reason] {
				reason = otherCondition
			}
			tally.Add(ch, status, node.Name, string(kind), reason)
		}
		tally.Send(ch, degradedConditionNodes, string(kind))
	}
}

// degradedReasons are the reasons of a condition that may be labels: whoever may write the
// status of a node may give any.
func degradedReasons(nodes []*corev1.Node, kind corev1.NodeConditionType) map[string]bool {
	var wishes [][]string
	for _, node := range nodes {
		if c := sources.ConditionOf(node, kind); c != nil && c.Status == corev1.ConditionTrue && conditionWord.MatchString(c.Reason) {
			wishes = append(wishes, []string{c.Reason})
		}
	}
	return fairly(wishes, maxDegradedReasons)
}

// Names that others give are bounded, see fair.go.
const (
	maxDegradedReasons = 16
	maxStartupTaints   = 32
	maxNodeTaints      = 4
)

// sendStartupTaints tells of nodes that are ready and still kept out of use. While a node
// is not ready such a taint is as it should be.
func (c nodeDegradedCollector) sendStartupTaints(ch chan<- prometheus.Metric, nodes []*corev1.Node) {
	tally := exporter.NewTally(degradedTaint, "none", "tainted", "not_ready")
	of, wishes := map[string][]corev1.Taint{}, [][]string(nil)
	for _, node := range nodes {
		if ready := sources.ConditionOf(node, corev1.NodeReady); ready == nil || ready.Status != corev1.ConditionTrue {
			tally.Count("not_ready")
			continue
		}
		taints := c.startupTaints(node)
		if len(taints) == 0 {
			tally.Count("none")
			continue
		}
		tally.Count("tainted")
		of[node.Name] = taints
		var keys []string
		for _, t := range taints[:min(len(taints), maxNodeTaints)] {
			keys = append(keys, t.Key)
		}
		wishes = append(wishes, keys)
	}
	tally.Send(ch, degradedTaintNodes)
	named, nameless := fairly(wishes, maxStartupTaints), 0
	for _, node := range nodes {
		since := map[string]float64{}
		for i, t := range of[node.Name] {
			key := t.Key
			if i >= maxNodeTaints || !named[key] {
				key = otherCondition
				nameless++
			}
			at := unix(readySince(node))
			if t.TimeAdded != nil {
				at = max(at, unix(t.TimeAdded.Time))
			}
			if first, ok := since[key]; !ok || at < first {
				since[key] = at
			}
		}
		for key, at := range since {
			ch <- degradedTaint.Sample(at, node.Name, key)
		}
	}
	ch <- exporter.LeftOut(nameless)
}

// sendCordoned tells since when nodes are cordoned, by the taint that the node controller
// sets with it.
func sendCordoned(ch chan<- prometheus.Metric, nodes []*corev1.Node) {
	tally := exporter.NewTally(degradedCordoned, "in_use", "cordoned")
	for _, node := range nodes {
		switch i := slices.IndexFunc(node.Spec.Taints, func(t corev1.Taint) bool { return t.Key == corev1.TaintNodeUnschedulable && t.TimeAdded != nil }); {
		case !node.Spec.Unschedulable:
			tally.Count("in_use")
		case i < 0:
			tally.Count(exporter.UnknownState)
		default:
			tally.Count("cordoned")
			ch <- degradedCordoned.Sample(unix(node.Spec.Taints[i].TimeAdded.Time), node.Name)
		}
	}
	tally.Send(ch, degradedCordonedNodes)
}
