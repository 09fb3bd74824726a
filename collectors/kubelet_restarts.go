package collectors

import (
	"context"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/kubevitals/kubevitals/exporter"
	"github.com/kubevitals/kubevitals/sources"
	"github.com/kubevitals/kubevitals/sources/events"
	"github.com/kubevitals/kubevitals/sources/health"
	"github.com/kubevitals/kubevitals/sources/kubelet"
)

const kubeletRestartsName = "kubelet_restarts"

var (
	kubeletStarts = exporter.NewGauge(kubeletRestartsName, "recent_starts",
		"Starts of the node's kubelet in the events that the API server still holds, by default those of the last hour; a lower bound; absent if there are none.",
		"node")
	kubeletStarted = exporter.NewCount(kubeletRestartsName, "kubelets",
		"Number of kubelets of which the API server holds events of a start, or none.", "recent_starts")
	kubeletLastStart = exporter.NewGauge(kubeletRestartsName, "last_start_timestamp_seconds",
		"Unix time, in seconds, of the latest start of the node's kubelet that the API server still holds an event of.",
		"node")
	kubeletProcessStart = exporter.NewGauge(kubeletRestartsName, "process_start_timestamp_seconds",
		"Unix time, in seconds, at which the kubelet's process started, as it says itself; absent unless the collector metric_cardinality reads its metrics.",
		"node")
)

// KubeletRestarts is the failure mode of a kubelet that starts over and over. It
// exits without an event of its own, so that only its starts show: a kubelet that
// cannot set up the containers of the quality of service classes dies seconds
// after each one.
//
// The start of the process is the kubelet's own metric, and yet it is no foreign
// one here: many scrape kubelets without a label for the node, or not at all, and
// kubevitals sees it in passing, in the body that metric_cardinality reads anyway.
func KubeletRestarts() Definition {
	return Definition{
		Name:    kubeletRestartsName,
		Help:    "A kubelet keeps restarting, such as one that fails to initialize the top level QOS containers.",
		Scope:   Cluster,
		Default: true,
		Metrics: []*exporter.Desc{kubeletStarts, kubeletStarted, kubeletLastStart, kubeletProcessStart},
		Reads:   []sources.Read{sources.KubeletStarts, sources.Nodes},
		New: func(s *sources.Sources) (exporter.Collector, error) {
			return kubeletRestartsCollector{log: s.KubeletStarts(), kubelets: s.Kubelets().Results}, nil
		},
	}
}

type kubeletRestartsCollector struct {
	log      *events.Log
	kubelets func() []*kubelet.Result
}

// Collect fails while the events cannot be seen. Only nodes that exist are
// reported: those that the poller knows.
func (c kubeletRestartsCollector) Collect(_ context.Context, ch chan<- prometheus.Metric) error {
	places, err := c.log.Places()
	if err != nil {
		return err
	}
	starts := make(map[string]events.Occurrence, len(places))
	for place, o := range places {
		starts[place.Node] = o // there is one kind of event in this log
	}
	started := exporter.NewTally(kubeletStarts, "none", "some")
	for _, k := range c.kubelets() {
		o := starts[k.Node]
		if o.Count > 0 {
			started.Count("some")
			ch <- kubeletStarts.Sample(float64(o.Count), k.Node)
		} else {
			started.Count("none")
		}
		if !o.Last.IsZero() {
			ch <- kubeletLastStart.Sample(unix(o.Last), k.Node)
		}
		if began := k.Metrics.Value.StartTime; k.Metrics.Reason == health.Available && began > 0 { // NaN is not
			ch <- kubeletProcessStart.Sample(began, k.Node)
		}
	}
	started.Send(ch, kubeletStarted)
	return nil
}
