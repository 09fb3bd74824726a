package collectors

import (
	"cmp"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
)

// knownStartupTaints are the keys of taints that nodes begin with, and that whoever sets up
// a part of them takes away; those that most clusters can have go first.
func knownStartupTaints() []string {
	return []string{
		corev1.TaintNodeNotReady,                         // the node controller, once the node is ready
		corev1.TaintNodeNetworkUnavailable,               // the cloud's routes, or the network plugin
		"node.cloudprovider.kubernetes.io/uninitialized", // the cloud controller manager
		"node.cluster.x-k8s.io/uninitialized",            // Cluster API
		"karpenter.sh/unregistered",                      // Karpenter
		"node.cilium.io/agent-not-ready",                 // Cilium
		"ebs.csi.aws.com/agent-not-ready",
		"efs.csi.aws.com/agent-not-ready",
		"fsx.csi.aws.com/agent-not-ready",
		"disk.csi.azure.com/agent-not-ready",
		"file.csi.azure.com/agent-not-ready",
	}
}

// startupTaints are those of a node that keep pods off it, the known ones first.
func (c nodeDegradedCollector) startupTaints(node *corev1.Node) []corev1.Taint {
	known := append(knownStartupTaints(), c.taints...)
	rank := func(key string) int {
		if i := slices.Index(known, key); i >= 0 {
			return i
		}
		return len(known)
	}
	var taints []corev1.Taint
	for _, t := range node.Spec.Taints {
		if t.Effect != corev1.TaintEffectPreferNoSchedule && (rank(t.Key) < len(known) || startsUp(t.Key)) {
			taints = append(taints, t)
		}
	}
	slices.SortFunc(taints, func(a, b corev1.Taint) int {
		return cmp.Or(cmp.Compare(rank(a.Key), rank(b.Key)), strings.Compare(a.Key, b.Key))
	})
	return taints
}

// startsUp tells whether a key says that its taint is one of the start of a node: by the
// prefixes that the cluster autoscaler and the node readiness controller ask for, or by
// what the agents of networks, storage and devices call theirs.
func startsUp(key string) bool {
	domain, name, found := strings.Cut(key, "/")
	if !found {
		domain, name = "", key
	}
	switch domain {
	case "startup-taint.cluster-autoscaler.kubernetes.io", "ignore-taint.cluster-autoscaler.kubernetes.io", "readiness.k8s.io":
		return true
	}
	name = strings.ToLower(name)
	return slices.ContainsFunc([]string{"not-ready", "notready", "not-initialized", "uninitialized", "startup", "start-up"},
		func(part string) bool { return strings.Contains(name, part) })
}
