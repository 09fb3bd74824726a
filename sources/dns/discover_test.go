package dns

import (
	"fmt"
	"testing"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
)

func TestEndpointTargets(t *testing.T) {
	t.Parallel()
	slice := dnsSlice(t, "127.0.0.1:53")
	slice.Endpoints = []discoveryv1.Endpoint{
		{Addresses: []string{"10.0.0.1"}, NodeName: new("node-1"), Conditions: discoveryv1.EndpointConditions{Ready: new(true)}},
		{Addresses: []string{"10.0.0.2"}, NodeName: new("node-2"), Conditions: discoveryv1.EndpointConditions{Ready: new(false)}},
		{Addresses: []string{"fd00::3"}},
	}
	// Two Services share the servers, as with a DNS cache on each node.
	targets, count := endpointTargets([]*discoveryv1.EndpointSlice{slice, slice})
	if count != (Endpoints{Ready: 2, NotReady: 1}) {
		t.Errorf("count %+v", count)
	}
	want := []target{{Endpoint, "node-1", "10.0.0.1:53"}, {Endpoint, "[fd00::3]:53", "[fd00::3]:53"}}
	if fmt.Sprint(targets) != fmt.Sprint(want) {
		t.Errorf("targets %v, want %v", targets, want)
	}
}

func TestEndpointsAreBounded(t *testing.T) {
	t.Parallel()
	slice := dnsSlice(t, "127.0.0.1:53")
	slice.Endpoints = nil
	for i := range maxEndpoints + 7 {
		slice.Endpoints = append(slice.Endpoints, discoveryv1.Endpoint{Addresses: []string{fmt.Sprintf("10.0.0.%d", i)}})
	}
	targets, count := endpointTargets([]*discoveryv1.EndpointSlice{slice})
	if len(targets) != maxEndpoints || count.LeftOut != 7 || count.Ready != maxEndpoints+7 {
		t.Errorf("%d targets, count %+v", len(targets), count)
	}
}

func TestServiceTargets(t *testing.T) {
	t.Parallel()
	both := dnsService(t, "10.96.0.10:53")
	both.Spec.ClusterIPs = []string{"10.96.0.10", "fd00::a"}
	headless := dnsService(t, "10.96.0.11:53")
	headless.Spec.ClusterIPs = []string{corev1.ClusterIPNone}
	got := serviceTargets([]*corev1.Service{both, headless})
	want := []target{{Service, "kube-dns", "10.96.0.10:53"}, {Service, "kube-dns", "[fd00::a]:53"}}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("targets %v, want %v", got, want)
	}
}
