package kubelet

import (
	"fmt"
	"net"
	"strconv"

	corev1 "k8s.io/api/core/v1"

	"github.com/kubevitals/kubevitals/sources/health"
)

// target is where one kubelet is to be found.
type target struct {
	node string
	// host is host:port; empty when err says why there is none.
	host string
	err  error
	// keep leaves the connection open, for a request right after.
	keep bool
}

// targetOf picks the node's address of the best kind.
func targetOf(node *corev1.Node, preferred []corev1.NodeAddressType, port int) target {
	if port == 0 {
		port = int(node.Status.DaemonEndpoints.KubeletEndpoint.Port)
	}
	if port == 0 {
		port = DefaultPort
	}
	for _, kind := range preferred {
		for _, a := range node.Status.Addresses {
			if a.Type == kind && a.Address != "" {
				return target{node: node.Name, host: net.JoinHostPort(a.Address, strconv.Itoa(port))}
			}
		}
	}
	return target{node: node.Name, err: &answerError{
		reason: health.Unreachable,
		err:    fmt.Errorf("the node has no address of the types %v", preferred),
	}}
}
