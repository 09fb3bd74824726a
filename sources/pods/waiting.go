package pods

import (
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
)

// Waiting says what a pending pod waits for. The set is closed.
type Waiting uint8

// What a pending pod can wait for, in the order in which it goes through them.
const (
	NotWaiting     Waiting = iota // the pod is not pending
	NoScheduler                   // no scheduler has looked at it
	Gated                         // its owner holds it back with scheduling gates
	Unschedulable                 // no node fits
	LowPriority                   // no node fits, which its negative priority says is less urgent
	Placeholder                   // no node fits a pod that does nothing but keep room
	SchedulerError                // the scheduler failed over it
	Unbound                       // a claim of a volume of it is not bound
	NotPickedUp                   // scheduled, and its kubelet has not begun
	Sandbox                       // volumes are mounted, and the sandbox and its network are made
	Creating                      // the same or an image: its kubelet, older than 1.29, does not tell which
	Image                         // an image cannot be pulled
	ContainerSetup                // its ConfigMap, Secret or command does not fit: the container cannot be made
	InitFailing                   // an init container keeps failing
	Initializing                  // init containers run
	Starting                      // its containers are about to start
)

// waitings are the names, by value.
func waitings() [16]string {
	return [...]string{
		"", "no_scheduler", "gated", "unschedulable", "low_priority", "placeholder", "scheduler_error", "unbound", "not_picked_up",
		"sandbox", "creating", "image", "container_setup", "init_failing", "initializing", "starting",
	}
}

// String returns the name, as metrics bear it.
func (w Waiting) String() string { return waitings()[w] }

// waitingOf tells what a pod waits for and since when.
func waitingOf(pod *corev1.Pod) (Waiting, time.Time) {
	if pod.Status.Phase != corev1.PodPending {
		return NotWaiting, time.Time{}
	}
	created := pod.CreationTimestamp.Time
	scheduled := condition(pod, corev1.PodScheduled)
	if pod.Spec.NodeName == "" {
		w := unscheduled(scheduled)
		if p := pod.Spec.Priority; (w == Unschedulable || w == Unbound) && p != nil && *p < 0 {
			w = ofLowPriority(pod)
		}
		return w, created
	}
	since := created
	if scheduled != nil && scheduled.LastTransitionTime.After(since) {
		since = scheduled.LastTransitionTime.Time
	}
	w := onNode(pod)
	// Init containers take what they take, and run again when the machine of a pod has been
	// started again, which may have run well for long before.
	if c := condition(pod, corev1.PodInitialized); c != nil && c.LastTransitionTime.After(since) &&
		(c.Status == corev1.ConditionFalse || w == Starting) {
		since = c.LastTransitionTime.Time
	}
	return w, since
}

// schedulerOf is the scheduler that a pod waits for, unless it is the default one.
func schedulerOf(pod *corev1.Pod, w Waiting) string {
	if w != NoScheduler || pod.Spec.SchedulerName == corev1.DefaultSchedulerName {
		return ""
	}
	return pod.Spec.SchedulerName
}

func unscheduled(c *corev1.PodCondition) Waiting {
	if c == nil || c.Status == corev1.ConditionTrue {
		return NoScheduler
	}
	switch c.Reason {
	case corev1.PodReasonSchedulingGated:
		return Gated
	case corev1.PodReasonSchedulerError:
		if strings.Contains(c.Message, bindingVolumes) {
			return Unbound
		}
		return SchedulerError
	}
	if strings.Contains(c.Message, unboundClaims) {
		return Unbound
	}
	return Unschedulable
}

// What schedulers say of a pod one of whose claims has no volume: that it is to have one at
// once, or that none came in time when a node was found for it.
const (
	unboundClaims  = "unbound immediate PersistentVolumeClaims"
	bindingVolumes = "binding volumes: "
)

// Essence is what is left of what a scheduler says of a pod where no name may be: that a claim
// of it has no volume, or nothing.
func Essence(scheduling string) string {
	for _, phrase := range []string{unboundClaims, bindingVolumes} {
		if strings.Contains(scheduling, phrase) {
			return phrase
		}
	}
	return ""
}

