package collectors

import (
	"cmp"
	"regexp"
	"slices"
	"strings"

	"github.com/prometheus/client_golang/prometheus"
	corev1 "k8s.io/api/core/v1"

	"github.com/kubevitals/kubevitals/exporter"
)

// Whoever may write the status of a node may set conditions with any words, so those
// that are told by name are bounded, on each node and in the cluster.
const (
	maxNodeConditions   = 16
	maxConditionTypes   = 64
	maxConditionReasons = 256
	otherCondition      = "other"
)

// knownConditions are those that watchers of nodes in wide use set, which go before all
// others: the Node Problem Detector with the configurations that come with it, and what
// clouds add to them.
func knownConditions() []string {
	return []string{
		"KernelDeadlock", "ReadonlyFilesystem", "CorruptDockerOverlay2", "FrequentKubeletRestart", "FrequentDockerRestart",
		"FrequentContainerdRestart", "FrequentUnregisterNetDevice", "KubeletUnhealthy", "ContainerRuntimeUnhealthy",
		"NTPProblem", "XfsShutdown", "CperHardwareErrorFatal", "DNSProblem", "ConntrackFullProblem",
		"KubeletProblem", "KubeProxyUnhealthy", "ContainerRuntimeProblem", "FilesystemCorruptionProblem", "VMEventScheduled",
		"NetworkingReady", "KernelReady", "StorageReady", "ContainerRuntimeReady", "AcceleratedHardwareReady",
		"OutOfDisk", "EtcdIsVoter", "GracefulNodeShutdownInProgress",
	}
}

// conditionWord is what a type or a reason looks like by the conventions of the
// API; text with blanks is an error message in the wrong place.
var conditionWord = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._/-]{0,63}$`)

// conditionKey names a series among those of one node.
type conditionKey struct{ kind, reason string }

// sendConditions sends the conditions that are not the kubelet's own.
func sendConditions(ch chan<- prometheus.Metric, nodes []*corev1.Node) {
	named := nameConditions(nodes)
	nameless := 0
	for _, node := range nodes {
		values, heartbeats := map[conditionKey]float64{}, map[string]float64{}
		for _, c := range node.Status.Conditions {
			if ownCondition(c.Type) {
				continue
			}
			key := named.key(node.Name, c)
			if key.kind == otherCondition {
				nameless++
			}
			if c.Status != corev1.ConditionUnknown {
				values[key] = max(values[key], exporter.Bool(c.Status == corev1.ConditionTrue))
			}
			if beat := c.LastHeartbeatTime; !beat.IsZero() {
				// Of several that go by one name the one that froze counts.
				at, seen := heartbeats[key.kind]
				if !seen || unix(beat.Time) < at {
					at = unix(beat.Time)
				}
				heartbeats[key.kind] = at
			}
		}
		for key, value := range values {
			ch <- nodeCondition.Sample(value, node.Name, key.kind, key.reason)
		}
		for kind, at := range heartbeats {
			ch <- nodeConditionHeartbeat.Sample(at, node.Name, kind)
		}
	}
	ch <- exporter.LeftOut(nameless)
}

// ownCondition tells whether kubelets and Kubernetes' own controllers set it.
func ownCondition(kind corev1.NodeConditionType) bool {
	switch kind {
	case corev1.NodeReady, corev1.NodeMemoryPressure, corev1.NodeDiskPressure, corev1.NodePIDPressure, corev1.NodeNetworkUnavailable:
		return true
	}
	return false
}

// conditionNames are the types and reasons that may be labels.
type conditionNames struct {
	// ofNode are the types that a node may be told to have.
	ofNode map[string][]string
	// kinds and reasons are those of the cluster.
	kinds   map[string]bool
	reasons map[conditionKey]bool
}

// nameConditions chooses the names. Of one node those go first that are known, and then
// those that most nodes have: what one node has alone takes no other's place. In the
// cluster each node's first goes before any node's second.
func nameConditions(nodes []*corev1.Node) conditionNames {
	nodes = slices.SortedFunc(slices.Values(nodes), func(a, b *corev1.Node) int { return strings.Compare(a.Name, b.Name) })
	rank, usual := map[string]int{}, map[string]int{}
	for i, kind := range knownConditions() {
		rank[kind] = i - len(knownConditions())
	}
	for _, node := range nodes {
		for _, kind := range typesOf(node) {
			usual[kind]++
		}
	}
	names := conditionNames{ofNode: map[string][]string{}}
	var kinds [][]string
	for _, node := range nodes {
		own := typesOf(node)
		slices.SortFunc(own, func(a, b string) int {
			return cmp.Or(cmp.Compare(rank[a], rank[b]), cmp.Compare(usual[b], usual[a]), cmp.Compare(a, b))
		})
		own = own[:min(len(own), maxNodeConditions)]
		names.ofNode[node.Name] = own
		kinds = append(kinds, own)
	}
	names.kinds = fairly(kinds, maxConditionTypes)
	var reasons [][]conditionKey
	for _, node := range nodes {
		reasons = append(reasons, names.reasonsOf(node))
	}
	names.reasons = fairly(reasons, maxConditionReasons)
	return names
}

// typesOf are the types of a node's conditions that may be labels.
func typesOf(node *corev1.Node) []string {
	var types []string
	for _, c := range node.Status.Conditions {
		if !ownCondition(c.Type) && conditionWord.MatchString(string(c.Type)) && !slices.Contains(types, string(c.Type)) {
			types = append(types, string(c.Type))
		}
	}
	return types
}

// reasonsOf are the reasons of a node's conditions that may be labels, in the order of
// their types.
func (n conditionNames) reasonsOf(node *corev1.Node) []conditionKey {
	var reasons []conditionKey
	for _, kind := range n.ofNode[node.Name] {
		for _, c := range node.Status.Conditions {
			if string(c.Type) == kind && n.kinds[kind] && conditionWord.MatchString(c.Reason) {
				reasons = append(reasons, conditionKey{kind, c.Reason})
			}
		}
	}
	return reasons
}

func (n conditionNames) key(node string, c corev1.NodeCondition) conditionKey {
	key := conditionKey{string(c.Type), c.Reason}
	if !n.kinds[key.kind] || !slices.Contains(n.ofNode[node], key.kind) {
		return conditionKey{otherCondition, otherCondition}
	}
	if !n.reasons[key] {
		key.reason = otherCondition
	}
	return key
}
