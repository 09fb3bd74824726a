package collectors

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/kubevitals/kubevitals/exporter"
	"github.com/kubevitals/kubevitals/sources"
)

const addonHealthName = "addon_health"

var (
	addonDesired = exporter.NewGauge(addonHealthName, "desired_pods",
		"Number of pods that the addon's Deployments and DaemonSets in kube-system want.", "addon")
	addonReady = exporter.NewGauge(addonHealthName, "ready_pods",
		"Number of pods that the addon's Deployments and DaemonSets in kube-system count as ready.", "addon")
	addonPods = exporter.NewGauge(addonHealthName, "pods",
		"Number of the addon's pods in kube-system and in the namespaces of the dashboard, of network plugins and of OpenShift's DNS, and in any namespace of metrics adapters, of KEDA, and of agents and controllers of Rook's, Longhorn's and vSphere's volumes, by state: ready, not_ready, or crash_loop, which are not ready either.",
		"addon", "state")
	addonCrashes = exporter.NewGauge(addonHealthName, "crash_loop_pods",
		"Number of the addon's pods with a container that ended again and waits to be started (CrashLoopBackOff), or was started again for the while until it is ready, by how it last ended and on which node; the node is empty for pods without one.",
		"addon", "node", "reason", "exit")
	addonRestarts = exporter.NewGauge(addonHealthName, "restarts",
		"How often a container of the addon's pod on the node was started again, of the pod where that was most often; absent unless one ended within the last hour.", "addon", "node")
	addonRestartsSince = exporter.NewGauge(addonHealthName, "restarts_since_timestamp_seconds",
		"Unix time, in seconds, since which these starts are counted: when the pod was started.", "addon", "node")
	addonLastEnd = exporter.NewGauge(addonHealthName, "last_end_timestamp_seconds",
		"Unix time, in seconds, when a container of that pod ended last.", "addon", "node")
	addonLastRun = exporter.NewGauge(addonHealthName, "last_run_seconds",
		"How long, in seconds, the container of that pod that ended last had run.", "addon", "node")
	addonImages = exporter.NewGauge(addonHealthName, "image_wait_pods",
		"Number of the addon's pods on the node with a container whose image cannot be pulled; absent where there is none.", "addon", "node")
	addonUnready = exporter.NewGauge(addonHealthName, "not_ready_since_timestamp_seconds",
		"Unix time, in seconds, since which one of the addon's pods has not been ready, of the pod where that is longest ago; absent where all are ready, and where their conditions do not say.", "addon")
	addonNotReady = exporter.NewGauge(addonHealthName, "not_ready_pods",
		"Number of the addon's pods on the node that are not ready; absent where all are, and with an empty node for pods without one.", "addon", "node")
)

// AddonHealth watches the addons that other components and users depend on.
func AddonHealth() Definition {
	var dnsApps, apps []string
	return Definition{
		Name:    addonHealthName,
		Help:    "What the cluster stands on crashes or lacks ready pods: its control plane, DNS and node-local DNS, kube-proxy, konnectivity, agents of networks, agents and controllers of volumes, metrics-server, KEDA, the dashboard.",
		Scope:   Cluster,
		Default: true,
		Metrics: []*exporter.Desc{addonDesired, addonReady, addonPods, addonCrashes, addonNotReady, addonUnready, addonImages, addonRestarts, addonRestartsSince, addonLastEnd, addonLastRun},
		Steady:  []*exporter.Desc{addonDesired, addonPods},
		Flags: func(f *Flags) {
			f.Flag("dns-app", "Value of the label k8s-app, or app.kubernetes.io/name, of a DNS of the cluster in kube-system under another name than the usual ones; repeatable.").
				StringsVar(&dnsApps)
			f.Flag("app", "Value of the label k8s-app, app.kubernetes.io/name or app of another addon in kube-system, which is told of under this name; repeatable.").
				StringsVar(&apps)
		},
		Reads: append(sources.AddonPodLists(), sources.SystemDeployments, sources.SystemDaemonSets),
		New: func(s *sources.Sources) (exporter.Collector, error) {
			deployments, daemonSets := s.SystemWorkloads()
			var pods []func() ([]sources.SystemPod, error)
			for _, view := range s.AddonPods() {
				pods = append(pods, view.List)
			}
			return addonHealthCollector{
				pods:      pods,
				workloads: []func() ([]sources.SystemWorkload, error){deployments.List, daemonSets.List},
				now:       s.Now,
				dnsApps:   dnsApps,
				apps:      apps,
			}, nil
		},
	}
}

type addonHealthCollector struct {
	pods      []func() ([]sources.SystemPod, error)
	workloads []func() ([]sources.SystemWorkload, error)
	now       func() time.Time
	// dnsApps are what labels may call the cluster's DNS, beside what is usual.
	dnsApps []string
	// apps are other addons that the flags name.
	apps []string
}

// Collect says nothing of addons that do not exist. What it tells is of the pods
// and workloads that can be seen; a list that cannot be read makes it incomplete.
func (c addonHealthCollector) Collect(_ context.Context, ch chan<- prometheus.Metric) error {
	pods, podsErr := collectAll(c.pods)
	workloads, workloadsErr := collectAll(c.workloads)
	for i := range pods {
		pods[i].Addon = c.addon(pods[i].Addon, pods[i].App)
	}
	for i := range workloads {
		workloads[i].Addon = c.addon(workloads[i].Addon, workloads[i].App)
	}
	sendWorkloads(ch, workloads)
	sendAddonPods(ch, onceEach(pods), c.now())
	return exporter.Incomplete(errors.Join(podsErr, workloadsErr))
}

