package collectors

import (
	"errors"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/kubevitals/kubevitals/sources"
	"github.com/kubevitals/kubevitals/sources/leases"
)

func TestNodeClock(t *testing.T) {
	t.Parallel()
	judged := sources.LeasesJudged{Judgement: leases.Judgement{Nodes: map[string]leases.Judged{
		"good":   {Clock: leases.Agrees},
		"ahead":  {Clock: leases.Off, Offset: 90 * time.Second},
		"behind": {Clock: leases.Off, Offset: -45 * time.Minute},
		"silent": {Clock: leases.Unknown},
		"gone":   {Clock: leases.Off, Offset: time.Hour}, // a Lease that its node left behind
	}}}
	golden(t, nodeClockName, clockCollector(judged), NodeClock().Metrics)
}

func TestNodeClockIsSilentWhileBlind(t *testing.T) {
	t.Parallel()
	blind := errors.New("forbidden")
	if err := collectError(t, clockCollector(sources.LeasesJudged{NodesErr: blind})); !errors.Is(err, blind) {
		t.Errorf("%v, want the source's error", err)
	}
}

// clockCollector is a collector for which Leases are judged so.
func clockCollector(judged sources.LeasesJudged) nodeClockCollector {
	return nodeClockCollector{
		nodes: func() ([]*corev1.Node, error) {
			var nodes []*corev1.Node
			for _, name := range []string{"good", "ahead", "behind", "silent", "without-lease"} {
				nodes = append(nodes, readinessNode(name, corev1.ConditionTrue, ""))
			}
			return nodes, nil
		},
		judge: func([]*corev1.Node) sources.LeasesJudged { return judged },
	}
}
