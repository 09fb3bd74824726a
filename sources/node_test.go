package sources

import (
	"fmt"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// TestStatusWritten verifies that of all who wrote to a node the one counts who wrote the
// heartbeat of its kubelet, live and in what a snapshot keeps, and nothing else is kept.
func TestStatusWritten(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 11, 3, 10, 20, 30, 0, time.UTC)
	entry := func(manager, subresource string, minute int, fields string) metav1.ManagedFieldsEntry {
		written := metav1.NewTime(at.Add(time.Duration(minute) * time.Minute))
		return metav1.ManagedFieldsEntry{
			Manager: manager, Operation: metav1.ManagedFieldsOperationUpdate, APIVersion: "v1", Time: &written,
			FieldsType: "FieldsV1", FieldsV1: metav1.NewFieldsV1(fields), Subresource: subresource,
		}
	}
	condition := func(kind string, fields string) string {
		return fmt.Sprintf(`{"f:status":{"f:allocatable":{"f:memory":{}},"f:conditions":{"k:{\"type\":\"%s\"}":{%s}}}}`, kind, fields)
	}
	others := []metav1.ManagedFieldsEntry{
		entry("kubectl", "", 9, `{"f:metadata":{"f:labels":{"f:team":{}}}}`),
		entry("node-problem-detector", "status", 8, condition("KernelDeadlock", `".":{},"f:lastHeartbeatTime":{}`)),
		// Who marks a silent node leaves its heartbeat alone.
		entry("kube-controller-manager", "status", 7, condition("Ready", `"f:status":{},"f:lastTransitionTime":{}`)),
		entry("someone", "status", 6, `[`),
	}
	kubelet := entry("kubelet", "status", 0, condition("Ready", `".":{},"f:lastHeartbeatTime":{},"f:status":{}`))
	for name, c := range map[string]struct {
		all  []metav1.ManagedFieldsEntry
		want time.Time
	}{
		"the kubelet is told":           {append(others, kubelet), at},
		"it is not, as in most dumps":   {others, time.Time{}},
		"nothing is told":               {nil, time.Time{}},
		"an entry without a time":       {[]metav1.ManagedFieldsEntry{{Subresource: "status", FieldsV1: kubelet.FieldsV1}}, time.Time{}},
		"an entry that names no fields": {[]metav1.ManagedFieldsEntry{{Subresource: "status", Time: kubelet.Time}}, time.Time{}},
	} {
		live := &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: "w1", ManagedFields: c.all}}
		dumped := trimNode(live, &Latest{}).(*corev1.Node)
		row, _, _ := Resources().Find(Nodes)
		row.strip(live)
		row.strip(live) // as the list does, and the store
		for form, n := range map[string]*corev1.Node{"live": live, "of a snapshot": dumped} {
			if got := statusWritten(n); !got.Equal(c.want) {
				t.Errorf("%s, %s: %s, want %s", name, form, got, c.want)
			}
			for _, kept := range n.ManagedFields {
				if kept.Manager != "" || kept.FieldsV1.GetRawString() != heartbeatAlone {
					t.Errorf("%s, %s: kept is %v", name, form, kept)
				}
			}
		}
	}
}
