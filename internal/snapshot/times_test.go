package snapshot_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/kubevitals/kubevitals/internal/snapshot"
)

// lease is one of a dump; those of nodes are in kube-node-lease.
func lease(namespace, name, renewed string) string {
	return fmt.Sprintf("- {apiVersion: coordination.k8s.io/v1, kind: Lease, metadata: {namespace: %s, name: %s}, "+
		"spec: {holderIdentity: it, leaseDurationSeconds: 40, renewTime: '2026-06-01T%s.000000Z'}}\n", namespace, name, renewed)
}

// silentNode is a node that was marked as such.
func silentNode(name string) string {
	return fmt.Sprintf("- {apiVersion: v1, kind: Node, metadata: {name: %s}, status: {conditions: [{type: Ready, status: Unknown, lastTransitionTime: '2026-06-01T11:00:40Z'}]}}\n", name)
}

func metricsOf(node, at string) string {
	return fmt.Sprintf("- {apiVersion: metrics.k8s.io/v1beta1, kind: NodeMetrics, metadata: {name: %s}, timestamp: '2026-06-01T%sZ'}\n", node, at)
}

// TestTakenIsAgreedOn verifies that one clock that is ahead does not make the time of
// a dump, and that what does not go through etcd tells it where nothing is written.
func TestTakenIsAgreedOn(t *testing.T) {
	t.Parallel()
	others := lease("kube-node-lease", "w1", "11:59:55") + lease("kube-node-lease", "w2", "11:59:58") + lease("kube-system", "kube-scheduler", "11:59:59")
	for name, c := range map[string]struct{ items, want string }{
		"all agree":           {others + lease("kube-node-lease", "w3", "11:59:57"), "11:59:59"},
		"a clock ahead":       {others + lease("kube-node-lease", "w3", "12:01:30") + metricsOf("w3", "12:01:20"), "11:59:59"},
		"a clock hours ahead": {others + lease("kube-node-lease", "w3", "16:00:00"), "11:59:59"},
		"a clock behind":      {others + lease("kube-node-lease", "w3", "11:15:00"), "11:59:59"},
		"figures that go on":  {others + metricsOf("w1", "12:20:00") + metricsOf("w2", "12:20:03"), "12:20:03"},
		"an outage": {
			lease("kube-node-lease", "w1", "10:59:55") + silentNode("w1") + lease("kube-node-lease", "w2", "10:59:58") + silentNode("w2") +
				lease("kube-node-lease", "control", "11:59:56") + lease("kube-system", "kube-scheduler", "11:59:59"), "11:59:59",
		},
		"two Leases, and so on": {lease("kube-node-lease", "w1", "11:59:55") + lease("kube-node-lease", "w2", "12:01:00"), "12:01:00"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), "dump.yaml")
			if err := os.WriteFile(path, []byte("apiVersion: v1\nkind: List\nitems:\n"+c.items), 0o600); err != nil {
				t.Fatal(err)
			}
			s, err := snapshot.Read(t.Context(), path)
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = s.Close() }()
			if got := s.Taken.UTC().Format(time.TimeOnly); got != c.want || s.TakenFrom != snapshot.FromObjects {
				t.Errorf("taken %s by %s, want %s", got, s.TakenFrom, c.want)
			}
			if !strings.Contains(string(s.TakenFrom), "agree") {
				t.Errorf("says %q", s.TakenFrom)
			}
		})
	}
}
