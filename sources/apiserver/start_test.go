package apiserver

import (
	"log/slog"
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	coordinationv1 "k8s.io/api/coordination/v1"
	discoveryv1 "k8s.io/api/discovery/v1"

	"github.com/kubevitals/kubevitals/sources/health"
)

// TestServersAreProbedAsSoonAsKnown verifies that a server which announces itself is
// probed when that has been read, and not an interval later; and that the one
// which was known is not probed more often meanwhile.
func TestServersAreProbedAsSoonAsKnown(t *testing.T) {
	t.Parallel()
	var asked, looks atomic.Int32
	main, second := newServer(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/livez" {
			asked.Add(1)
		}
		healthy(w, r)
	}), newServer(t, healthy)
	starting := func() error {
		if looks.Load() < 4 {
			return &health.UnavailableError{State: health.State{Source: "leases", Reason: health.Starting}}
		}
		return nil
	}
	p, err := New(Options{Interval: time.Hour, Timeout: time.Minute}, main.config(), Discovery{
		EndpointSlices: func() ([]*discoveryv1.EndpointSlice, error) { return nil, starting() },
		Leases: func() ([]*coordinationv1.Lease, error) {
			looks.Add(1)
			return []*coordinationv1.Lease{lease(second.address())}, starting()
		},
	}, slog.New(slog.DiscardHandler), time.Now)
	if err != nil {
		t.Fatal(err)
	}
	p.WantMetrics()
	if !p.Starting() {
		t.Error("not starting before the start")
	}
	go p.Run(t.Context())
	for bound := time.Now().Add(time.Minute); p.Starting(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(bound) {
			t.Fatal("not all were probed within a minute")
		}
	}
	results := p.Results()
	if len(results) != 2 {
		t.Fatalf("%d servers, want 2", len(results))
	}
	if n := asked.Load(); n != 1 {
		t.Errorf("the configured server was probed %d times, want once", n)
	}
	for _, r := range results {
		if !r.Up || r.Metrics.Reason != health.Available {
			t.Errorf("%s: up %t, metrics %s", r.Server, r.Up, r.Metrics.Reason)
		}
	}
}
