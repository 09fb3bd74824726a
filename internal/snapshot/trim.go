package snapshot

import (
	"encoding/json"
	"fmt"
	"slices"
	"time"

	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/kubevitals/kubevitals/sources/pods"
)

// What is kept of an object is listed here field by field, for snapshots that are
// read and for those that are recorded: what is not listed leaves no cluster.

// identity is the name of an object.
type identity struct{ Namespace, Name string }

// latestTime is the latest moment that was proved to be past when a snapshot was
// recorded.
type latestTime struct{ time.Time }

func (l *latestTime) saw(times ...time.Time) {
	for _, t := range times {
		if t.After(l.Time) {
			l.Time = t
		}
	}
}

// sawMeta takes the times of metadata, but for the deletion, which may be due.
func (l *latestTime) sawMeta(m metav1.ObjectMeta) {
	l.saw(m.CreationTimestamp.Time)
	for _, f := range m.ManagedFields {
		if f.Time != nil {
			l.saw(f.Time.Time)
		}
	}
}

// into decodes an object and lets trim choose what to keep of it.
func into[T any](raw []byte, latest *latestTime, trim func(*T, *latestTime) runtime.Object) (runtime.Object, identity, error) {
	var head struct {
		metav1.ObjectMeta `json:"metadata"`
	}
	var obj T
	if err := json.Unmarshal(raw, &obj); err != nil {
		return nil, identity{}, err
	}
	if m, ok := any(&obj).(metav1.Object); ok {
		head.Namespace, head.Name = m.GetNamespace(), m.GetName()
	} else if err := json.Unmarshal(raw, &head); err != nil {
		return nil, identity{}, err
	}
	return trim(&obj, latest), identity{head.Namespace, head.Name}, nil
}

// trimMeta keeps who an object is and how old.
func trimMeta(m metav1.ObjectMeta, latest *latestTime, labels ...string) metav1.ObjectMeta {
	latest.sawMeta(m)
	kept := metav1.ObjectMeta{
		Namespace: m.Namespace, Name: m.Name, UID: m.UID,
		CreationTimestamp: m.CreationTimestamp, DeletionTimestamp: m.DeletionTimestamp,
	}
	for _, name := range labels {
		if value, ok := m.Labels[name]; ok {
			metav1.SetMetaDataLabel(&kept, name, value)
		}
	}
	return kept
}

// componentLabels are those by which components are told apart.
func componentLabels() []string {
	return []string{"component", "k8s-app", "app.kubernetes.io/name", "app.kubernetes.io/part-of"}
}

func trimNode(n *corev1.Node, latest *latestTime) runtime.Object {
	kept := &corev1.Node{ObjectMeta: trimMeta(n.ObjectMeta, latest)}
	kept.Spec.Unschedulable = n.Spec.Unschedulable
	for _, t := range n.Spec.Taints {
		kept.Spec.Taints = append(kept.Spec.Taints, corev1.Taint{Key: t.Key, Effect: t.Effect})
	}
	for _, c := range n.Status.Conditions {
		latest.saw(c.LastHeartbeatTime.Time, c.LastTransitionTime.Time)
		if c.Type != corev1.NodeReady {
			c.Message = "" // free text that nobody reads
		}
		kept.Status.Conditions = append(kept.Status.Conditions, c)
	}
	info := n.Status.NodeInfo
	kept.Status.NodeInfo = corev1.NodeSystemInfo{
		KubeletVersion: info.KubeletVersion, OperatingSystem: info.OperatingSystem,
		ContainerRuntimeVersion: info.ContainerRuntimeVersion, KernelVersion: info.KernelVersion,
	}
	kept.Status.Capacity, kept.Status.Allocatable = n.Status.Capacity, n.Status.Allocatable
	kept.Status.DaemonEndpoints = n.Status.DaemonEndpoints
	return kept
}

func trimPod(p *corev1.Pod, latest *latestTime) runtime.Object {
	kept := &corev1.Pod{ObjectMeta: trimMeta(p.ObjectMeta, latest, componentLabels()...)}
	if len(p.Finalizers) > 0 {
		kept.Finalizers = []string{"kubevitals.io/some"} // that there are any is all that counts
	}
	kept.Spec.NodeName, kept.Spec.RestartPolicy = p.Spec.NodeName, p.Spec.RestartPolicy
	configMaps, secrets := pods.References(&p.Spec)
	kept.Spec.Volumes = referring(configMaps, secrets)
	kept.Status.Phase, kept.Status.StartTime = p.Status.Phase, p.Status.StartTime
	if t := p.Status.StartTime; t != nil {
		latest.saw(t.Time)
	}
	for _, c := range p.Status.Conditions {
		latest.saw(c.LastTransitionTime.Time)
		// A condition of somebody else is named as that one likes, and not read.
		if !slices.Contains(podConditions(), c.Type) {
			continue
		}
		kept.Status.Conditions = append(kept.Status.Conditions, corev1.PodCondition{
			Type: c.Type, Status: c.Status, Reason: c.Reason, LastTransitionTime: c.LastTransitionTime,
		})
	}
	kept.Status.InitContainerStatuses = trimContainers(p.Status.InitContainerStatuses, latest)
	kept.Status.ContainerStatuses = trimContainers(p.Status.ContainerStatuses, latest)
	return kept
}

// podConditions are those that collectors read.
func podConditions() []corev1.PodConditionType {
	return []corev1.PodConditionType{corev1.PodScheduled, corev1.PodReadyToStartContainers, corev1.PodReady}
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

func trimContainers(list []corev1.ContainerStatus, latest *latestTime) []corev1.ContainerStatus {
	var kept []corev1.ContainerStatus
	for _, c := range list {
		kept = append(kept, corev1.ContainerStatus{
			Name: c.Name, Ready: c.Ready, RestartCount: c.RestartCount,
			State: trimState(c.State, latest), LastTerminationState: trimState(c.LastTerminationState, latest),
		})
	}
	return kept
}

func trimState(s corev1.ContainerState, latest *latestTime) (kept corev1.ContainerState) {
	if w := s.Waiting; w != nil {
		kept.Waiting = &corev1.ContainerStateWaiting{Reason: w.Reason}
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

func trimLease(l *coordinationv1.Lease, latest *latestTime) runtime.Object {
	kept := &coordinationv1.Lease{ObjectMeta: trimMeta(l.ObjectMeta, latest,
		"apiserver.kubernetes.io/identity", corev1.LabelHostname)}
	s := l.Spec
	if s.RenewTime != nil {
		latest.saw(s.RenewTime.Time)
	}
	kept.Spec = coordinationv1.LeaseSpec{
		LeaseDurationSeconds: s.LeaseDurationSeconds, AcquireTime: s.AcquireTime,
		RenewTime: s.RenewTime, LeaseTransitions: s.LeaseTransitions,
	}
	if holder := "somebody"; s.HolderIdentity != nil && *s.HolderIdentity != "" {
		kept.Spec.HolderIdentity = &holder // that it has a holder is all that counts
	}
	return kept
}

// trimNothing keeps nothing but the proof of time.
func trimNothing(o *metav1.PartialObjectMetadata, latest *latestTime) runtime.Object {
	latest.sawMeta(o.ObjectMeta)
	return nil
}
