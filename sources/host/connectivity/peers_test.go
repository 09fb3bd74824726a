package connectivity

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

func TestReadPeers(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "peers")
	write := func(text string) {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("# all agents\nn1 node 10.0.0.1:9897 east # the first\n\nn1 pod [fd00::1]:9897\n")
	got, err := ReadPeers(file)
	want := []Peer{{"n1", NodeNetwork, "10.0.0.1:9897", "east"}, {"n1", PodNetwork, "[fd00::1]:9897", ""}}
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("%v\n%s", err, diff)
	}
	for _, bad := range []string{"n1 node", "n1 host 10.0.0.1:9897", "n1 node 10.0.0.1", "n1 node 10.0.0.1:1 a b"} {
		write(bad + "\n")
		if _, err := ReadPeers(file); err == nil || !strings.Contains(err.Error(), ":1:") {
			t.Errorf("%q: %v", bad, err)
		}
	}
}

func TestPeersOf(t *testing.T) {
	t.Parallel()
	slice := func(service string, addresses ...discoveryv1.Endpoint) discoveryv1.EndpointSlice {
		port, protocol := int32(9897), corev1.ProtocolTCP
		return discoveryv1.EndpointSlice{
			ObjectMeta: metav1.ObjectMeta{Labels: map[string]string{discoveryv1.LabelServiceName: service}},
			Endpoints:  addresses, Ports: []discoveryv1.EndpointPort{{Name: new("metrics"), Port: new(int32(1))}, {Name: new(portName), Port: &port, Protocol: &protocol}},
		}
	}
	at := func(node, address string) discoveryv1.Endpoint {
		return discoveryv1.Endpoint{NodeName: new(node), Addresses: []string{address}, Zone: new("z")}
	}
	leaving := at("n2", "10.0.0.9")
	leaving.Conditions.Terminating = new(true)
	got := PeersOf([]discoveryv1.EndpointSlice{
		slice(NodeService, at("n2", "10.0.0.2"), leaving, at("n1", "10.0.0.1"), discoveryv1.Endpoint{Addresses: []string{"10.0.0.7"}}),
		slice(NodeService, at("n1", "fd00::1")),
		slice(PodService, at("n1", "10.1.0.1")),
		slice("kubernetes", at("n1", "10.2.0.1")),
	})
	want := []Peer{
		{"n1", NodeNetwork, "10.0.0.1:9897", "z"}, {"n1", PodNetwork, "10.1.0.1:9897", "z"}, {"n2", NodeNetwork, "10.0.0.2:9897", "z"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
