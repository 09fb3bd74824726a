package snapshot_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/kubevitals/kubevitals/internal/snapshot"
)

// pod is one of a dump; without a node it could not be scheduled since it was created.
func pod(name, node, created string) string {
	phase, status := "Running", "True"
	if node == "" {
		phase, status = "Pending", "False"
	}
	return fmt.Sprintf("- {apiVersion: v1, kind: Pod, metadata: {namespace: shop, name: %s, creationTimestamp: '2026-%[3]sZ'}, spec: {nodeName: '%[2]s'}, "+
		"status: {phase: %[4]s, conditions: [{type: PodScheduled, status: '%[5]s', lastTransitionTime: '2026-%[3]sZ'}]}}\n", name, node, created, phase, status)
}

// beatingNode is a node whose kubelet reported it.
func beatingNode(name, at string) string {
	return fmt.Sprintf("- {apiVersion: v1, kind: Node, metadata: {name: %s}, status: {conditions: [{type: Ready, status: 'True', lastHeartbeatTime: '2026-06-01T%sZ'}]}}\n", name, at)
}

// TestTakenIsNotBeforeTheControlPlane verifies that the time of a dump is not before what
// several writers of the control plane agree on, that one clock that is ahead does not
// make it, and that pods are told whose waiting cannot be measured.
func TestTakenIsNotBeforeTheControlPlane(t *testing.T) {
	t.Parallel()
	old := pod("a", "w1", "05-21T12:00:00") + pod("b", "w2", "05-21T12:00:02") + pod("c", "w3", "05-21T12:00:04")
	leaders := lease("kube-system", "kube-scheduler", "16:00:00") + lease("kube-system", "kube-controller-manager", "16:00:02")
	silent := silentNode("w1") + silentNode("w2") + silentNode("w3")
	live := beatingNode("w1", "11:59:40") + beatingNode("w2", "11:59:50") + lease("kube-node-lease", "w3", "11:59:58")
	event := "- {apiVersion: v1, kind: Event, metadata: {namespace: shop, name: e}, involvedObject: {kind: Pod}, source: {component: default-scheduler}, lastTimestamp: '2026-06-01T14:00:00Z'}\n"
	for name, c := range map[string]struct {
		items, want string
		// waits are the pods that are told; empty for none.
		waits string
	}{
		"pods only, all run":                    {old, "05-21T12:00:04", ""},
		"pods only, one waits":                  {old + pod("web", "", "06-01T11:10:00"), "06-01T11:10:00", "1 (shop/web)"},
		"pods only, one has waited for an hour": {old + pod("web", "", "06-01T11:10:00") + pod("api", "", "06-01T12:11:00"), "06-01T12:11:00", "1 (shop/api)"},
		"all nodes silent, leaders go on":       {silent + leaders + pod("web", "", "06-01T12:00:00"), "06-01T16:00:02", ""},
		"all nodes silent, one leader alone":    {silent + lease("kube-system", "kube-scheduler", "16:00:00"), "06-01T11:00:40", ""},
		"a control plane that is ahead":         {live + leaders, "06-01T11:59:58", ""},
		"the scheduler and an event of its own": {silent + lease("kube-system", "kube-scheduler", "14:00:00") + event, "06-01T11:00:40", ""},
		"a pod that waits, and nodes that beat": {live + pod("web", "", "06-01T11:50:00"), "06-01T11:59:58", ""},
		"a leader and what was created agree":   {silent + lease("kube-system", "kube-scheduler", "14:00:00") + pod("d", "w1", "06-01T14:00:01"), "06-01T14:00:01", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, err := snapshot.Read(t.Context(), folder(t, map[string]string{"dump.yaml": "apiVersion: v1\nkind: List\nitems:\n" + c.items}))
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = s.Close() }()
			if got := s.Taken.UTC().Format("01-02T" + time.TimeOnly); got != c.want {
				t.Errorf("taken %s, want %s", got, c.want)
			}
			told := ""
			for _, file := range s.Unreadable {
				told += file.Err.Error()
			}
			if told != "" && c.waits == "" || !strings.Contains(told, c.waits) {
				t.Errorf("told %q, want %q in it", told, c.waits)
			}
		})
	}
}
