package dns

import (
	"sync/atomic"
	"testing"
	"time"

	"github.com/miekg/dns"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"

	"github.com/kubevitals/kubevitals/sources/health"
)

// TestFirstRoundKnowsTheServers verifies that servers which are listed a moment after
// the start are asked then, and not an interval later.
func TestFirstRoundKnowsTheServers(t *testing.T) {
	t.Parallel()
	var looks atomic.Int32
	starting := func() error {
		if looks.Load() < 3 {
			return &health.UnavailableError{State: health.State{Source: "dns_services", Reason: health.Starting}}
		}
		return nil
	}
	service := dnsService(t, serve(t, answer(dns.RcodeSuccess, "kubernetes.default.svc.cluster.local. 5 IN A 10.0.0.1")))
	p := newProber(t, Options{Discover: true, ClusterDomain: "cluster.local", Interval: time.Hour}, Discovery{
		Services: func() ([]*corev1.Service, error) {
			looks.Add(1)
			return []*corev1.Service{service}, starting()
		},
		EndpointSlices: func() ([]*discoveryv1.EndpointSlice, error) { return nil, starting() },
	}, time.Now)
	if !p.Starting() {
		t.Error("not starting before the start")
	}
	go p.Run(t.Context())
	for bound := time.Now().Add(time.Minute); p.Starting(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(bound) {
			t.Fatal("no round within a minute")
		}
	}
	results, err := p.Results()
	if err != nil || len(results) != 1 || results[0].Origin != Service || results[0].Outcome != health.Available {
		t.Errorf("the first round came to %v, %v", results, err)
	}
}

// TestServersOfFlagsDoNotWaitForLists verifies that lists which never come in hold
// up the first round for an interval and no longer.
func TestServersOfFlagsDoNotWaitForLists(t *testing.T) {
	t.Parallel()
	starting := &health.UnavailableError{State: health.State{Source: "dns_services", Reason: health.Starting}}
	o := Options{Discover: true, Servers: []string{serve(t, answer(dns.RcodeNameError))}, ClusterDomain: "cluster.local", Interval: 300 * time.Millisecond}
	p := newProber(t, o, Discovery{
		Services:       func() ([]*corev1.Service, error) { return nil, starting },
		EndpointSlices: func() ([]*discoveryv1.EndpointSlice, error) { return nil, starting },
	}, time.Now)
	begun := time.Now()
	results, err := round(t, p)
	if err != nil || len(results) != 1 || results[0].Origin != Flag || results[0].Outcome != NXDomain {
		t.Errorf("the first round came to %v, %v", results, err)
	}
	if took := time.Since(begun); took < o.Interval {
		t.Errorf("the lists had %s, want %s", took, o.Interval)
	}
}
