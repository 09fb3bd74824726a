package nodecause

import (
	"strings"

	"github.com/kubevitals/kubevitals/sources"
)

// The signs of a machine that goes which are no taint and no condition.
const (
	// Deletion: the Node is being deleted.
	Deletion = "deletion"
	// CordonedAndOff: somebody cordoned the node, and its host does not answer.
	CordonedAndOff = "cordoned_and_off"
)

// LeavingTaint returns the sign that a taint gives of a machine which is shut down,
// out of service, or about to be removed: its key, without what makes it one of many.
// It returns "" for others, such as those that merely make a node a candidate for
// removal.
func LeavingTaint(key, value string) string {
	switch key {
	case "node.cloudprovider.kubernetes.io/shutdown", // cloud controller managers: the instance is off
		"node.kubernetes.io/out-of-service",           // an administrator: the machine is off, its pods may go
		"ToBeDeletedByClusterAutoscaler",              // cluster-autoscaler, as it removes the machine
		"karpenter.sh/disrupted",                      // Karpenter, as it removes the machine
		"cloud.google.com/impending-node-termination": // GKE, before it takes a preemptible machine
		return key
	case sources.DisruptionTaint: // Karpenter before 1.0, which says by the value whether it removes the machine
		if value == "disrupting" {
			return key
		}
		return ""
	}
	// aws-node-termination-handler: spot interruptions and maintenance.
	if handler, _, ok := strings.Cut(key, "/"); ok && handler == "aws-node-termination-handler" {
		return handler
	}
	return ""
}

// LeavingCondition tells whether a condition of this type, when True, says that
// the machine is shutting down.
func LeavingCondition(kind string) bool { return kind == "GracefulNodeShutdownInProgress" }
