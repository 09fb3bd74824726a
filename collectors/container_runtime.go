package collectors

import (
	"context"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/kubevitals/kubevitals/exporter"
	"github.com/kubevitals/kubevitals/sources"
	"github.com/kubevitals/kubevitals/sources/health"
	"github.com/kubevitals/kubevitals/sources/host/cri"
)

const containerRuntimeName = "container_runtime"

var (
	runtimeProbe = exporter.NewGauge(containerRuntimeName, "probe_result",
		"What became of the last call to the node's container runtime: 1 for the result that holds; ok is 0 otherwise, and all others are absent; timeout means that it took the connection and did not answer.",
		"node", "call", "result")
	runtimeSeconds = exporter.NewGauge(containerRuntimeName, "probe_duration_seconds",
		"Time the last call to the node's container runtime took, whatever became of it, in seconds.",
		"node", "call")
	runtimeReady = exporter.NewGauge(containerRuntimeName, "ready",
		"What the container runtime says of itself (RuntimeReady) and of the network of its pods (NetworkReady): 1 is ready; reason is none, a word of Kubernetes, or other.",
		"node", "condition", "reason")
	runtimeInfo = exporter.NewGauge(containerRuntimeName, "info",
		"Is 1 for the name and the version of the node's container runtime.",
		"node", "runtime", "version")
)

// ContainerRuntime is the failure mode of a container runtime that hangs, is
// down, or has no network for its pods.
func ContainerRuntime() Definition {
	var (
		o        cri.Options
		interval time.Duration
	)
	return Definition{
		Name:       containerRuntimeName,
		Help:       "The node's container runtime is down, hangs, or has no network for its pods.",
		Scope:      Node,
		Privileges: []Privilege{RootUser, Unconfined, RuntimeSocket},
		Default:    true,
		Metrics:    []*exporter.Desc{runtimeProbe, runtimeSeconds, runtimeReady, runtimeInfo},
		Flags: func(f *Flags) {
			f.Flag("endpoint", "CRI socket of the node's container runtime, such as unix:///run/containerd/containerd.sock; repeatable, the first that is there is asked. Without any: those of containerd, CRI-O, cri-dockerd, k3s and k0s.").
				StringsVar(&o.Endpoints)
			f.Flag("probe-interval", "Time between two rounds of calls.").Default("15s").DurationVar(&interval)
			f.Flag("probe-timeout", "Longest time that a round may take; a runtime that has not answered then counts as hung.").Default("10s").DurationVar(&o.Timeout)
		},
		Replay: true, // an answer of a runtime over a socket of a node
		New: func(s *sources.Sources) (exporter.Collector, error) {
			o.Root = s.Host().Path()
			p, err := cri.New(o, s.Now)
			if err != nil {
				return nil, err
			}
			poll := sources.PollHost(s, containerRuntimeName, max(interval, o.Timeout+time.Second), p.Ask)
			return containerRuntimeCollector{node: s.Host().Node(), result: poll.Get}, nil
		},
	}
}

type containerRuntimeCollector struct {
	node   string
	result func() (cri.Result, error)
}

// Collect fails while no runtime was found, which is no fault of it: an agent in a pod
// was started by one.
func (c containerRuntimeCollector) Collect(_ context.Context, ch chan<- prometheus.Metric) error {
	r, err := c.result()
	if err != nil {
		return err
	}
	for name, call := range map[string]cri.Call{"version": r.Version, "status": r.Status} {
		ch <- runtimeSeconds.Sample(call.Duration.Seconds(), c.node, name)
		runtimeProbe.SendState(ch, health.Available.Result(), call.Outcome.Result(), c.node, name)
	}
	if r.Version.Outcome == health.Available {
		ch <- runtimeInfo.Sample(1, c.node, strings.ToValidUTF8(r.Name, "?"), strings.ToValidUTF8(r.Release, "?"))
	}
	if r.Status.Outcome != health.Available {
		return nil
	}
	sent := map[string]bool{}
	for _, condition := range r.Conditions {
		known := condition.Type == cri.RuntimeReady || condition.Type == cri.NetworkReady
		if known && !sent[condition.Type] {
			sent[condition.Type] = true
			ch <- runtimeReady.Sample(exporter.Bool(condition.Status), c.node, condition.Type, runtimeReason(condition.Reason))
		}
	}
	return nil
}

// runtimeReason bounds the reasons: runtimes may give any word.
func runtimeReason(reason string) string {
	switch reason {
	case "":
		return "none"
	case "NetworkPluginNotReady", "DockerDaemonNotReady":
		return reason
	}
	return "other"
}
