package collectors

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubevitals/kubevitals/sources/events"
	"github.com/kubevitals/kubevitals/sources/pods"
)

func noTurns() (map[events.Place]events.Occurrence, error) { return nil, nil }

// eachOf is an index of pods.
func eachOf(all ...pods.Pod) func(func(pods.Pod)) error {
	return func(f func(pods.Pod)) error {
		for _, p := range all {
			f(p)
		}
		return nil
	}
}

// degradedNode is a node that is ready since the hour.
func degradedNode(name string, taints []corev1.Taint, conditions ...corev1.NodeCondition) *corev1.Node {
	hour := metav1.NewTime(time.Date(2026, 11, 29, 9, 0, 0, 0, time.UTC))
	node := &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: name}, Spec: corev1.NodeSpec{Taints: taints}}
	node.Status.Conditions = append([]corev1.NodeCondition{{Type: corev1.NodeReady, Status: corev1.ConditionTrue, LastTransitionTime: hour}}, conditions...)
	return node
}

func noSchedule(key string, added time.Time) corev1.Taint {
	t := corev1.Taint{Key: key, Effect: corev1.TaintEffectNoSchedule}
	if !added.IsZero() {
		at := metav1.NewTime(added)
		t.TimeAdded = &at
	}
	return t
}

// TestNodeDegraded verifies that nodes which are ready are told of by what ails them, and
// that a taint or a condition of a node that is not ready is not.
func TestNodeDegraded(t *testing.T) {
	t.Parallel()
	later := time.Date(2026, 11, 29, 9, 30, 0, 0, time.UTC)
	bad := func(kind corev1.NodeConditionType, reason string) corev1.NodeCondition {
		return corev1.NodeCondition{Type: kind, Status: corev1.ConditionTrue, Reason: reason}
	}
	cordoned := degradedNode("cordoned", []corev1.Taint{noSchedule(corev1.TaintNodeUnschedulable, later)})
	untimed := degradedNode("cordoned-before-taints", nil)
	cordoned.Spec.Unschedulable, untimed.Spec.Unschedulable = true, true
	starting := degradedNode("starting", []corev1.Taint{noSchedule("node.cilium.io/agent-not-ready", later)})
	starting.Status.Conditions[0].Status = corev1.ConditionFalse
	nodes := []*corev1.Node{
		degradedNode("well", []corev1.Taint{noSchedule("node-role.kubernetes.io/control-plane", time.Time{})},
			corev1.NodeCondition{Type: corev1.NodeMemoryPressure, Status: corev1.ConditionFalse, Reason: "KubeletHasSufficientMemory"}),
		degradedNode("short-of-memory", nil, bad(corev1.NodeMemoryPressure, "KubeletHasInsufficientMemory")),
		degradedNode("short-of-pids", nil, bad(corev1.NodePIDPressure, "KubeletHasInsufficientPID")),
		degradedNode("without-route", []corev1.Taint{noSchedule(corev1.TaintNodeNetworkUnavailable, later)}, bad(corev1.NodeNetworkUnavailable, "NoRouteCreated")),
		degradedNode("odd-reason", nil, bad(corev1.NodeNetworkUnavailable, "it broke, says somebody")),
		degradedNode("silent", nil, corev1.NodeCondition{Type: corev1.NodeMemoryPressure, Status: corev1.ConditionUnknown}),
		degradedNode("behind-a-taint", []corev1.Taint{noSchedule("node.cilium.io/agent-not-ready", time.Time{}), {Key: "example.com/not-ready", Effect: corev1.TaintEffectPreferNoSchedule}}),
		degradedNode("by-flag", []corev1.Taint{noSchedule("example.com/warming", later)}),
		cordoned, untimed, starting,
	}
	list := func() ([]*corev1.Node, error) { return nodes, nil }
	turn := func(node string) events.Place {
		return events.Place{Kind: events.Kind{Reason: "NodeNotReady", Object: "Node"}, Node: node}
	}
	turns := func() (map[events.Place]events.Occurrence, error) {
		return map[events.Place]events.Occurrence{
			turn("silent"): {Count: 5, First: later, Last: later.Add(20 * time.Minute)},
			turn("gone"):   {Count: 9, First: later, Last: later},
		}, nil
	}
	each := eachOf(
		pods.Pod{Node: "well", Phase: corev1.PodFailed, Evicted: pods.EvictDisk, EvictedAt: later}, pods.Pod{Node: "well", Phase: corev1.PodFailed, Evicted: pods.EvictDisk},
		pods.Pod{Node: "well", Phase: corev1.PodFailed, Evicted: pods.EvictLimit, EvictedAt: later.Add(time.Minute)}, pods.Pod{Node: "well", Phase: corev1.PodFailed},
		pods.Pod{Node: "by-flag", Phase: corev1.PodFailed, Evicted: pods.EvictMemory}, pods.Pod{Node: "gone", Phase: corev1.PodFailed, Evicted: pods.EvictMemory},
	)
	golden(t, nodeDegradedName, nodeDegradedCollector{nodes: list, turns: turns, pods: each, taints: []string{"example.com/warming"}}, NodeDegraded().Metrics)
}

