package nodecause

import "strings"

// LeavingTaint tells whether a taint with this key says that the machine is shut
// down, out of service, or about to be removed. Taints that merely make a node a
// candidate for removal are not among them.
func LeavingTaint(key string) bool {
	switch key {
	case "node.cloudprovider.kubernetes.io/shutdown", // cloud controller managers: the instance is off
		"node.kubernetes.io/out-of-service",           // an administrator: the machine is off, its pods may go
		"ToBeDeletedByClusterAutoscaler",              // cluster-autoscaler, as it removes the machine
		"karpenter.sh/disrupted",                      // Karpenter, as it removes the machine
		"cloud.google.com/impending-node-termination": // GKE, before it takes a preemptible machine
		return true
	}
	// aws-node-termination-handler: spot interruptions and maintenance.
	return strings.HasPrefix(key, "aws-node-termination-handler/")
}

// LeavingCondition tells whether a condition of this type, when True, says that
// the machine is shutting down.
func LeavingCondition(kind string) bool { return kind == "GracefulNodeShutdownInProgress" }
