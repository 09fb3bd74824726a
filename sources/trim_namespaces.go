package sources

import (
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime"
)

// trimNamespace keeps of a namespace its labels, which webhooks select it by, and whether
// and why it does not go.
func trimNamespace(n *corev1.Namespace, latest *Latest) runtime.Object {
	kept := &corev1.Namespace{ObjectMeta: trimMeta(n.ObjectMeta, latest)}
	kept.Labels = n.Labels
	if n.DeletionTimestamp == nil {
		return kept
	}
	latest.saw(n.DeletionTimestamp.Time)
	if len(n.Finalizers) > 0 {
		kept.Finalizers = []string{someCondition} // that there are any is all that counts
	}
	for _, f := range n.Spec.Finalizers {
		if f != corev1.FinalizerKubernetes {
			f = someCondition
		}
		if !slices.Contains(kept.Spec.Finalizers, f) {
			kept.Spec.Finalizers = append(kept.Spec.Finalizers, f)
		}
	}
	for _, c := range n.Status.Conditions {
		latest.saw(c.LastTransitionTime.Time)
		kept.Status.Conditions = append(kept.Status.Conditions, corev1.NamespaceCondition{
			Type: c.Type, Status: c.Status, Reason: c.Reason, Message: cutMessage(c.Message), LastTransitionTime: c.LastTransitionTime,
		})
	}
	return kept
}

func redactNamespace(n *corev1.Namespace, names Names) {
	redactMeta(n, "ns", names)
	n.Labels = redactAnyLabels(n.Labels, names)
	for i := range n.Status.Conditions {
		n.Status.Conditions[i].Message = "" // it names APIs, objects and finalizers
	}
}

// cutMessage is a copy of a message, of bounded length.
func cutMessage(message string) string {
	if len(message) > mostMessage {
		message = strings.ToValidUTF8(message[:mostMessage], "") + "…"
	}
	return strings.Clone(message)
}
