package collectors

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	corev1 "k8s.io/api/core/v1"

	"github.com/kubevitals/kubevitals/exporter"
	"github.com/kubevitals/kubevitals/sources/pods"
)

var (
	degradedEvicted = exporter.NewGauge(nodeDegradedName, "evicted_pods",
		"Number of pods that the kubelet of the node evicted and that are still listed, by what it was short of: memory, disk, pids, other, or limit where the pod used more disk than its own limit; absent if there are none, and told of 20 nodes with the most.",
		"node", "resource")
	degradedEvictedNodes = exporter.NewGauge(nodeDegradedName, "evicted_pods_nodes",
		"Number of nodes of which pods are listed that their kubelet evicted, or none.", "evicted_pods")
	degradedLastEviction = exporter.NewGauge(nodeDegradedName, "last_eviction_timestamp_seconds",
		"Unix time, in seconds, at which the latest of these pods was evicted; absent where none of them tells when.", "node")
)

// evictedOf are the pods of a node that were evicted.
type evictedOf struct {
	node string
	pods map[pods.Eviction]int
	sum  int
	last time.Time
}

// sendEvicted tells how many pods of nodes that exist are left of evictions. They tell of a
// shortage that may be over, for as long as they are listed: nothing deletes them soon.
func sendEvicted(ch chan<- prometheus.Metric, nodes []*corev1.Node, each func(func(pods.Pod)) error) error {
	of := make(map[string]*evictedOf, len(nodes))
	for _, node := range nodes {
		of[node.Name] = nil
	}
	err := each(func(p pods.Pod) {
		if p.Evicted == pods.NotEvicted {
			return
		}
		e, exists := of[p.Node]
		if !exists {
			return
		}
		if e == nil {
			e = &evictedOf{node: p.Node, pods: map[pods.Eviction]int{}}
			of[p.Node] = e
		}
		e.pods[p.Evicted]++
		e.sum++
		if p.EvictedAt.After(e.last) {
			e.last = p.EvictedAt
		}
	})
	if err != nil {
		return err
	}
	tally := exporter.NewTally(degradedEvicted, "none", "some")
	var some []*evictedOf
	for _, e := range of {
		if e == nil {
			tally.Count("none")
			continue
		}
		tally.Count("some")
		some = append(some, e)
	}
	tally.Send(ch, degradedEvictedNodes)
	slices.SortFunc(some, func(a, b *evictedOf) int { return cmp.Or(cmp.Compare(b.sum, a.sum), cmp.Compare(a.node, b.node)) })
	told := some[:min(len(some), mostExpiries)]
	for _, e := range told {
		for _, resource := range slices.Sorted(maps.Keys(e.pods)) {
			ch <- degradedEvicted.Sample(float64(e.pods[resource]), e.node, resource.String())
		}
		if !e.last.IsZero() {
			ch <- degradedLastEviction.Sample(unix(e.last), e.node)
		}
	}
	ch <- exporter.LeftOut(len(some) - len(told))
	return nil
}
