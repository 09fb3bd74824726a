package apiserver

import (
	"errors"
	"log/slog"
	"net"
	"testing"
	"time"

	coordinationv1 "k8s.io/api/coordination/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

func lease(address string) *coordinationv1.Lease {
	renewed := metav1.NewMicroTime(time.Unix(500, 0))
	return &coordinationv1.Lease{
		ObjectMeta: metav1.ObjectMeta{
			Name: "apiserver-x", Labels: map[string]string{identityLabel: "kube-apiserver", hostnameLabel: "control-2"},
			Annotations: map[string]string{peerAddressAnnotation: address},
		},
		Spec: coordinationv1.LeaseSpec{RenewTime: &renewed},
	}
}

func slice(t *testing.T, address string) *discoveryv1.EndpointSlice {
	t.Helper()
	tcp, err := net.ResolveTCPAddr("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	name, port := "https", int32(tcp.Port)
	return &discoveryv1.EndpointSlice{
		Ports:     []discoveryv1.EndpointPort{{Name: &name, Port: &port}},
		Endpoints: []discoveryv1.Endpoint{{Addresses: []string{tcp.IP.String()}}},
	}
}

func TestDiscovery(t *testing.T) {
	t.Parallel()
	main, second := newServer(t, healthy), newServer(t, healthy)
	now := time.Unix(1000, 0)
	slices, leases := []*discoveryv1.EndpointSlice{slice(t, second.address())}, []*coordinationv1.Lease{lease(second.address())}
	var down error
	p, err := New(Options{Endpoints: []string{"127.0.0.1:1"}}, main.config(), Discovery{
		EndpointSlices: func() ([]*discoveryv1.EndpointSlice, error) { return slices, down },
		Leases:         func() ([]*coordinationv1.Lease, error) { return leases, down },
	}, slog.New(slog.DiscardHandler), func() time.Time { return now })
	if err != nil {
		t.Fatal(err)
	}
	find := func(address string) *Result {
		for _, r := range round(t, p) {
			if r.Server == address {
				return &r
			}
		}
		return nil
	}
	// httptest's certificates name 127.0.0.1, so the found one verifies by address.
	r := find(second.address())
	if r == nil || !r.Up || len(r.Origins) != 2 {
		t.Fatalf("the second server: %+v", r)
	}
	if got := p.Leases(); len(got) != 1 || got[0].Hostname != "control-2" || got[0].Server != second.address() {
		t.Errorf("leases: %+v", got)
	}
	if r := find("127.0.0.1:1"); r == nil || r.Up {
		t.Errorf("the server of the flag: %+v", r)
	}
	// While nothing can be read, what was known is probed, however long.
	down = errors.New("the API server is dead")
	now = now.Add(10 * time.Minute)
	if find(second.address()) == nil {
		t.Error("a server is forgotten because its announcement cannot be read")
	}
	// What is announced no more is forgotten after a while.
	down, slices, leases = nil, nil, nil
	if find(second.address()) == nil {
		t.Error("a server is forgotten at once")
	}
	now = now.Add(2 * forgetAfter)
	if find(second.address()) != nil {
		t.Error("a server that is not announced any more is still probed")
	}
	if find(main.address()) == nil || find("127.0.0.1:1") == nil {
		t.Error("a configured server was forgotten")
	}
}

// TestTooManyAnnounceThemselves verifies that whoever writes EndpointSlices neither decides
// how many servers are probed nor keeps away those that are some.
func TestTooManyAnnounceThemselves(t *testing.T) {
	t.Parallel()
	main, second := newServer(t, healthy), newServer(t, healthy)
	many := slice(t, "127.0.0.1:9")
	many.Name = "a-flood"
	for n := range 1000 {
		many.Endpoints = append(many.Endpoints, discoveryv1.Endpoint{Addresses: []string{net.IPv4(127, 9, byte(n/250), byte(1+n%250)).String()}})
	}
	own := slice(t, second.address())
	own.Name = "kubernetes"
	now := time.Unix(1000, 0)
	announced := []*discoveryv1.EndpointSlice{many, own}
	p, err := New(Options{Timeout: time.Second}, main.config(), Discovery{
		EndpointSlices: func() ([]*discoveryv1.EndpointSlice, error) { return announced, nil },
		Leases:         func() ([]*coordinationv1.Lease, error) { return nil, nil },
	}, slog.New(slog.DiscardHandler), func() time.Time { return now })
	if err != nil {
		t.Fatal(err)
	}
	results := round(t, p)
	up := map[string]bool{}
	for _, r := range results {
		up[r.Server] = r.Up
	}
	if len(results) != mostServers || !up[main.address()] || !up[second.address()] {
		t.Errorf("%d servers are probed, and those that run are up: %t, %t", len(results), up[main.address()], up[second.address()])
	}
	if got, want := p.LeftOut(), 1002-(mostServers-1); got != want {
		t.Errorf("%d are left out, want %d", got, want)
	}
	// What stays away makes room.
	announced = announced[1:]
	now = now.Add(2 * forgetAfter)
	if results := round(t, p); len(results) != 2 || p.LeftOut() != 0 {
		t.Errorf("%d servers and %d left out after the flood", len(results), p.LeftOut())
	}
}
