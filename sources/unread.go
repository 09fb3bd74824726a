package sources

// unreadOfNodes are what makes up much of a node's size.
func unreadOfNodes() []string {
	return []string{"metadata.annotations", "status.images", "status.volumesInUse", "status.volumesAttached"}
}

// unreadOfDeployments is all but the labels of the pods that they make.
func unreadOfDeployments() []string {
	return []string{"metadata.annotations", "spec.selector", "spec.strategy", "spec.template.spec", "spec.template.metadata.annotations"}
}

// unreadOfPods are what takes long to decode of a pod: of its containers, only what they
// run and refer to is read.
func unreadOfPods() []string {
	all := []string{
		"metadata.annotations",
		"spec.affinity", "spec.tolerations", "spec.securityContext", "spec.nodeSelector", "spec.topologySpreadConstraints",
		"spec.hostAliases", "spec.dnsConfig", "spec.readinessGates",
		"status.podIPs", "status.hostIPs", "status.hostIP", "status.ephemeralContainerStatuses", "status.resourceClaimStatuses",
	}
	for _, containers := range []string{"spec.initContainers.", "spec.containers."} {
		for _, field := range []string{
			"workingDir", "ports", "resources", "resizePolicy", "volumeMounts", "volumeDevices", "livenessProbe", "readinessProbe",
			"startupProbe", "lifecycle", "terminationMessagePath", "terminationMessagePolicy", "imagePullPolicy", "securityContext",
			"env.name", "env.value",
		} {
			all = append(all, containers+field)
		}
	}
	for _, containers := range []string{"status.initContainerStatuses.", "status.containerStatuses."} {
		for _, field := range []string{
			"image", "imageID", "containerID", "allocatedResources", "resources", "volumeMounts", "user", "allocatedResourcesStatus",
		} {
			all = append(all, containers+field)
		}
	}
	return all
}
