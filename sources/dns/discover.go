package dns

import (
	"net"
	"slices"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
)

// The most servers that are asked. Clusters run a handful; one that scales DNS
// with its size still tells what is wrong by those.
const (
	maxEndpoints = 50
	maxServices  = 10
)

// target is one address to ask.
type target struct {
	origin          Origin
	server, address string
}

// serviceTargets are the addresses of the Services that serve DNS over UDP.
func serviceTargets(list []*corev1.Service) []target {
	var targets []target
	for _, service := range list {
		for _, port := range service.Spec.Ports {
			if port.Protocol != corev1.ProtocolUDP {
				continue
			}
			for _, ip := range service.Spec.ClusterIPs {
				if ip != corev1.ClusterIPNone {
					targets = append(targets, target{Service, service.Name, join(ip, port.Port)})
				}
			}
		}
	}
	return distinct(targets)
}

// endpointTargets are the addresses behind the Services, and how many are not
// among them.
func endpointTargets(list []*discoveryv1.EndpointSlice) ([]target, Endpoints) {
	var ready, waiting []target
	for _, slice := range list {
		for _, port := range slice.Ports {
			if port.Port == nil || port.Protocol == nil || *port.Protocol != corev1.ProtocolUDP {
				continue
			}
			for _, endpoint := range slice.Endpoints {
				for _, address := range endpoint.Addresses {
					t := target{Endpoint, join(address, *port.Port), join(address, *port.Port)}
					if endpoint.NodeName != nil && *endpoint.NodeName != "" {
						t.server = *endpoint.NodeName
					}
					// Unknown is to be taken for ready, says the API.
					if endpoint.Conditions.Ready == nil || *endpoint.Conditions.Ready {
						ready = append(ready, t)
					} else {
						waiting = append(waiting, t)
					}
				}
			}
		}
	}
	ready, waiting = distinct(ready), distinct(waiting)
	count := Endpoints{Ready: len(ready), NotReady: len(waiting)}
	if len(ready) > maxEndpoints {
		count.LeftOut = len(ready) - maxEndpoints
		ready = ready[:maxEndpoints]
	}
	return ready, count
}

// distinct sorts the targets and drops those whose address came before: two
// Services may have the same endpoints.
func distinct(targets []target) []target {
	slices.SortFunc(targets, func(a, b target) int {
		return strings.Compare(a.address+" "+a.server, b.address+" "+b.server)
	})
	return slices.CompactFunc(targets, func(a, b target) bool { return a.address == b.address })
}

func join(host string, port int32) string { return net.JoinHostPort(host, strconv.Itoa(int(port))) }
