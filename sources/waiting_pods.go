package sources

import (
	"cmp"
	"slices"

	"github.com/kubevitals/kubevitals/sources/pods"
)

// The reasons that events add to those of pods without a sandbox: what they lack.
const (
	LacksVolume  = "volume"
	LacksNetwork = "network"
)

// WaitingPods are pods that wait for one of the reasons, those that wait longest first,
// with what their scheduler or their kubelet says: of a node, a namespace or a scheduler
// where the labels name one. There are none where pods are not read.
func (s *Sources) WaitingPods(labels map[string]string, reasons []string) []Fact {
	index, ok := s.stores[Pods].(*pods.Index)
	if !ok {
		return nil
	}
	var facts []Fact
	err := index.Named(func(p pods.Named) {
		if node, ok := labels["node"]; ok && p.Node != node || labels["namespace"] != "" && p.Namespace != labels["namespace"] ||
			p.Scheduler != labels["scheduler"] || !waitsFor(p.Waiting, reasons) {
			return
		}
		facts = append(facts, Fact{Object: "Pod " + p.Namespace + "/" + p.Name, Name: p.Waiting.String(), Message: p.Message, At: p.Since})
	})
	if err != nil {
		return nil // the result says which sources are unavailable
	}
	slices.SortFunc(facts, func(a, b Fact) int { return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.Object, b.Object)) })
	return facts
}

func waitsFor(w pods.Waiting, reasons []string) bool {
	if slices.Contains(reasons, w.String()) {
		return true
	}
	lacks := slices.Contains(reasons, LacksVolume) || slices.Contains(reasons, LacksNetwork)
	return lacks && (w == pods.Sandbox || w == pods.Creating)
}
