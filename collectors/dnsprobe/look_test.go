package dnsprobe

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"github.com/miekg/dns"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
)

// TestServersThatCannotBeLookedForYet: what cannot be seen is not taken for
// nothing, and is asked soon after it can be seen.
func TestServersThatCannotBeLookedForYet(t *testing.T) {
	t.Parallel()
	var seen atomic.Bool
	blind := errors.New("the Services were not listed yet")
	unless := func() error {
		if !seen.Load() {
			return blind
		}
		return nil
	}
	server := serve(t, answer(dns.RcodeSuccess))
	d := Discovery{
		Services:       func() ([]*corev1.Service, error) { return []*corev1.Service{dnsService(t, server)}, unless() },
		EndpointSlices: func() ([]*discoveryv1.EndpointSlice, error) { return nil, unless() },
	}
	p := newProber(t, Options{Discover: true, Interval: time.Hour}, d, time.Now)
	p.round(t.Context())
	if results, err := p.Results(); !errors.Is(err, blind) {
		t.Fatalf("results %v, %v: want what is not seen while nothing can be looked for", results, err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	go p.Run(ctx)
	seen.Store(true)
	for {
		if results, err := p.Results(); err == nil && len(results) == 1 {
			return
		}
		select {
		case <-ctx.Done():
			t.Fatal("the server is not asked before the next round, which is an hour away")
		case <-time.After(10 * time.Millisecond):
		}
	}
}