// addon is the addon by well-known labels, or else by what the flags call one.
func (c addonHealthCollector) addon(known sources.Addon, app string) sources.Addon {
	switch {
	case known == "" && slices.Contains(c.dnsApps, app):
		return sources.AddonDNS
	case known == "" && slices.Contains(c.apps, app):
		return sources.Addon(app)
	}
	return known
}

// collectAll joins the lists that can be read, and the errors of the others.
func collectAll[T any](lists []func() ([]T, error)) (all []T, err error) {
	for _, list := range lists {
		items, failed := list()
		all, err = append(all, items...), errors.Join(err, failed)
	}
	return all, err
}

// onceEach leaves out pods that are in two of the lists: of what is in namespaces of any
// name, some is in one that has a list of its own.
func onceEach(pods []sources.SystemPod) []sources.SystemPod {
	seen := map[string]bool{}
	return slices.DeleteFunc(pods, func(p sources.SystemPod) bool {
		name := p.Namespace + "/" + p.Name
		twice := p.Name != "" && seen[name]
		seen[name] = true
		return twice
	})
}

func sendWorkloads(ch chan<- prometheus.Metric, workloads []sources.SystemWorkload) {
	sums := map[sources.Addon]sources.SystemWorkload{}
	for _, w := range workloads {
		if w.Addon != "" {
			sum := sums[w.Addon]
			sums[w.Addon] = sources.SystemWorkload{Addon: w.Addon, Desired: sum.Desired + w.Desired, Ready: sum.Ready + w.Ready}
		}
	}
	for addon, sum := range sums {
		ch <- addonDesired.Sample(float64(sum.Desired), string(addon))
		ch <- addonReady.Sample(float64(sum.Ready), string(addon))
	}
}

type (
	addonCrash struct {
		addonNode
		reason, exit string
	}
	addonNode struct {
		addon sources.Addon
		node  string
	}
)

func sendAddonPods(ch chan<- prometheus.Metric, pods []sources.SystemPod, now time.Time) {
	states := map[sources.Addon]map[string]int{}
	unready := map[sources.Addon]time.Time{}
	crashes, nodes, images, restarts := map[addonCrash]int{}, map[addonNode]int{}, map[addonNode]int{}, map[addonNode]sources.SystemPod{}
	for _, p := range pods {
		if p.Addon == "" || p.Done {
			continue
		}
		if states[p.Addon] == nil {
			states[p.Addon] = map[string]int{}
		}
		state, at := "ready", addonNode{p.Addon, p.Node}
		switch {
		case p.Crashes(now):
			state = "crash_loop"
			crashes[addonCrash{at, closed(p.Crash.Reason, exitReasons()), exitClass(p.Crash)}]++
		case !p.Ready:
			state = "not_ready"
		}
		states[p.Addon][state]++
		if state != "ready" {
			nodes[at]++
		}
		if first, ok := unready[p.Addon]; !p.Ready && !p.Unready.IsZero() && (!ok || p.Unready.Before(first)) {
			unready[p.Addon] = p.Unready
		}
		if p.NoImage {
			images[at]++
		}
		if !p.Since.IsZero() && now.Sub(p.LastEnd) < endedLately && p.Restarts > restarts[at].Restarts {
			restarts[at] = p
		}
	}
	for addon, count := range states {
		for _, state := range []string{"ready", "not_ready", "crash_loop"} {
			ch <- addonPods.Sample(float64(count[state]), string(addon), state)
		}
	}
	for c, n := range crashes {
		ch <- addonCrashes.Sample(float64(n), string(c.addon), c.node, c.reason, c.exit)
	}
	for k, n := range nodes {
		ch <- addonNotReady.Sample(float64(n), string(k.addon), k.node)
	}
	for addon, since := range unready {
		ch <- addonUnready.Sample(unix(since), string(addon))
	}
	for k, n := range images {
		ch <- addonImages.Sample(float64(n), string(k.addon), k.node)
	}
	for k, p := range restarts {
		ch <- addonLastEnd.Sample(unix(p.LastEnd), string(k.addon), k.node)
		ch <- addonLastRun.Sample(p.LastRun.Seconds(), string(k.addon), k.node)
		ch <- addonRestarts.Sample(float64(p.Restarts), string(k.addon), k.node)
		ch <- addonRestartsSince.Sample(unix(p.Since), string(k.addon), k.node)
	}
}

// endedLately is for how long a container that was started again is of interest: what it
// was started for years ago is not.
const endedLately = time.Hour

// exitReasons are the reasons of an end that kubelets and runtimes give.
func exitReasons() []string {
	return []string{"OOMKilled", "Error", "Completed", "ContainerCannotRun", "StartError", "ContainerStatusUnknown", "DeadlineExceeded"}
}

// exitClass is the meaning of an exit code. Above 128 a signal ended the
// process.
func exitClass(c *sources.Crash) string {
	switch code := c.ExitCode; {
	case c.Reason == "":
		return "unknown"
	case code == 0:
		return "success"
	case code == 126 || code == 127:
		return "not_executable"
	case code == 128+9:
		return "killed"
	case code == 128+11 || code == 128+6:
		return "crashed"
	case code == 128+15:
		return "terminated"
	case code > 128:
		return "signal"
	}
	return "failure"
}
