package collectors

import (
	"bytes"
	"errors"
	"fmt"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubevitals/kubevitals/sources"
	"github.com/kubevitals/kubevitals/sources/kubelet"
	"github.com/kubevitals/kubevitals/sources/leases"
)

// readinessNow is when the fixtures of nodes are looked at.
func readinessNow() time.Time { return time.Unix(10_000, 0) }

func ofWindows(n *corev1.Node) *corev1.Node {
	n.Status.NodeInfo.OperatingSystem = "windows"
	return n
}

// readinessNode has been in the given state for a while.
func readinessNode(name string, ready corev1.ConditionStatus, message string, more ...corev1.NodeCondition) *corev1.Node {
	n := &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: name, CreationTimestamp: metav1.Unix(5_000, 0)}}
	n.Status.Conditions = more
	if ready != "" {
		n.Status.Conditions = append(n.Status.Conditions, corev1.NodeCondition{
			Type: corev1.NodeReady, Status: ready, Message: message, LastTransitionTime: metav1.Unix(9_500, 0),
		})
	}
	return n
}

// silentNode is what the node controller makes of a node whose kubelet is silent.
func silentNode(name string) *corev1.Node {
	const said = "Kubelet stopped posting node status."
	var more []corev1.NodeCondition
	for _, kind := range []corev1.NodeConditionType{corev1.NodeMemoryPressure, corev1.NodeDiskPressure, corev1.NodePIDPressure} {
		more = append(more, corev1.NodeCondition{Type: kind, Status: corev1.ConditionUnknown, Reason: "NodeStatusUnknown", Message: said})
	}
	return readinessNode(name, corev1.ConditionUnknown, said, more...)
}

func problemOf(kind, reason string, status corev1.ConditionStatus, heartbeat int64) corev1.NodeCondition {
	return corev1.NodeCondition{Type: corev1.NodeConditionType(kind), Status: status, Reason: reason, LastHeartbeatTime: metav1.Unix(heartbeat, 0)}
}

// readinessFixture has one node for each case, named after it.
func madeAt(n *corev1.Node, unix int64) *corev1.Node {
	n.CreationTimestamp = metav1.Unix(unix, 0)
	return n
}

func readinessFixture() nodeReadinessCollector {
	off := silentNode("off")
	off.Spec.Taints = []corev1.Taint{{Key: "node.cloudprovider.kubernetes.io/shutdown"}}
	deleted := silentNode("being-deleted")
	deleted.DeletionTimestamp = &metav1.Time{Time: readinessNow()}
	cordoned := silentNode("cordoned-and-off")
	cordoned.Spec.Unschedulable = true
	disrupted := silentNode("disrupted")
	disrupted.Spec.Taints = []corev1.Taint{{Key: "karpenter.sh/disruption", Value: "disrupting"}}
	nodes := []*corev1.Node{
		disrupted,
		readinessNode("healthy", corev1.ConditionTrue, "kubelet is posting ready status",
			problemOf("KernelDeadlock", "KernelHasNoDeadlock", corev1.ConditionFalse, 9_900)),
		ofWindows(readinessNode("windows", corev1.ConditionTrue, "kubelet is posting ready status")),
		readinessNode("late", corev1.ConditionTrue, "kubelet is posting ready status"),
		madeAt(readinessNode("just-made", corev1.ConditionTrue, "kubelet is posting ready status"), 9_900),
		readinessNode("problem", corev1.ConditionTrue, "kubelet is posting ready status",
			problemOf("ReadonlyFilesystem", "FilesystemIsReadOnly", corev1.ConditionTrue, 9_000),
			problemOf("KernelDeadlock", "a whole sentence", corev1.ConditionTrue, 9_900),
			problemOf("NTPProblem", "NTPIsDown", corev1.ConditionUnknown, 9_800)),
		silentNode("dead"), silentNode("hung"), silentNode("cut-off"), silentNode("away"), silentNode("not-tried"),
		off, deleted, cordoned,
		readinessNode("no-network", corev1.ConditionFalse, "container runtime network not ready: NetworkReady=false reason:NetworkPluginNotReady message:Network plugin returns error: cni plugin not initialized"),
		readinessNode("disk-full", corev1.ConditionFalse, "PLEG is not healthy: pleg was last seen active 5m0s ago; threshold is 3m0s",
			corev1.NodeCondition{Type: corev1.NodeDiskPressure, Status: corev1.ConditionTrue}),
		readinessNode("shutting-down", corev1.ConditionFalse, "something",
			corev1.NodeCondition{Type: "GracefulNodeShutdownInProgress", Status: corev1.ConditionTrue, Reason: "ShutdownInProgress"}),
		readinessNode("registered-only", "", ""),
	}
	const fresh, overdue = 9_995, 9_950
	judged := map[string]leases.Judged{"never-renewed": {Duration: 40 * time.Second}, "deleted-meanwhile": {Renewed: time.Unix(fresh, 0)}}
	for node, at := range map[string]int64{"healthy": fresh, "late": overdue, "dead": overdue, "hung": overdue, "cut-off": overdue, "away": overdue, "no-network": fresh} {
		judged[node] = leases.Judged{Renewed: time.Unix(at, 0), Duration: 40 * time.Second}
	}
	unrenewed := judged["late"]
	unrenewed.StatusLead = 15 * time.Minute
	judged["late"] = unrenewed
	return nodeReadinessCollector{
		nodes: func() ([]*corev1.Node, error) { return nodes, nil },
		leases: func([]*corev1.Node) sources.LeasesJudged {
			return sources.LeasesJudged{Judgement: leases.Judgement{Nodes: judged}}
		},
		kubelets: func() []*kubelet.Result {
			return []*kubelet.Result{
				{Node: "dead", Reach: kubelet.Refused}, {Node: "hung", Reach: kubelet.Hangs}, {Node: "cut-off", Reach: kubelet.Answers},
				{Node: "away", Reach: kubelet.NoRoute}, {Node: "cordoned-and-off", Reach: kubelet.NoRoute}, {Node: "healthy", Reach: kubelet.Answers},
				{Node: "deleted-meanwhile", Reach: kubelet.Refused},
			}
		},
		now: readinessNow,
	}
}

