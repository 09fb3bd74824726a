package e2e

import (
	"fmt"
	"testing"
	"time"

	"github.com/kubevitals/kubevitals/lab/cluster"
)

// leaseAge is the time since a component renewed its Lease, as the rules see it.
func leaseAge(s samples, component string) (time.Duration, error) {
	renewed := s.all("control_plane_leases_renew_timestamp_seconds", "component", component)
	if len(renewed) != 1 {
		return 0, fmt.Errorf("%s: %d Leases, want one", component, len(renewed))
	}
	return time.Since(time.UnixMilli(int64(renewed[0] * 1000))), nil
}

// leads fails unless the component renews its Lease.
func leads(s samples, component string) error {
	age, err := leaseAge(s, component)
	if err == nil && age > 15*time.Second {
		err = fmt.Errorf("the Lease of %s was renewed %v ago", component, age)
	}
	if err != nil {
		return err
	}
	return s.want(1, "control_plane_leases_held", "component", component)
}

// TestControlPlaneKilled kills what writes the Leases, and asks the API for what
// that means: without a scheduler, a new pod is looked at by no scheduler.
func TestControlPlaneKilled(t *testing.T) {
	both := func(s samples) error {
		if err := leads(s, "kube-controller-manager"); err != nil {
			return err
		}
		return leads(s, "kube-scheduler")
	}
	healthy := shared.vitals.eventually(t, time.Minute, both)
	if n := len(healthy.all("control_plane_leases_held")); n != 2 {
		t.Errorf("%d components, want 2: the lab has no cloud controller manager", n)
	}
	for component, of := range map[string]struct{ process, alert string }{
		"kube-scheduler":          {cluster.Scheduler, "KubeVitalsSchedulerDown"},
		"kube-controller-manager": {cluster.ControllerManager, "KubeVitalsControllerManagerDown"},
	} {
		t.Run(component, func(t *testing.T) {
			p := shared.Process(of.process)
			p.Kill()
			defer func() {
				if err := p.Start(t.Context()); err != nil {
					t.Error(err)
				}
				shared.vitals.eventually(t, time.Minute, both)
			}()
			if component == "kube-scheduler" {
				waitsWithoutScheduler(t)
			}
			// A minute is what the alert waits for at its default.
			shared.vitals.eventually(t, 90*time.Second, func(s samples) error {
				age, err := leaseAge(s, component)
				if err == nil && age <= time.Minute {
					err = fmt.Errorf("the Lease of %s was renewed %v ago", component, age)
				}
				return err
			})
			shared.vitals.wantAlert(t, 0, of.alert)
		})
	}
}

func waitsWithoutScheduler(t *testing.T) {
	t.Helper()
	const name = "unnoticed"
	create(t, name, "", nil)
	shared.vitals.eventually(t, time.Minute, func(s samples) error {
		return s.want(1, "pending_pods_pods", "reason", "no_scheduler", "node", "")
	})
	remove(t, name)
	shared.vitals.eventually(t, time.Minute, func(s samples) error {
		return s.want(0, "pending_pods_pods", "reason", "no_scheduler", "node", "")
	})
}
