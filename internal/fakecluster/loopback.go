package fakecluster

import (
	"context"
	"fmt"

	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
)

const (
	identityLabel = "apiserver.kubernetes.io/identity"
	// peerAddress is where the identity Lease of an API server says its address.
	peerAddress = "kubernetes.io/peer-advertise-address"
)

// onLoopback changes an object of a Spec that says where the API servers of
// the original cluster are, so that no client ever calls those; false drops it.
func (c *Cluster) onLoopback(obj runtime.Object) (runtime.Object, bool) {
	switch o := obj.(type) {
	case *discoveryv1.EndpointSlice:
		return obj, !isAPIServerSlice(o)
	case *coordinationv1.Lease:
		if o.Labels[identityLabel] == "" {
			return obj, true
		}
		o = o.DeepCopy()
		delete(o.Annotations, peerAddress)
		if s, ok := c.apiServer(o.Labels[corev1.LabelHostname]); ok {
			metav1.SetMetaDataAnnotation(&o.ObjectMeta, peerAddress, s.address())
		}
		return o, true
	}
	return obj, true
}

func isAPIServerSlice(s *discoveryv1.EndpointSlice) bool {
	return s.Namespace == metav1.NamespaceDefault && s.Labels[discoveryv1.LabelServiceName] == "kubernetes"
}

// announceAPIServers makes the EndpointSlices of the service kubernetes: one for
// each API server, because a slice has one port and ours all differ. A dead API
// server is not in them, like one that crashed some time ago.
func (c *Cluster) announceAPIServers(ctx context.Context) error {
	for _, s := range c.apiServers {
		if s.state() == Dead {
			continue
		}
		name, protocol, port, ready := "https", corev1.ProtocolTCP, s.number(), true
		err := c.Upsert(ctx, &discoveryv1.EndpointSlice{
			ObjectMeta: metav1.ObjectMeta{
				Name: "kubernetes-" + s.Name, Namespace: metav1.NamespaceDefault,
				Labels: map[string]string{discoveryv1.LabelServiceName: "kubernetes"},
			},
			AddressType: discoveryv1.AddressTypeIPv4,
			Endpoints: []discoveryv1.Endpoint{{
				Addresses: []string{Loopback}, Conditions: discoveryv1.EndpointConditions{Ready: &ready},
			}},
			Ports: []discoveryv1.EndpointPort{{Name: &name, Protocol: &protocol, Port: &port}},
		})
		if err != nil {
			return fmt.Errorf("announce API server %s: %w", s.Name, err)
		}
	}
	return nil
}
