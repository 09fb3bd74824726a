//go:build linux

package realnode

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/kubevitals/kubevitals/lab/cluster"
)

// TestTwoRealNodes verifies that agents on two nodes find each other, and that they tell
// apart the network of nodes and that of pods when only this one is cut.
func TestTwoRealNodes(t *testing.T) {
	t.Parallel()
	l := start(t, 2)
	l.install(t)
	// From the network of nodes, and from that of pods, to both of the other node.
	everywhere := map[string]float64{"node_to_node": 1, "node_to_pod": 1, "pod_to_node": 1, "pod_to_pod": 1}
	l.wantPaths(t, everywhere)

	first, second := l.place.nodes[0], l.place.nodes[1]
	if err := first.ip(t.Context(), fmt.Sprintf("route replace blackhole %s", second.podNetwork())); err != nil {
		t.Fatal(err)
	}
	l.wantPaths(t, map[string]float64{"node_to_node": 1, "node_to_pod": 0, "pod_to_node": 1, "pod_to_pod": 0})
	if err := first.ip(t.Context(), fmt.Sprintf("route replace %s via %s", second.podNetwork(), second.Address())); err != nil {
		t.Fatal(err)
	}
	l.wantPaths(t, everywhere)

	l.restrictedAgents(t)
	// They find each other as the others do.
	l.wantPaths(t, everywhere)
}

// wantPaths waits until the first node has so many good paths in each direction.
func (l *lab) wantPaths(t *testing.T, want map[string]float64) {
	t.Helper()
	began := time.Now()
	err := cluster.Eventually(t.Context(), 4*time.Minute, func(ctx context.Context) error {
		good := map[string]float64{}
		for _, name := range []string{"kubevitals-node", "kubevitals-pod"} {
			families, err := l.scrapeAgent(ctx, name)
			if err != nil {
				return err
			}
			for _, m := range families["kubevitals_connectivity_good_paths"].GetMetric() {
				for _, label := range m.GetLabel() {
					if label.GetName() == "direction" {
						good[label.GetValue()] += m.GetGauge().GetValue()
					}
				}
			}
		}
		for direction, n := range want {
			if got, ok := good[direction]; !ok || got != n {
				return fmt.Errorf("good paths are %v, want %v", good, want)
			}
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
	t.Logf("paths are %v after %.0fs", want, time.Since(began).Seconds())
}
