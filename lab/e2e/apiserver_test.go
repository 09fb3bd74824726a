package e2e

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/kubevitals/kubevitals/lab/cluster"
)

// signals are one metric of each collector that depends on the API server.
func signals() []string {
	return []string{
		"watch_streams_objects", "metric_cardinality_series", "metrics_api_registered",
		"node_disk_available_bytes", "control_plane_leases_held", "terminating_pods_terminating", "pending_pods_pods",
		"events_total",
	}
}

func allWell(s samples) error {
	for name, least := range map[string]int{"scrape_collector_success": 10, "source_available": 6} {
		if values := s.all(name); slices.Contains(values, 0) || len(values) < least {
			return fmt.Errorf("%s: %v, want at least %d ones", name, values, least)
		}
	}
	for _, probe := range []string{"livez", "readyz", "read", "write"} {
		if err := s.want(1, "apiserver_probe_result", "probe", probe, "result", "ok"); err != nil {
			return err
		}
	}
	for _, name := range signals() {
		if len(s.all(name)) == 0 {
			return fmt.Errorf("%s: %w", name, errAbsent)
		}
	}
	return s.want(1, "apiserver_up")
}

// blind fails while anything still looks as if it were known.
func blind(s samples) error {
	if err := s.want(0, "apiserver_up"); err != nil {
		return err
	}
	for _, name := range signals() {
		if len(s.all(name)) > 0 {
			return fmt.Errorf("%s is still there", name)
		}
	}
	if values := s.all("source_available"); slices.Contains(values, 1) || len(values) == 0 {
		return fmt.Errorf("sources: %v, want zeros", values)
	}
	return nil
}

// TestAPIServerKilled kills the API server and starts it again, under a
// kubevitals that goes on running.
func TestAPIServerKilled(t *testing.T) {
	shared.vitals.eventually(t, time.Minute, allWell)
	server := shared.Process(cluster.APIServer)
	server.Kill()
	killed := time.Now()
	shared.vitals.eventually(t, time.Minute, func(s samples) error { return s.want(0, "apiserver_up") })
	t.Logf("apiserver_up was 0 after %s", time.Since(killed).Round(100*time.Millisecond))
	shared.vitals.eventually(t, time.Minute, blind)
	t.Logf("every signal was gone after %s", time.Since(killed).Round(100*time.Millisecond))

	shared.vitals.wantAlert(t, 0, "KubeVitalsAPIServerAllDown")
	shared.vitals.wantOneIncident(t, "KubeVitalsAPIServerAllDown")

	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if err := server.Start(ctx); err != nil {
		t.Fatal(err)
	}
	revive(ctx, t)
	started := time.Now()
	shared.vitals.eventually(t, time.Minute, allWell)
	t.Logf("all was well %s after the API server was ready again", time.Since(started).Round(100*time.Millisecond))
}

// revive starts the components that have ended, as a kubelet does: without an API
// server they lose their Leases after ten seconds.
func revive(ctx context.Context, t *testing.T) {
	t.Helper()
	for _, name := range []string{cluster.ControllerManager, cluster.Scheduler} {
		p := shared.Process(name)
		if p.Running() {
			continue
		}
		if err := p.Start(ctx); err != nil {
			t.Error(err)
		}
	}
}

// TestAPIServerHangs stops the API server without ending it: its port stays
// open, and nothing answers.
func TestAPIServerHangs(t *testing.T) {
	shared.vitals.eventually(t, time.Minute, allWell)
	server := shared.Process(cluster.APIServer)
	if err := server.Pause(); err != nil {
		t.Fatal(err)
	}
	shared.vitals.eventually(t, time.Minute, func(s samples) error {
		return errors.Join(
			s.want(0, "apiserver_up"),
			s.want(1, "apiserver_probe_result", "probe", "livez", "result", "timeout"),
		)
	})
	shared.vitals.wantAlert(t, 0, "KubeVitalsAPIServerAllDown")
	shared.vitals.wantOneIncident(t, "KubeVitalsAPIServerAllDown")
	if err := server.Resume(); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	revive(ctx, t)
	shared.vitals.eventually(t, 2*time.Minute, allWell)
}