func TestNodeDegradedIsSilentWhileBlind(t *testing.T) {
	t.Parallel()
	blind := errors.New("forbidden")
	c := nodeDegradedCollector{nodes: func() ([]*corev1.Node, error) { return nil, blind }}
	if err := collectError(t, c); !errors.Is(err, blind) {
		t.Errorf("%v, want the source's error", err)
	}
}

// TestStartupTaintsAreBounded verifies that taints which anybody made up take no known
// one's place, and that those which are too many go by one name.
func TestStartupTaintsAreBounded(t *testing.T) {
	t.Parallel()
	var nodes []*corev1.Node
	for i := range 100 {
		taints := []corev1.Taint{noSchedule("node.cilium.io/agent-not-ready", time.Time{})}
		for j := range 10 {
			taints = append(taints, noSchedule(fmt.Sprintf("a%d.example/not-ready-%d", i, j), time.Time{}))
		}
		nodes = append(nodes, degradedNode(fmt.Sprint("n", i), taints))
	}
	text := string(scrapeText(t, nodeDegradedName, nodeDegradedCollector{nodes: func() ([]*corev1.Node, error) { return nodes, nil }, turns: noTurns, pods: eachOf()}, NodeDegraded().Metrics))
	names := map[string]bool{}
	for line := range strings.Lines(text) {
		if _, rest, ok := strings.Cut(line, `taint="`); ok && strings.HasPrefix(line, "kubevitals_node_degraded_startup_taint_timestamp_seconds{") {
			name, _, _ := strings.Cut(rest, `"`)
			names[name] = true
		}
	}
	if len(names) != maxStartupTaints+1 || !names[otherCondition] || !names["node.cilium.io/agent-not-ready"] {
		t.Errorf("%d names: %v", len(names), names)
	}
	if n := strings.Count(text, `taint="node.cilium.io/agent-not-ready"`); n != len(nodes) {
		t.Errorf("Cilium's taint is told of %d nodes, want %d", n, len(nodes))
	}
}

// TestStartupTaint verifies which keys say that their taint is one of the start.
func TestStartupTaint(t *testing.T) {
	t.Parallel()
	for key, want := range map[string]bool{
		"node.cilium.io/agent-not-ready": true, "startup-taint.cluster-autoscaler.kubernetes.io/gpu": true, "readiness.k8s.io/storage": true,
		"cni.istio.io/not-ready": true, "example.com/Uninitialized": true, "notready": true,
		"nvidia.com/gpu": false, "node-role.kubernetes.io/control-plane": false, "node.kubernetes.io/unschedulable": false,
		"not-ready.example.com/dedicated": false, "karpenter.sh/disrupted": false,
	} {
		if got := startsUp(key); got != want {
			t.Errorf("%s: %v, want %v", key, got, want)
		}
	}
}

