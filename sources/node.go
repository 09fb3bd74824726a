package sources

import (
	corev1 "k8s.io/api/core/v1"

	"github.com/kubevitals/kubevitals/sources/health"
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

func trimNode(obj any) (*corev1.Node, error) {
	node, err := health.Trim[*corev1.Node](obj)
	if err != nil {
		return nil, err
	}
	node.Annotations = nil
	node.Status.Images = nil
	node.Status.VolumesInUse, node.Status.VolumesAttached = nil, nil
	return node, nil
}
