package sources

import (
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
)

// Hold is why a namespace that is being deleted still exists. The set is closed, and in
// the order in which the namespace controller comes to each: what comes later is not
// even looked at while an earlier one holds.
type Hold string

// What holds a namespace.
const (
	HeldByDiscovery  Hold = "discovery"     // an API cannot be asked what there is of it
	HeldByDeletion   Hold = "deletion"      // what is in it cannot be deleted: the API refuses
	HeldByFinalizers Hold = "finalizers"    // a finalizer of something in it
	HeldByContent    Hold = "content"       // something in it that has not ended yet
	HeldByItself     Hold = "own_finalizer" // a finalizer of the namespace itself
	HeldByNone       Hold = "unknown"       // no condition says why: the controller has not looked
)

// Holds are all that there are.
func Holds() []Hold {
	return []Hold{HeldByDiscovery, HeldByDeletion, HeldByFinalizers, HeldByContent, HeldByItself, HeldByNone}
}

// Namespace is what is kept of a namespace.
type Namespace struct {
	Name   string
	Labels map[string]string
	// Deletion is when it was deleted; zero unless it is terminating.
	Deletion time.Time
	// Hold is empty unless it is terminating, and Message is what the namespace controller
	// says of it, cut.
	Hold    Hold
	Message string
}

// namespaceHolds are the conditions that the namespace controller sets, in its order.
func namespaceHolds() []struct {
	condition corev1.NamespaceConditionType
	hold      Hold
} {
	return []struct {
		condition corev1.NamespaceConditionType
		hold      Hold
	}{
		{corev1.NamespaceDeletionDiscoveryFailure, HeldByDiscovery},
		{corev1.NamespaceDeletionGVParsingFailure, HeldByDiscovery},
		{corev1.NamespaceDeletionContentFailure, HeldByDeletion},
		{corev1.NamespaceFinalizersRemaining, HeldByFinalizers},
		{corev1.NamespaceContentRemaining, HeldByContent},
	}
}

func namespaceOf(obj any) (Namespace, error) {
	n, ok := obj.(*corev1.Namespace)
	if !ok {
		return Namespace{}, fmt.Errorf("unexpected type %T", obj)
	}
	kept := Namespace{Name: n.Name, Labels: n.Labels}
	if n.DeletionTimestamp == nil {
		return kept, nil
	}
	kept.Deletion = n.DeletionTimestamp.Time
	kept.Hold, kept.Message = holdOf(n)
	return kept, nil
}

// holdOf is the first thing that must be mended before the namespace can go.
func holdOf(n *corev1.Namespace) (Hold, string) {
	for _, known := range namespaceHolds() {
		for _, c := range n.Status.Conditions {
			if c.Type == known.condition && c.Status == corev1.ConditionTrue {
				return known.hold, cutMessage(c.Message)
			}
		}
	}
	if len(n.Finalizers) > 0 {
		return HeldByItself, ""
	}
	for _, f := range n.Spec.Finalizers {
		if f != corev1.FinalizerKubernetes {
			return HeldByItself, ""
		}
	}
	return HeldByNone, ""
}
