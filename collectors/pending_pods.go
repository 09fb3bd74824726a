package collectors

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"time"

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
	pendingPodsNamespace = exporter.NewGauge(pendingPodsName, "unscheduled_oldest_timestamp_seconds",
		"Unix time, in seconds, since which the oldest pod of the namespace waits that fits no node, one of a negative priority or with a claim of a volume that is not bound under a reason of its own, or that the scheduler failed over; absent where none does.",
		"namespace", "reason")
	pendingPodsScheduler = exporter.NewGauge(pendingPodsName, "other_scheduler_oldest_timestamp_seconds",
		"Unix time, in seconds, since which the oldest pod of the namespace waits that names a scheduler of its own, which has not looked at it; of ten such schedulers, and the others as other.",
		"namespace", "scheduler")
	pendingPodsOldest = exporter.NewGauge(pendingPodsName, "oldest_timestamp_seconds",
		"Unix time, in seconds, since which the oldest of these pods waits: its creation, or the moment at which it was given to its node.",
		"node", "reason")
	pendingPodsSandbox = exporter.NewGauge(pendingPodsName, "without_sandbox",
		"Pods without a sandbox or a network, by their node and by the cause that their latest event tells; absent where there are none.",
		"node", "cause")
	pendingPodsImage = exporter.NewGauge(pendingPodsName, "without_image",
		"Pods with a container whose image cannot be pulled, by their node and by the cause that their latest event tells; absent where there are none.",
		"node", "cause")
)

// What a pod that has no sandbox waits for, where its events tell.
const (
	reasonVolume   = sources.LacksVolume
	reasonNetwork  = sources.LacksNetwork
	reasonUntold   = "sandbox"
	networkSandbox = "FailedCreatePodSandBox"
)

// Pods say themselves which scheduler they want, by any name: mostSchedulers bounds the
// label. otherScheduler is the reason of those whose scheduler is none of the cluster's.
const (
	mostSchedulers = 10
	otherScheduler = "other_scheduler"
)

// PendingPods is the failure mode of new pods that do not start.
func PendingPods() Definition {
	var schedulers []string
	return Definition{
		Name:    pendingPodsName,
		Help:    "New pods stay Pending, and why: no scheduler, no node that fits, no kubelet that begins, no network, volume or image.",
		Scope:   Cluster,
		Default: true,
		Metrics: []*exporter.Desc{pendingPods, pendingPodsOldest, pendingPodsNamespace, pendingPodsScheduler, pendingPodsSandbox, pendingPodsImage},
		Reads:   []sources.Read{sources.Pods, sources.Events, sources.Nodes},
		Flags: func(f *Flags) {
			f.Flag("scheduler", "Scheduler of the cluster beside default-scheduler, such as another profile of kube-scheduler; repeatable. That no scheduler looks at pods is told of these; pods that name others have an alert of their own.").
				StringsVar(&schedulers)
		},
		New: func(s *sources.Sources) (exporter.Collector, error) {
			log := s.Events()
			return pendingPodsCollector{
				pods:        s.Pods().Each,
				nodes:       s.Nodes().List,
				schedulers:  schedulers,
				events:      func() (map[types.UID]events.Warning, error) { return log.Latest(sources.PodStartKinds()...) },
				imageEvents: func() (map[types.UID]events.Warning, error) { return log.LatestTelling(sources.ImageKind()) },
				now:         s.Now,
			}, nil
		},
	}
}

type pendingPodsCollector struct {
	pods   func(func(pods.Pod)) error
	nodes  func() ([]*corev1.Node, error)
	events func() (map[types.UID]events.Warning, error)
	// imageEvents are those that say why an image was not pulled.
	imageEvents func() (map[types.UID]events.Warning, error)
	now         func() time.Time
	// schedulers are those of the cluster beside the default one.
	schedulers []string
}

// waiting is what pods of a node wait for: a reason, or the cause of one.
type waiting struct{ node, reason string }

// inNamespace are pods of a namespace that wait for the same: a reason, or a scheduler.
type inNamespace struct{ namespace, what string }

