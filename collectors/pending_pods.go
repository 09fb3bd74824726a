package collectors

import (
	"context"

	"github.com/prometheus/client_golang/prometheus"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/kubevitals/kubevitals/exporter"
	"github.com/kubevitals/kubevitals/sources"
	"github.com/kubevitals/kubevitals/sources/events"
	"github.com/kubevitals/kubevitals/sources/pods"
)

const pendingPodsName = "pending_pods"

var (
	pendingPods = exporter.NewGauge(pendingPodsName, "pods",
		"Pods that are pending, by what they wait for and by their node; the node is empty until they are scheduled, and where too many name nodes that do not exist.",
		"node", "reason")
	pendingPodsOldest = exporter.NewGauge(pendingPodsName, "oldest_timestamp_seconds",
		"Unix time, in seconds, since which the oldest of these pods waits: its creation, or the moment at which it was given to its node.",
		"node", "reason")
)

// What a pod that has no sandbox waits for, where its events tell.
const (
	reasonVolume   = "volume"
	reasonNetwork  = "network"
	reasonUntold   = "sandbox"
	networkSandbox = "FailedCreatePodSandBox"
)

// PendingPods is the failure mode of new pods that do not start.
func PendingPods() Definition {
	return Definition{
		Name:    pendingPodsName,
		Help:    "New pods stay Pending, and why: no scheduler, no node that fits, no kubelet that begins, no network, volume or image.",
		Scope:   Cluster,
		Default: true,
		Metrics: []*exporter.Desc{pendingPods, pendingPodsOldest},
		Reads:   []sources.Read{sources.Pods, sources.Events, sources.Nodes},
		New: func(s *sources.Sources) (exporter.Collector, error) {
			log := s.Events()
			return pendingPodsCollector{
				pods:   s.Pods().Each,
				nodes:  s.Nodes().List,
				events: func() (map[types.UID]events.Kind, error) { return log.Latest(sources.PodStartKinds()...) },
			}, nil
		},
	}
}

type pendingPodsCollector struct {
	pods   func(func(pods.Pod)) error
	nodes  func() ([]*corev1.Node, error)
	events func() (map[types.UID]events.Kind, error)
}

type waiting struct{ node, reason string }

// Collect fails while pods cannot be seen. Without events it cannot tell a
// missing volume from a missing network, and says "sandbox" for both.
func (c pendingPodsCollector) Collect(_ context.Context, ch chan<- prometheus.Metric) error {
	told := map[pods.Key]events.Kind{}
	if latest, err := c.events(); err == nil {
		for uid, kind := range latest {
			if key, ok := pods.KeyOf(uid); ok {
				told[key] = kind
			}
		}
	}
	groups := map[waiting]group{}
	for _, w := range []pods.Waiting{pods.NoScheduler, pods.Gated, pods.Unschedulable, pods.SchedulerError} {
		groups[waiting{"", w.String()}] = group{} // none is worth knowing
	}
	err := c.pods(func(p pods.Pod) {
		if p.Waiting == pods.NotWaiting {
			return
		}
		w := waiting{p.Node, p.Waiting.String()}
		if kind, ok := told[p.Key]; ok && p.Waiting == pods.Sandbox {
			w.reason = sandboxReason(kind)
		}
		groups[w] = groups[w].with(p.Since)
	})
	if err != nil {
		return err
	}
	nameless := namesOf(c.nodes()).nameless(podsByNode(groups, func(w waiting) string { return w.node }))
	ch <- exporter.LeftOut(len(nameless))
	for w, g := range merged(groups, func(w waiting) waiting {
		if nameless[w.node] {
			w.node = ""
		}
		return w
	}) {
		ch <- pendingPods.Sample(float64(g.pods), w.node, w.reason)
		if g.pods > 0 {
			ch <- pendingPodsOldest.Sample(unix(g.oldest), w.node, w.reason)
		}
	}
	return nil
}

// sandboxReason reads the latest warning about a pod without a sandbox.
func sandboxReason(k events.Kind) string {
	switch k.Reason {
	case "FailedMount", "FailedAttachVolume":
		return reasonVolume
	case "NetworkNotReady", networkSandbox:
		return reasonNetwork
	}
	return reasonUntold
}
