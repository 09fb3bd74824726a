package sources

import (
	"encoding/json"
	"slices"
	"time"

	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
)

// Trim decodes an object as an API server or a dump writes it, and keeps of it what
// collectors read, field by field: what no Trim lists leaves no cluster. It tells
// latest of all times in the object.
type Trim func(raw []byte, latest *Latest) (Kept, error)

// Kept is what is kept of an object.
type Kept struct {
	Namespace, Name string
	// Version is the resource version; empty where a dump has none.
	Version string
	// Object is nil if nothing is kept.
	Object runtime.Object
}

// Latest is the latest moment that is known to be past.
type Latest struct{ time.Time }

func (l *Latest) saw(times ...time.Time) {
	for _, t := range times {
		if t.After(l.Time) {
			l.Time = t
		}
	}
}

// sawMeta takes the times of metadata, but for the deletion, which may be due.
func (l *Latest) sawMeta(m metav1.ObjectMeta) {
	l.saw(m.CreationTimestamp.Time)
	for _, f := range m.ManagedFields {
		if f.Time != nil {
			l.saw(f.Time.Time)
		}
	}
}

// Trimmed is a Trim of objects of the type T, of which choose makes what is kept;
// nil if that is nothing.
func Trimmed[T any](choose func(*T, *Latest) runtime.Object) Trim {
	return func(raw []byte, latest *Latest) (Kept, error) {
		var obj T
		if err := json.Unmarshal(raw, &obj); err != nil {
			return Kept{}, err
		}
		var head struct {
			metav1.ObjectMeta `json:"metadata"`
		}
		if m, ok := any(&obj).(metav1.Object); ok {
			head.Namespace, head.Name, head.ResourceVersion = m.GetNamespace(), m.GetName(), m.GetResourceVersion()
		} else if err := json.Unmarshal(raw, &head); err != nil {
			return Kept{}, err
		}
		return Kept{head.Namespace, head.Name, head.ResourceVersion, choose(&obj, latest)}, nil
	}
}

// trimMeta keeps who an object is and how old.
func trimMeta(m metav1.ObjectMeta, latest *Latest, labels ...string) metav1.ObjectMeta {
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
	names := append(appLabels(), "component", "app.kubernetes.io/component")
	for _, l := range addonLabels() {
		if !slices.Contains(names, l.name) {
			names = append(names, l.name)
		}
	}
	return names
}

// DisruptionTaint is the key of the one taint whose value collectors read: by it
// Karpenter said before its version 1.0 what it does with a node.
const DisruptionTaint = "karpenter.sh/disruption"

func trimNode(n *corev1.Node, latest *Latest) runtime.Object {
	kept := &corev1.Node{ObjectMeta: trimMeta(n.ObjectMeta, latest)}
	kept.ManagedFields = heartbeatWriter(n.ManagedFields)
	kept.Spec.Unschedulable = n.Spec.Unschedulable
	for _, t := range n.Spec.Taints {
		taint := corev1.Taint{Key: t.Key, Effect: t.Effect, TimeAdded: t.TimeAdded}
		if t.TimeAdded != nil {
			latest.saw(t.TimeAdded.Time)
		}
		if t.Key == DisruptionTaint {
			taint.Value = t.Value // others are free text that no collector reads
		}
		kept.Spec.Taints = append(kept.Spec.Taints, taint)
	}
	for _, c := range n.Status.Conditions {
		latest.saw(c.LastHeartbeatTime.Time, c.LastTransitionTime.Time)
		switch {
		case c.Type == corev1.NodeReady:
		case c.Status == corev1.ConditionTrue:
			c.Message = cutMessage(c.Message) // most often it says what is wrong
		default:
			c.Message = "" // free text that nothing reads
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

// Elections are the Leases of kube-system that collectors read: the elections that
// exist in clusters of all kinds.
func Elections() []string {
	return []string{"kube-controller-manager", "kube-scheduler", "cloud-controller-manager"}
}

func trimLease(l *coordinationv1.Lease, latest *Latest) runtime.Object {
	kept := &coordinationv1.Lease{ObjectMeta: trimMeta(l.ObjectMeta, latest,
		"apiserver.kubernetes.io/identity", corev1.LabelHostname)}
	s := l.Spec
	if s.RenewTime != nil {
		latest.saw(s.RenewTime.Time)
	}
	if l.Namespace == metav1.NamespaceSystem && !slices.Contains(Elections(), l.Name) {
		return nil // somebody else's
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
func trimNothing(o *metav1.PartialObjectMetadata, latest *Latest) runtime.Object {
	latest.sawMeta(o.ObjectMeta)
	return nil
}