func TestNodeReadiness(t *testing.T) {
	t.Parallel()
	golden(t, nodeReadinessName, readinessFixture(), NodeReadiness().Metrics)
}

func TestNodeReadinessWithoutNodes(t *testing.T) {
	t.Parallel()
	c := readinessFixture()
	c.nodes = func() ([]*corev1.Node, error) { return nil, errors.New("blind") }
	got := scrapeText(t, nodeReadinessName, c, NodeReadiness().Metrics)
	if bytes.Contains(got, []byte("node_readiness_ready")) || !bytes.Contains(got, []byte(`success{collector="node_readiness"} 0`)) {
		t.Errorf("blind, and it says\n%s", got)
	}
}

func TestNodeReadinessWithoutLeases(t *testing.T) {
	t.Parallel()
	c := readinessFixture()
	c.leases = func([]*corev1.Node) sources.LeasesJudged { return sources.LeasesJudged{NodesErr: errors.New("blind")} }
	got := scrapeText(t, nodeReadinessName, c, NodeReadiness().Metrics)
	if !bytes.Contains(got, []byte(`not_ready{cause="kubelet_dead",node="dead"} 1`)) || bytes.Contains(got, []byte("node_readiness_lease_")) ||
		!bytes.Contains(got, []byte(`leases{state="fresh"} 0`)) || bytes.Contains(got, []byte(`leases{state="unknown"} 0`)) {
		t.Errorf("without Leases it says\n%s", got)
	}
}

func TestNodeReadinessWithoutAWayToKubelets(t *testing.T) {
	t.Parallel()
	c := readinessFixture()
	results := c.kubelets()
	for i := range results {
		results[i].Reach = kubelet.NoRoute
	}
	c.kubelets = func() []*kubelet.Result { return results }
	got := scrapeText(t, nodeReadinessName, c, NodeReadiness().Metrics)
	for _, want := range []string{`not_ready{cause="silent",node="dead"} 1`, `not_ready{cause="silent",node="cordoned-and-off"} 1`} {
		if !bytes.Contains(got, []byte(want)) {
			t.Errorf("no kubelet can be reached, and this is missing: %s", want)
		}
	}
	// With no node ready there is nothing to compare with.
	nodes := []*corev1.Node{silentNode("dead"), silentNode("hung")}
	c.nodes = func() ([]*corev1.Node, error) { return nodes, nil }
	if got := scrapeText(t, nodeReadinessName, c, NodeReadiness().Metrics); !bytes.Contains(got, []byte(`not_ready{cause="unreachable",node="dead"} 1`)) {
		t.Errorf("no node is ready, and it says\n%s", got)
	}
}

func TestConditionsAreBounded(t *testing.T) {
	t.Parallel()
	var nodes []*corev1.Node
	for i := range 20 {
		var more []corev1.NodeCondition
		for j := range 60 {
			more = append(more, problemOf(fmt.Sprintf("Kind%02d", j), fmt.Sprintf("Reason%02d", i), corev1.ConditionTrue, int64(9_000+j)))
		}
		nodes = append(nodes, readinessNode(fmt.Sprintf("n%d", i), corev1.ConditionTrue, "", more...))
	}
	names := nameConditions(nodes)
	kinds, reasons, others := map[string]bool{}, map[conditionKey]bool{}, 0
	for _, node := range nodes {
		for _, c := range node.Status.Conditions {
			if ownCondition(c.Type) {
				continue
			}
			key := names.key(node.Name, c)
			kinds[key.kind] = true
			reasons[key] = true
			if key == (conditionKey{otherCondition, otherCondition}) {
				others++
			}
		}
	}
	if len(kinds) != maxNodeConditions+1 || others != 20*(60-maxNodeConditions) {
		t.Errorf("%d types, %d conditions called other", len(kinds), others)
	}
	if most := maxConditionReasons + maxNodeConditions + 1; len(reasons) > most {
		t.Errorf("%d types and reasons, want at most %d", len(reasons), most)
	}
	c := nodeReadinessCollector{
		nodes:    func() ([]*corev1.Node, error) { return nodes, nil },
		leases:   func([]*corev1.Node) sources.LeasesJudged { return sources.LeasesJudged{} },
		kubelets: func() []*kubelet.Result { return nil },
		now:      readinessNow,
	}
	got := scrapeText(t, nodeReadinessName, c, NodeReadiness().Metrics)
	if want := `condition_heartbeat_timestamp_seconds{condition="other",node="n0"} 9016`; !bytes.Contains(got, []byte(want)) {
		t.Errorf("the oldest of the others is missing: %s", want)
	}
}
