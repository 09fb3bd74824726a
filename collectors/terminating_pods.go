package collectors

import (
	"context"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	corev1 "k8s.io/api/core/v1"

	"github.com/kubevitals/kubevitals/exporter"
	"github.com/kubevitals/kubevitals/sources"
	"github.com/kubevitals/kubevitals/sources/pods"
)

const terminatingPodsName = "terminating_pods"

var (
	terminatingPods = exporter.NewGauge(terminatingPodsName, "terminating",
		"Pods that are being deleted, whether their grace period is over or not.")
	terminatingPodsOverdue = exporter.NewGauge(terminatingPodsName, "overdue",
		"Pods that still exist though their grace period is over, by their node and by what holds them; the node is empty for pods without one, and where too many name nodes that do not exist.",
		"node", "hold")
	terminatingPodsOldest = exporter.NewGauge(terminatingPodsName, "oldest_deadline_timestamp_seconds",
		"Unix time, in seconds, at which the grace period of the pod that is overdue for longest ended.",
		"node", "hold")
)

// What can hold a pod that should be gone. The set is closed.
const (
	holdNodeMissing     = "node_missing"     // its node does not exist any more
	holdNodeUnreachable = "node_unreachable" // no word of its node: the kubelet cannot confirm
	holdNodeNotReady    = "node_not_ready"   // its node says that it is not ready
	holdFinalizers      = "finalizers"       // somebody must remove a finalizer
	holdKubelet         = "kubelet"          // its node is ready, and the kubelet does not finish
	holdNone            = "not_scheduled"    // it never had a node
)

// TerminatingPods is the failure mode of pods that cannot go because their node
// is dead.
func TerminatingPods() Definition {
	return Definition{
		Name:    terminatingPodsName,
		Help:    "Pods stay Terminating: their node is dead, a finalizer holds them, or the kubelet cannot finish.",
		Scope:   Cluster,
		Default: true,
		Metrics: []*exporter.Desc{terminatingPods, terminatingPodsOverdue, terminatingPodsOldest},
		Reads:   []sources.Read{sources.Nodes, sources.Pods},
		New: func(s *sources.Sources) (exporter.Collector, error) {
			return terminatingPodsCollector{nodes: s.Nodes().List, pods: s.Pods().Each, now: s.Now}, nil
		},
	}
}

type terminatingPodsCollector struct {
	nodes func() ([]*corev1.Node, error)
	pods  func(func(pods.Pod)) error
	now   func() time.Time
}

// held is a place where pods are stuck.
type held struct{ node, hold string }

// group is how many pods are somewhere, and since when the oldest.
type group struct {
	pods   int
	oldest time.Time
}

func (g group) with(since time.Time) group {
	if g.pods == 0 || since.Before(g.oldest) {
		g.oldest = since
	}
	g.pods++
	return g
}

// Collect fails while nodes or pods cannot be seen.
func (c terminatingPodsCollector) Collect(_ context.Context, ch chan<- prometheus.Metric) error {
	nodes, err := c.nodes()
	if err != nil {
		return err
	}
	ready := make(map[string]corev1.ConditionStatus, len(nodes))
	for _, node := range nodes {
		ready[node.Name] = readiness(node)
	}
	now := c.now()
	terminating, groups := 0, map[held]group{}
	err = c.pods(func(p pods.Pod) {
		if p.Deletion.IsZero() {
			return
		}
		terminating++
		if p.Deletion.After(now) {
			return
		}
		h := held{p.Node, holdOf(p, ready)}
		groups[h] = groups[h].with(p.Deletion)
	})
	if err != nil {
		return err
	}
	ch <- terminatingPods.Sample(float64(terminating))
	nameless := namesOf(nodes, nil).nameless(podsByNode(groups, func(h held) string { return h.node }))
	ch <- exporter.LeftOut(len(nameless))
	for h, g := range merged(groups, func(h held) held {
		if nameless[h.node] {
			h.node = ""
		}
		return h
	}) {
		ch <- terminatingPodsOverdue.Sample(float64(g.pods), h.node, h.hold)
		ch <- terminatingPodsOldest.Sample(unix(g.oldest), h.node, h.hold)
	}
	return nil
}

// holdOf names the first thing that must be mended before the pod can go. A pod
// on a dead node, or with a container that still runs, may have finalizers as well;
// they come into play only after.
func holdOf(p pods.Pod, ready map[string]corev1.ConditionStatus) string {
	if p.Node != "" {
		switch status, exists := ready[p.Node]; {
		case !exists:
			return holdNodeMissing
		case status == corev1.ConditionUnknown:
			return holdNodeUnreachable
		case status == corev1.ConditionFalse:
			return holdNodeNotReady
		}
	}
	switch {
	case p.Node != "" && p.Runs:
		return holdKubelet
	case p.Finalizers:
		return holdFinalizers
	case p.Node == "":
		return holdNone
	}
	return holdKubelet
}

// readiness is the status of the node's condition Ready; Unknown without one.
func readiness(node *corev1.Node) corev1.ConditionStatus {
	for _, c := range node.Status.Conditions {
		if c.Type == corev1.NodeReady {
			return c.Status
		}
	}
	return corev1.ConditionUnknown
}
