package collectors

import (
	"context"

	"github.com/prometheus/client_golang/prometheus"
	rbacv1 "k8s.io/api/rbac/v1"

	"github.com/kubevitals/kubevitals/sources/events"
	"github.com/kubevitals/kubevitals/exporter"
)

const eventsName = "events"

var (
	eventsTotal = exporter.NewCounter(eventsName, "total",
		"Warnings of this reason since kubevitals began to watch; a lower bound, because senders of events fold and drop them.",
		"reason", "kind")
	eventsRecent = exporter.NewGauge(eventsName, "recent",
		"Occurrences in the warnings that the API server still holds, by default those of the last hour; the node is empty unless a kubelet sent them or they are about a node.",
		"reason", "kind", "node")
	eventsLastSeen = exporter.NewGauge(eventsName, "last_seen_timestamp_seconds",
		"Unix time, in seconds, of the latest warning that the API server still holds.",
		"reason", "kind", "node")
)

// Events counts the warnings that the guide names, and what they are called
// today.
func Events() Definition {
	return Definition{
		Name:    eventsName,
		Help:    "Warning events of known reasons: evictions, failing sandboxes and volumes, out of memory, reboots, failing garbage collection, update conflicts.",
		Scope:   Cluster,
		Default: true,
		Metrics: []*exporter.Desc{eventsTotal, eventsRecent, eventsLastSeen},
		Rules:   eventRules(),
		New: func(s *Sources) (exporter.Collector, error) {
			return eventsCollector{s.Events()}, nil
		},
	}
}

func eventRules() []rbacv1.PolicyRule {
	return []rbacv1.PolicyRule{
		{APIGroups: []string{""}, Resources: []string{"events"}, Verbs: []string{"list", "watch"}},
	}
}

type eventsCollector struct {
	log *events.Log
}

// Collect fails while the events cannot be seen.
func (c eventsCollector) Collect(_ context.Context, ch chan<- prometheus.Metric) error {
	totals, err := c.log.Totals()
	if err != nil {
		return err
	}
	places, err := c.log.Places()
	if err != nil {
		return err
	}
	for kind, total := range totals {
		ch <- eventsTotal.Sample(float64(total), kind.Reason, kind.Object)
	}
	for place, o := range places {
		ch <- eventsRecent.Sample(float64(o.Count), place.Reason, place.Object, place.Node)
		ch <- eventsLastSeen.Sample(unix(o.Last), place.Reason, place.Object, place.Node)
	}
	return nil
}

// eventKinds are the warnings that are counted. What a collector or a rule has
// no use for is not here, so that events of workloads cost nothing.
func eventKinds() []events.Kind {
	var kinds []events.Kind
	add := func(object string, reasons ...string) {
		for _, reason := range reasons {
			kinds = append(kinds, events.Kind{Reason: reason, Object: object})
		}
	}
	// Kubelets, about their nodes.
	add("Node", "FailedNodeAllocatableEnforcement", "EvictionThresholdMet", "FreeDiskSpaceFailed", "ImageGCFailed",
		"ContainerGCFailed", "InvalidDiskCapacity", "SystemOOM", "Rebooted", "KubeletSetupFailed", "CgroupV1",
		"CheckLimitsForResolvConf", "MissingClusterDNS")
	// Node Problem Detector, about their nodes.
	add("Node", "OOMKilling", "TaskHung", "KernelOops", "UnregisterNetDevice", "Ext4Error", "IOError", "MemoryReadError",
		"ConntrackFull", "DNSUnreachable")
	// Kubelets and controllers, about pods.
	add("Pod", "Evicted", "NodeNotReady", "FailedScheduling", "DNSConfigForming")
	for _, k := range podStartKinds() {
		add(k.Object, k.Reason)
	}
	// The autoscaler: what the guide shows of a cluster without a metrics API,
	// and of one whose etcd was restored.
	add("HorizontalPodAutoscaler", "FailedGetResourceMetric", "FailedComputeMetricsReplicas", "FailedGetScale",
		"FailedRescale", "FailedUpdateStatus")
	return kinds
}