// onNode reads what the kubelet says of a pod that it was given.
func onNode(pod *corev1.Pod) Waiting {
	status := &pod.Status
	if status.StartTime == nil && len(status.InitContainerStatuses)+len(status.ContainerStatuses) == 0 {
		return NotPickedUp
	}
	if w := ofContainers(status); w != NotWaiting {
		return w
	}
	sandbox := condition(pod, corev1.PodReadyToStartContainers)
	if sandbox != nil && sandbox.Status == corev1.ConditionFalse {
		return Sandbox
	}
	if sandbox == nil && !begun(status) && !addressed(pod) {
		return Creating
	}
	for _, c := range status.InitContainerStatuses {
		// The kubelet reports CrashLoopBackOff up to a minute and a half later.
		if c.State.Terminated != nil && c.State.Terminated.ExitCode != 0 && c.RestartCount > 0 {
			return InitFailing
		}
		if c.State.Running != nil || c.State.Terminated != nil && c.State.Terminated.ExitCode != 0 {
			return Initializing
		}
	}
	return Starting
}

// ofContainers is the first reason that a kubelet gives for a container that waits.
func ofContainers(status *corev1.PodStatus) Waiting {
	for _, c := range status.InitContainerStatuses {
		if w := ofContainer(&c); w != NotWaiting {
			return w
		}
	}
	for _, c := range status.ContainerStatuses {
		// One of these that fails has started: what keeps its pod pending is another.
		if w := ofContainer(&c); w != NotWaiting && w != InitFailing {
			return w
		}
	}
	return NotWaiting
}

// LacksImage tells whether a container waits for an image that cannot be pulled.
func LacksImage(c corev1.ContainerStatus) bool { return ofContainer(&c) == Image }

func ofContainer(c *corev1.ContainerStatus) Waiting {
	if c.State.Waiting == nil {
		return NotWaiting
	}
	return ofReason(c.State.Waiting.Reason)
}

// addressed tells whether a pod has an address of its own, which it gets with its sandbox.
// One in the network of its node has that of the node from the beginning.
func addressed(pod *corev1.Pod) bool { return pod.Status.PodIP != "" && !pod.Spec.HostNetwork }

// begun tells whether any container has run, which proves that there is a sandbox.
func begun(status *corev1.PodStatus) bool {
	for _, list := range [][]corev1.ContainerStatus{status.InitContainerStatuses, status.ContainerStatuses} {
		for _, c := range list {
			if c.State.Waiting == nil && c.State != (corev1.ContainerState{}) || c.RestartCount > 0 {
				return true
			}
		}
	}
	return false
}

// anyRuns tells whether a container runs, init containers and sidecars among them.
func anyRuns(status *corev1.PodStatus) bool {
	runs := func(c corev1.ContainerStatus) bool { return c.State.Running != nil }
	return slices.ContainsFunc(status.ContainerStatuses, runs) || slices.ContainsFunc(status.InitContainerStatuses, runs)
}

// ofReason sorts the reasons that a kubelet gives for a container that waits.
// ContainerCreating and PodInitializing say nothing.
func ofReason(reason string) Waiting {
	switch reason {
	case "ErrImagePull", "ImagePullBackOff", "ErrImageNeverPull", "InvalidImageName", "ImageInspectError",
		"RegistryUnavailable", "SignatureValidationFailed":
		return Image
	case "CreateContainerConfigError", "CreateContainerError", "RunContainerError", "PreCreateHookError",
		"PreStartHookError", "PostStartHookError":
		return ContainerSetup
	case "CrashLoopBackOff":
		return InitFailing
	}
	return NotWaiting
}

func condition(pod *corev1.Pod, kind corev1.PodConditionType) *corev1.PodCondition {
	for i := range pod.Status.Conditions {
		if c := &pod.Status.Conditions[i]; c.Type == kind {
			return c
		}
	}
	return nil
}