// TestNodeTurns verifies that of too many nodes those are told of that turned most often,
// that all are counted, and that nothing is while events cannot be seen.
func TestNodeTurns(t *testing.T) {
	t.Parallel()
	var nodes []*corev1.Node
	places, at := map[events.Place]events.Occurrence{}, time.Unix(1_800_000_000, 0)
	for n := range 2 * mostTurning {
		name := fmt.Sprint("n", n)
		nodes = append(nodes, degradedNode(name, nil))
		places[events.Place{Kind: events.Kind{Reason: "NodeNotReady", Object: "Node"}, Node: name}] = events.Occurrence{Count: uint64(n + 1), First: at, Last: at}
	}
	c := nodeDegradedCollector{
		nodes: func() ([]*corev1.Node, error) { return nodes, nil },
		turns: func() (map[events.Place]events.Occurrence, error) { return places, nil }, pods: eachOf(),
	}
	text := string(scrapeText(t, nodeDegradedName, c, NodeDegraded().Metrics))
	const one = "\nkubevitals_node_degraded_recent_turns{"
	if got := strings.Count(text, one); got != mostTurning || strings.Contains(text, one+`node="n0"}`) || !strings.Contains(text, one+fmt.Sprintf(`node="n%d"}`, 2*mostTurning-1)) {
		t.Errorf("%d nodes are told of, want the %d that turned most often", got, mostTurning)
	}
	if want := fmt.Sprintf(`recent_turns_nodes{recent_turns="some"} %d`, 2*mostTurning); !strings.Contains(text, want) {
		t.Errorf("no %s", want)
	}
	c.turns = func() (map[events.Place]events.Occurrence, error) { return nil, errors.New("forbidden") }
	if text := string(scrapeText(t, nodeDegradedName, c, NodeDegraded().Metrics)); strings.Contains(text, "turn") {
		t.Errorf("tells of turns without events:\n%s", text)
	}
}

// TestEvictedPods verifies that of too many nodes those are told of with the most evicted pods,
// that all are counted, and that nothing is while pods cannot be seen.
func TestEvictedPods(t *testing.T) {
	t.Parallel()
	var nodes []*corev1.Node
	var all []pods.Pod
	for n := range 2 * mostExpiries {
		name := fmt.Sprint("n", n)
		nodes = append(nodes, degradedNode(name, nil))
		for range n + 1 {
			all = append(all, pods.Pod{Node: name, Evicted: pods.EvictMemory})
		}
	}
	c := nodeDegradedCollector{nodes: func() ([]*corev1.Node, error) { return nodes, nil }, turns: noTurns, pods: eachOf(all...)}
	text := string(scrapeText(t, nodeDegradedName, c, NodeDegraded().Metrics))
	const one = "\nkubevitals_node_degraded_evicted_pods{"
	most := one + fmt.Sprintf(`node="n%d",resource="memory"} %d`, 2*mostExpiries-1, 2*mostExpiries)
	if got := strings.Count(text, one); got != mostExpiries || strings.Contains(text, one+`node="n0"`) || !strings.Contains(text, most) {
		t.Errorf("%d nodes are told of, want the %d with the most evicted pods", got, mostExpiries)
	}
	if want := fmt.Sprintf(`evicted_pods_nodes{evicted_pods="some"} %d`, 2*mostExpiries); !strings.Contains(text, want) {
		t.Errorf("no %s", want)
	}
	c.pods = func(func(pods.Pod)) error { return errors.New("forbidden") }
	if text := string(scrapeText(t, nodeDegradedName, c, NodeDegraded().Metrics)); strings.Contains(text, "evicted") {
		t.Errorf("tells of evicted pods without pods:\n%s", text)
	}
}
