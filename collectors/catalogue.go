package collectors

// Catalogue lists every failure mode, in reading order. Each call returns fresh
// definitions, whose flags keep their values to themselves.
func Catalogue() []Definition {
	return []Definition{
		APIServer(),
		StaleReads(),
		Etcd(),
		WatchStreams(),
		MetricCardinality(),
		Autoscaling(),
		NodeReadiness(),
		NodeDegraded(),
		Certificates(),
		NodeClock(),
		KubeletRestarts(),
		NodeAllocatable(),
		NodeDisk(),
		DNS(),
		AddonHealth(),
		ComponentLogs(),
		ControlPlaneLeases(),
		TerminatingPods(),
		PendingPods(),
		MetricsAPI(),
		Events(),
		Conntrack(),
		ContainerRuntime(),
		KubeProxy(),
		NodeDNS(),
		NodeAPIServer(),
		Inotify(),
		Cgroups(),
		Filesystem(),
		Connectivity(),
		AggregatedAPI(),
		TerminatingNamespaces(),
		PodCreation(),
		AdmissionWebhooks(),
	}
}