// Collect fails while pods cannot be seen. Without events it cannot tell a
// missing volume from a missing network, and says "sandbox" for both.
func (c pendingPodsCollector) Collect(_ context.Context, ch chan<- prometheus.Metric) error {
	told, images := toldBy(c.events), toldBy(c.imageEvents)
	groups, causes, imageCauses := map[waiting]group{}, map[waiting]group{}, map[waiting]group{}
	namespaces, others := map[inNamespace]group{}, map[inNamespace]group{}
	for _, w := range []pods.Waiting{pods.NoScheduler, pods.Gated, pods.Unschedulable, pods.LowPriority, pods.Placeholder, pods.SchedulerError, pods.Unbound} {
		groups[waiting{"", w.String()}] = group{} // none is worth knowing
	}
	err := c.pods(func(p pods.Pod) {
		if p.Waiting == pods.NotWaiting {
			return
		}
		w := waiting{p.Node, c.reason(p, told)}
		switch {
		case p.Waiting == pods.Unschedulable, p.Waiting == pods.LowPriority, p.Waiting == pods.SchedulerError, p.Waiting == pods.Unbound:
			k := inNamespace{p.Namespace, w.reason}
			namespaces[k] = namespaces[k].with(p.Since)
		case p.Scheduler != "" && !slices.Contains(c.schedulers, p.Scheduler):
			w.reason = otherScheduler
			k := inNamespace{p.Namespace, p.Scheduler}
			others[k] = others[k].with(p.Since)
		}
		groups[w] = groups[w].with(p.Since)
		switch w.reason {
		case reasonNetwork:
			cause := waiting{p.Node, string(sources.SandboxCauseOf(told[p.Key].Phrase))}
			causes[cause] = causes[cause].with(p.Since)
		case pods.Image.String():
			cause := waiting{p.Node, string(sources.ImageCauseOf(images[p.Key].Phrase))}
			imageCauses[cause] = imageCauses[cause].with(p.Since)
		}
	})
	if err != nil {
		return err
	}
	nameless := namesOf(c.nodes()).nameless(podsByNode(groups, func(w waiting) string { return w.node }))
	ch <- exporter.LeftOut(len(nameless))
	named := func(w waiting) waiting {
		if nameless[w.node] {
			w.node = ""
		}
		return w
	}
	for w, g := range merged(causes, named) {
		ch <- pendingPodsSandbox.Sample(float64(g.pods), w.node, w.reason)
	}
	for w, g := range merged(imageCauses, named) {
		ch <- pendingPodsImage.Sample(float64(g.pods), w.node, w.reason)
	}
	for w, g := range merged(groups, named) {
		ch <- pendingPods.Sample(float64(g.pods), w.node, w.reason)
		if g.pods > 0 {
			ch <- pendingPodsOldest.Sample(unix(g.oldest), w.node, w.reason)
		}
	}
	for k, g := range namespaces {
		ch <- pendingPodsNamespace.Sample(unix(g.oldest), k.namespace, k.what)
	}
	for k, g := range bounded(others) {
		ch <- pendingPodsScheduler.Sample(unix(g.oldest), k.namespace, k.what)
	}
	return nil
}

// toldBy are the latest warnings about pods, such as that they do not start; none where
// events cannot be seen.
func toldBy(warnings func() (map[types.UID]events.Warning, error)) map[pods.Key]events.Warning {
	told := map[pods.Key]events.Warning{}
	latest, err := warnings()
	if err != nil {
		return told
	}
	for uid, warning := range latest {
		if key, ok := pods.KeyOf(uid); ok {
			told[key] = warning
		}
	}
	return told
}

// warned is for how long a warning tells what a pod waits for of which its kubelet
// does not say that it has no sandbox: it repeats what lasts every 2 minutes.
const warned = 10 * time.Minute

// reason is what a pod waits for. A kubelet says of some only that they have no
// container, and their events why.
func (c pendingPodsCollector) reason(p pods.Pod, told map[pods.Key]events.Warning) string {
	warning, ok := told[p.Key]
	if ok && (p.Waiting == pods.Sandbox || p.Waiting == pods.Creating && c.now().Sub(warning.Last) <= warned) {
		return sandboxReason(warning.Kind)
	}
	return p.Waiting.String()
}

// bounded keeps the names of some schedulers, fairly by namespace, and calls the others
// so.
func bounded(all map[inNamespace]group) map[inNamespace]group {
	byNamespace := map[string][]string{}
	for k := range all {
		byNamespace[k.namespace] = append(byNamespace[k.namespace], k.what)
	}
	var wishes [][]string
	for _, namespace := range slices.Sorted(maps.Keys(byNamespace)) {
		names := byNamespace[namespace]
		slices.SortFunc(names, func(a, b string) int {
			return cmp.Or(cmp.Compare(all[inNamespace{namespace, b}].pods, all[inNamespace{namespace, a}].pods), cmp.Compare(a, b))
		})
		wishes = append(wishes, names)
	}
	named := fairly(wishes, mostSchedulers)
	return merged(all, func(k inNamespace) inNamespace {
		if !named[k.what] {
			k.what = "other"
		}
		return k
	})
}

// sandboxReason reads the latest warning about a pod without a sandbox.
func sandboxReason(k events.Kind) string {
	switch k.Reason {
	case "FailedMount", "FailedAttachVolume":
		return reasonVolume
	case "NetworkNotReady", networkSandbox, "FailedCreatePodContainer":
		return reasonNetwork
	}
	return reasonUntold
}
