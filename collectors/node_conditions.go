package collectors

import (
	"maps"
	"regexp"
	"slices"

	"github.com/prometheus/client_golang/prometheus"
	corev1 "k8s.io/api/core/v1"

	"github.com/kubevitals/kubevitals/exporter"
)

// Anybody may set conditions of nodes, with any words, so their number is bounded.
const (
	maxConditionTypes   = 32
	maxConditionReasons = 128
	otherCondition      = "other"
)

// conditionWord is what a type or a reason looks like by the conventions of the
// API; text with blanks is an error message in the wrong place.
var conditionWord = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._/-]{0,63}$`)

// conditionKey names a series among those of one node.
type conditionKey struct{ kind, reason string }

// conditionNames are the types and reasons that may be labels.
type conditionNames struct {
	kinds   map[string]bool
	reasons map[conditionKey]bool
}

// sendConditions sends the conditions that are not the kubelet's own.
func sendConditions(ch chan<- prometheus.Metric, nodes []*corev1.Node) {
	names := nameConditions(nodes)
	for _, node := range nodes {
		values, heartbeats := map[conditionKey]float64{}, map[string]float64{}
		for _, c := range node.Status.Conditions {
			if ownCondition(c.Type) {
				continue
			}
			key := names.key(c)
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
}

// ownCondition tells whether kubelets and Kubernetes' own controllers set it.
func ownCondition(kind corev1.NodeConditionType) bool {
	switch kind {
	case corev1.NodeReady, corev1.NodeMemoryPressure, corev1.NodeDiskPressure, corev1.NodePIDPressure, corev1.NodeNetworkUnavailable:
		return true
	}
	return false
}

// nameConditions chooses the names, the first in the order of the alphabet, so
// that the choice is the same at every scrape.
func nameConditions(nodes []*corev1.Node) conditionNames {
	kinds, reasons := map[string]bool{}, map[conditionKey]bool{}
	for _, node := range nodes {
		for _, c := range node.Status.Conditions {
			if ownCondition(c.Type) || !conditionWord.MatchString(string(c.Type)) {
				continue
			}
			kinds[string(c.Type)] = true
			if conditionWord.MatchString(c.Reason) {
				reasons[conditionKey{string(c.Type), c.Reason}] = true
			}
		}
	}
	names := conditionNames{kinds: map[string]bool{}, reasons: map[conditionKey]bool{}}
	for i, kind := range slices.Sorted(maps.Keys(kinds)) {
		names.kinds[kind] = i < maxConditionTypes
	}
	ordered := slices.SortedFunc(maps.Keys(reasons), func(a, b conditionKey) int {
		return slices.Compare([]string{a.kind, a.reason}, []string{b.kind, b.reason})
	})
	for i, key := range ordered {
		names.reasons[key] = i < maxConditionReasons
	}
	return names
}

func (n conditionNames) key(c corev1.NodeCondition) conditionKey {
	key := conditionKey{string(c.Type), c.Reason}
	if !n.kinds[key.kind] {
		return conditionKey{otherCondition, otherCondition}
	}
	if !n.reasons[key] {
		key.reason = otherCondition
	}
	return key
}
