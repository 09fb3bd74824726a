package sources

import (
	"encoding/json"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// ConditionOf returns the condition of that kind; nil if the node has none.
func ConditionOf(node *corev1.Node, kind corev1.NodeConditionType) *corev1.NodeCondition {
	for i := range node.Status.Conditions {
		if c := &node.Status.Conditions[i]; c.Type == kind {
			return c
		}
	}
	return nil
}

// The field of a node that its kubelet alone writes, as managed fields name it, and
// what they hold if they hold nothing else.
const (
	readyKey       = `k:{"type":"Ready"}`
	heartbeatField = "f:lastHeartbeatTime"
	heartbeatAlone = `{"f:status":{"f:conditions":{"k:{\"type\":\"Ready\"}":{"f:lastHeartbeatTime":{}}}}}`
)

// heartbeatWriter keeps of the managed fields of a node when the heartbeat of its kubelet
// was written last. The API server notes it by its own clock.
func heartbeatWriter(all []metav1.ManagedFieldsEntry) []metav1.ManagedFieldsEntry {
	for _, entry := range all {
		if entry.Subresource != "status" || entry.Time == nil || entry.FieldsV1 == nil {
			continue
		}
		var fields struct {
			Status struct {
				Conditions map[string]map[string]json.RawMessage `json:"f:conditions"`
			} `json:"f:status"`
		}
		if json.Unmarshal(entry.FieldsV1.GetRawBytes(), &fields) != nil {
			continue // not as an API server writes them
		}
		if _, ok := fields.Status.Conditions[readyKey][heartbeatField]; ok {
			return []metav1.ManagedFieldsEntry{{
				Operation: entry.Operation, Subresource: entry.Subresource, Time: entry.Time,
				FieldsType: entry.FieldsType, FieldsV1: metav1.NewFieldsV1(heartbeatAlone),
			}}
		}
	}
	return nil
}

// statusWritten is when the status that a kubelet posted last was written, by the clock
// of the API server; zero where that is not told.
func statusWritten(n *corev1.Node) time.Time {
	for _, entry := range n.ManagedFields {
		return entry.Time.Time
	}
	return time.Time{}
}
