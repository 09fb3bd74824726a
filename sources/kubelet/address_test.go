package kubelet

import (
	"testing"

	corev1 "k8s.io/api/core/v1"
)

func TestTargetOf(t *testing.T) {
	t.Parallel()
	full := node("n")
	full.Status.Addresses = []corev1.NodeAddress{
		{Type: corev1.NodeHostName, Address: "host"},
		{Type: corev1.NodeInternalIP, Address: ""},
		{Type: corev1.NodeInternalIP, Address: "fd00::1"},
		{Type: corev1.NodeInternalIP, Address: "10.0.0.1"},
	}
	own := full.DeepCopy()
	own.Status.DaemonEndpoints.KubeletEndpoint.Port = 10999
	for _, test := range []struct {
		name      string
		node      *corev1.Node
		preferred []corev1.NodeAddressType
		port      int
		want      string
	}{
		{"first of the best kind", full, []corev1.NodeAddressType{corev1.NodeExternalIP, corev1.NodeInternalIP, corev1.NodeHostName}, 0, "[fd00::1]:10250"},
		{"another kind", full, []corev1.NodeAddressType{corev1.NodeHostName, corev1.NodeInternalIP}, 0, "host:10250"},
		{"the node's own port", own, []corev1.NodeAddressType{corev1.NodeHostName}, 0, "host:10999"},
		{"a port for all", own, []corev1.NodeAddressType{corev1.NodeHostName}, 1234, "host:1234"},
		{"none of the kind", full, []corev1.NodeAddressType{corev1.NodeExternalDNS}, 0, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			got := targetOf(test.node, test.preferred, test.port)
			if got.host != test.want || (got.err != nil) != (test.want == "") {
				t.Errorf("got %+v, want %q", got, test.want)
			}
		})
	}
}
