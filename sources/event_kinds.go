package sources

import "github.com/kubevitals/kubevitals/sources/events"

// EventKinds are the warnings that are counted. What a collector or a rule has
// no use for is not here, so that events of workloads cost nothing.
func EventKinds() []events.Kind {
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
	for _, k := range append(PodStartKinds(), ImageKind()) {
		add(k.Object, k.Reason)
	}
	// The autoscaler: what the guide shows of a cluster without a metrics API,
	// and of one whose etcd was restored.
	add("HorizontalPodAutoscaler", "FailedGetResourceMetric", "FailedComputeMetricsReplicas", "FailedGetScale",
		"FailedRescale", "FailedUpdateStatus")
	return append(kinds, RefusalKinds()...)
}

// RefusalKinds are the warnings of owners that something of theirs was not created.
func RefusalKinds() []events.Kind {
	kinds := []events.Kind{{Reason: "ReplicaSetCreateError", Object: "Deployment"}}
	for _, owner := range []string{"ReplicaSet", "ReplicationController", "StatefulSet", "DaemonSet", "Job", "CronJob"} {
		kinds = append(kinds, events.Kind{Reason: "FailedCreate", Object: owner})
	}
	return kinds
}

// PodStartKinds are the warnings that tell why a pod has no sandbox.
func PodStartKinds() []events.Kind {
	return []events.Kind{
		{Reason: "FailedMount", Object: "Pod"},
		{Reason: "FailedAttachVolume", Object: "Pod"},
		{Reason: "NetworkNotReady", Object: "Pod"},
		{Reason: "FailedCreatePodSandBox", Object: "Pod"},
		// That the cgroup of the pod is not made.
		{Reason: "FailedCreatePodContainer", Object: "Pod"},
	}
}
