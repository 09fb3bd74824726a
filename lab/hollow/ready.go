package hollow

import corev1 "k8s.io/api/core/v1"

// readyWhileRunning calls each container started and ready that runs, and no other.
func readyWhileRunning(status *corev1.PodStatus) {
	for i := range status.ContainerStatuses {
		c := &status.ContainerStatuses[i]
		running := c.State.Running != nil
		c.Started, c.Ready = &running, running
	}
}
