package main

import (
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
)

// troubles are the states of pods that signals tell apart. What a node can have
// of them, every node of a sick fleet has.
func troubles() []func(*corev1.Pod) {
	unscheduled := func(reason string) func(*corev1.Pod) {
		return func(p *corev1.Pod) {
			p.Spec.NodeName, p.Status = "", corev1.PodStatus{Phase: corev1.PodPending}
			if reason != "" {
				p.Status.Conditions = []corev1.PodCondition{{Type: corev1.PodScheduled, Status: corev1.ConditionFalse, Reason: reason}}
			}
		}
	}
	pending := func(change func(*corev1.PodStatus)) func(*corev1.Pod) {
		return func(p *corev1.Pod) {
			start := p.Status.StartTime
			p.Status = corev1.PodStatus{Phase: corev1.PodPending, StartTime: start}
			change(&p.Status)
		}
	}
	waits := func(reason string) func(*corev1.Pod) {
		return pending(func(s *corev1.PodStatus) {
			s.ContainerStatuses = []corev1.ContainerStatus{{State: corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: reason}}}}
		})
	}
	deleted := func(p *corev1.Pod) {
		at := metav1.NewTime(p.Status.StartTime.Add(time.Minute))
		p.DeletionTimestamp = &at
	}
	return []func(*corev1.Pod){
		unscheduled(""), unscheduled("Unschedulable"), unscheduled("SchedulingGated"), unscheduled("SchedulerError"),
		pending(func(s *corev1.PodStatus) { s.StartTime = nil }),
		pending(func(s *corev1.PodStatus) {
			s.Conditions = []corev1.PodCondition{{Type: corev1.PodReadyToStartContainers, Status: corev1.ConditionFalse}}
		}),
		waits("ImagePullBackOff"), waits("CreateContainerConfigError"),
		func(p *corev1.Pod) {
			waits("CrashLoopBackOff")(p)
			p.Status.InitContainerStatuses, p.Status.ContainerStatuses = p.Status.ContainerStatuses, nil
		},
		func(p *corev1.Pod) {
			waits("ContainerCreating")(p)
			p.Status.Conditions = []corev1.PodCondition{{Type: corev1.PodReadyToStartContainers, Status: corev1.ConditionTrue}}
		},
		deleted,
		func(p *corev1.Pod) {
			deleted(p)
			p.Finalizers, p.Status.Phase = []string{"example.com/wait"}, corev1.PodSucceeded
		},
		func(p *corev1.Pod) { deleted(p); p.Spec.NodeName = "" },
	}
}

// sicken puts every second pod of each node into one of the states in turn.
func (f fleet) sicken(i int, p *corev1.Pod) {
	all := troubles()
	p.CreationTimestamp = *p.Status.StartTime
	if turn := i / f.nodes; turn%2 == 0 {
		all[turn/2%len(all)](p)
	}
}

// podEvent is a warning about a pod, of a kubelet.
func podEvent(i int, p *corev1.Pod, now time.Time) runtime.Object {
	reasons := []string{"FailedMount", "FailedCreatePodSandBox", "Evicted", "FailedScheduling", "NodeNotReady"}
	e := event(fmt.Sprintf("pod-%d", i), reasons[i%len(reasons)], now)
	e.Namespace = p.Namespace
	e.InvolvedObject = corev1.ObjectReference{Kind: "Pod", Namespace: p.Namespace, Name: p.Name, UID: p.UID}
	e.Source.Host = p.Spec.NodeName
	return e
}

// nodeEvents are all warnings of a kubelet about its node, on every node.
func (f fleet) nodeEvents(now time.Time) []runtime.Object {
	reasons := []string{
		"FailedNodeAllocatableEnforcement", "EvictionThresholdMet", "FreeDiskSpaceFailed", "ImageGCFailed", "ContainerGCFailed",
		"InvalidDiskCapacity", "SystemOOM", "Rebooted", "KubeletSetupFailed", "CgroupV1", "CheckLimitsForResolvConf", "MissingClusterDNS",
	}
	var events []runtime.Object
	for i := range f.nodes {
		for _, reason := range append(reasons, "Starting") {
			e := event(fmt.Sprintf("node-%d-%s", i, reason), reason, now)
			e.Namespace, e.Source.Host = metav1.NamespaceDefault, nodeName(i)
			e.InvolvedObject = corev1.ObjectReference{Kind: "Node", Name: nodeName(i), UID: "node"}
			if reason == "Starting" {
				e.Type = corev1.EventTypeNormal
			}
			events = append(events, e)
		}
	}
	return events
}

func event(name, reason string, now time.Time) *corev1.Event {
	return &corev1.Event{
		ObjectMeta: metav1.ObjectMeta{Name: name},
		Reason:     reason, Type: corev1.EventTypeWarning, Count: 1,
		FirstTimestamp: metav1.NewTime(now), LastTimestamp: metav1.NewTime(now),
		Source: corev1.EventSource{Component: "kubelet"},
	}
}
