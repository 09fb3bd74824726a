package sources

import (
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/kubevitals/kubevitals/sources/pods"
)

// podFields are what API servers let pods be selected by, as far as it is used.
func podFields(obj runtime.Object) fields.Set {
	pod, ok := obj.(*corev1.Pod)
	if !ok {
		return fields.Set{}
	}
	return fields.Set{"spec.nodeName": pod.Spec.NodeName, "status.phase": string(pod.Status.Phase)}
}

func trimPod(p *corev1.Pod, latest *Latest) runtime.Object {
	kept := &corev1.Pod{ObjectMeta: trimMeta(p.ObjectMeta, latest, componentLabels()...)}
	if len(p.Finalizers) > 0 {
		kept.Finalizers = []string{"kubevitals.io/some"} // that there are any is all that counts
	}
	if owner := metav1.GetControllerOfNoCopy(p); owner != nil {
		kept.OwnerReferences = []metav1.OwnerReference{{UID: owner.UID, Controller: new(true)}} // of those whose pods were refused
	}
	kept.Spec.NodeName, kept.Spec.RestartPolicy, kept.Spec.SchedulerName = p.Spec.NodeName, p.Spec.RestartPolicy, p.Spec.SchedulerName
	if priority := p.Spec.Priority; priority != nil && *priority < 0 {
		kept.Spec.Priority = new(int32(-1)) // that it is negative is all that counts
		if pods.KeepsRoom(p) {
			kept.OwnerReferences[0].Kind = "ReplicaSet"
			kept.Spec.Containers = []corev1.Container{pods.Idle()}
		}
	}
	configMaps, secrets := pods.References(&p.Spec)
	kept.Spec.Volumes = referring(configMaps, secrets)
	if p.Status.PodIP != "" && !p.Spec.HostNetwork {
		kept.Status.PodIP = someAddress
	}
	kept.Status.Phase, kept.Status.StartTime = p.Status.Phase, p.Status.StartTime
	if p.Status.Reason == "Evicted" {
		kept.Status.Reason, kept.Status.Message = p.Status.Reason, pods.EvictionMessage(p.Status.Message)
	}
	if t := p.Status.StartTime; t != nil {
		latest.saw(t.Time)
	}
	for _, c := range p.Status.Conditions {
		latest.saw(c.LastTransitionTime.Time)
		// A condition of somebody else is named as that one likes, and not read.
		if !slices.Contains(podConditions(), c.Type) {
			continue
		}
		condition := corev1.PodCondition{Type: c.Type, Status: c.Status, Reason: c.Reason, LastTransitionTime: c.LastTransitionTime}
		if c.Type == corev1.PodScheduled && c.Status == corev1.ConditionFalse {
			condition.Message = pods.Cut(pods.Scheduling(c.Message))
		}
		kept.Status.Conditions = append(kept.Status.Conditions, condition)
	}
	kept.Status.InitContainerStatuses = trimContainers(p.Status.InitContainerStatuses, latest)
	kept.Status.ContainerStatuses = trimContainers(p.Status.ContainerStatuses, latest)
	return kept
}

// someAddress stands for the address of a pod, of which all that counts is that it has one:
// it is of those that documents may use, and of no network.
const someAddress = "192.0.2.1"

// podConditions are those that collectors read.
func podConditions() []corev1.PodConditionType {
	return []corev1.PodConditionType{corev1.PodScheduled, corev1.PodReadyToStartContainers, corev1.PodInitialized, corev1.PodReady, corev1.DisruptionTarget}
}

// referring are volumes that refer to the objects to which a pod refers in
// whatever way: that is the same to its kubelet.
func referring(configMaps, secrets []string) []corev1.Volume {
	volumes := make([]corev1.Volume, 0, len(configMaps)+len(secrets))
	for _, name := range configMaps {
		source := corev1.VolumeSource{ConfigMap: &corev1.ConfigMapVolumeSource{LocalObjectReference: corev1.LocalObjectReference{Name: name}}}
		volumes = append(volumes, corev1.Volume{Name: fmt.Sprint("v", len(volumes)), VolumeSource: source})
	}
	for _, name := range secrets {
		source := corev1.VolumeSource{Secret: &corev1.SecretVolumeSource{SecretName: name}}
		volumes = append(volumes, corev1.Volume{Name: fmt.Sprint("v", len(volumes)), VolumeSource: source})
	}
	return volumes
}

func trimContainers(list []corev1.ContainerStatus, latest *Latest) []corev1.ContainerStatus {
	var kept []corev1.ContainerStatus
	for _, c := range list {
		kept = append(kept, corev1.ContainerStatus{
			Name: c.Name, Ready: c.Ready, RestartCount: c.RestartCount,
			State: trimState(c.State, latest), LastTerminationState: trimState(c.LastTerminationState, latest),
		})
	}
	return kept
}

func trimState(s corev1.ContainerState, latest *Latest) (kept corev1.ContainerState) {
	if w := s.Waiting; w != nil {
		kept.Waiting = &corev1.ContainerStateWaiting{Reason: w.Reason, Message: pods.Cut(w.Message)}
	}
	if r := s.Running; r != nil {
		latest.saw(r.StartedAt.Time)
		kept.Running = &corev1.ContainerStateRunning{StartedAt: r.StartedAt}
	}
	if t := s.Terminated; t != nil {
		latest.saw(t.FinishedAt.Time)
		kept.Terminated = &corev1.ContainerStateTerminated{Reason: t.Reason, ExitCode: t.ExitCode, StartedAt: t.StartedAt, FinishedAt: t.FinishedAt}
	}
	return kept
}
