package sources

import (
	"cmp"
	"slices"
	"time"

	"github.com/kubevitals/kubevitals/sources/events"
	"github.com/kubevitals/kubevitals/sources/pods"
)

// The reasons that events add to those of pods without a sandbox: what they lack.
const (
	LacksVolume  = "volume"
	LacksNetwork = "network"
)

// WaitingPods are pods that wait for one of the reasons, those that wait longest first,
// with what their scheduler or their kubelet says, if need be in an event: of a node, a
// namespace or a scheduler where the labels name one. There are none where pods are not read.
func (s *Sources) WaitingPods(labels map[string]string, reasons []string) []Fact {
	index, ok := s.stores[Pods].(*pods.Index)
	if !ok {
		return nil
	}
	var facts []Fact
	var held map[pods.Key]string
	if slices.Contains(reasons, LacksVolume) {
		held = s.heldUp()
	}
	err := index.Named(func(p pods.Named) {
		if node, ok := labels["node"]; ok && p.Node != node || labels["namespace"] != "" && p.Namespace != labels["namespace"] ||
			p.Scheduler != labels["scheduler"] || !waitsFor(p.Waiting, reasons) {
			return
		}
		facts = append(facts, Fact{Object: "Pod " + p.Namespace + "/" + p.Name, Name: p.Waiting.String(), Message: cmp.Or(p.Message, held[p.Key]), At: p.Since})
	})
	if err != nil {
		return nil // the result says which sources are unavailable
	}
	slices.SortFunc(facts, func(a, b Fact) int { return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.Object, b.Object)) })
	return facts
}

// heldUpFor is for how long a warning tells what a pod waits for: a kubelet repeats what lasts
// every 2 minutes.
const heldUpFor = 10 * time.Minute

// heldUp is what the latest warning says of each pod that has no volume: its status says no
// more than that its containers are being created.
func (s *Sources) heldUp() map[pods.Key]string {
	log, ok := s.stores[Events].(*events.Log)
	if !ok {
		return nil
	}
	latest, err := log.Latest(PodStartKinds()...)
	if err != nil {
		return nil // the result says which sources are unavailable
	}
	said := map[pods.Key]string{}
	for uid, w := range latest {
		if key, ok := pods.KeyOf(uid); ok && w.Message != "" && s.Now().Sub(w.Last) <= heldUpFor {
			said[key] = pods.Cut(w.Message)
		}
	}
	return said
}

func waitsFor(w pods.Waiting, reasons []string) bool {
	if slices.Contains(reasons, w.String()) {
		return true
	}
	lacks := slices.Contains(reasons, LacksVolume) || slices.Contains(reasons, LacksNetwork)
	return lacks && (w == pods.Sandbox || w == pods.Creating)
}
