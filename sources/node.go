package sources

import (
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime"
)

// ConditionOf returns the condition of that kind; nil if the node has none.
func ConditionOf(node *corev1.Node, kind corev1.NodeConditionType) *corev1.NodeCondition {
	for i := range node.Status.Conditions {
		if c := &node.Status.Conditions[i]; c.Type == kind {
			return c
		}
	}
	return nil
}

// stripNode takes what makes up much of a node's size.
func stripNode(obj runtime.Object) {
	if node, ok := obj.(*corev1.Node); ok {
		node.Annotations = nil
		node.Status.Images = nil
		node.Status.VolumesInUse, node.Status.VolumesAttached = nil, nil
	}
}
