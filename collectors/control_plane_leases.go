package collectors

import (
	"context"
	"slices"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	coordinationv1 "k8s.io/api/coordination/v1"

	"github.com/kubevitals/kubevitals/exporter"
	"github.com/kubevitals/kubevitals/sources"
)

const controlPlaneLeasesName = "control_plane_leases"

var (
	leaseRenewed = exporter.NewGauge(controlPlaneLeasesName, "renew_timestamp_seconds",
		"Unix time, in seconds and by the clock of the holder, at which the leader last renewed its Lease.",
		"component")
	leaseDuration = exporter.NewGauge(controlPlaneLeasesName, "duration_seconds",
		"Time in seconds after which another instance may take the Lease over, unless it is renewed.",
		"component")
	leaseHeld = exporter.NewGauge(controlPlaneLeasesName, "held",
		"Whether the Lease names a holder: 1 is yes, 0 means that the last leader gave it up and nobody took it.",
		"component")
	leaseAcquired = exporter.NewGauge(controlPlaneLeasesName, "acquire_timestamp_seconds",
		"Unix time, in seconds and by the clock of the holder, since which the present leader holds the Lease.",
		"component")
	leaseTransitions = exporter.NewCounter(controlPlaneLeasesName, "transitions_total",
		"Times that the Lease went from one holder to another since it was made.",
		"component")
)

// ControlPlaneLeases is the failure mode of a controller manager or scheduler
// that is down. It is told from their Leases, so that it works where nobody can
// reach them, as on managed clusters.
func ControlPlaneLeases() Definition {
	return Definition{
		Name:    controlPlaneLeasesName,
		Help:    "The controller manager, the scheduler or the cloud controller manager has no leader, or changes it all the time.",
		Scope:   Cluster,
		Default: true,
		Metrics: []*exporter.Desc{leaseRenewed, leaseDuration, leaseHeld, leaseAcquired, leaseTransitions},
		Reads:   []sources.Read{sources.SystemLeases},
		New: func(s *sources.Sources) (exporter.Collector, error) {
			return controlPlaneLeasesCollector{s.SystemLeases().List}, nil
		},
	}
}

type controlPlaneLeasesCollector struct {
	leases func() ([]*coordinationv1.Lease, error)
}

// Collect fails while the Leases cannot be seen.
func (c controlPlaneLeasesCollector) Collect(_ context.Context, ch chan<- prometheus.Metric) error {
	leases, err := c.leases()
	if err != nil {
		return err
	}
	for _, lease := range leases {
		// A component that runs without an election, or elsewhere, has no Lease and no
		// samples.
		if slices.Contains(sources.Elections(), lease.Name) {
			sendLease(ch, lease.Name, lease.Spec)
		}
	}
	return nil
}

func sendLease(ch chan<- prometheus.Metric, component string, spec coordinationv1.LeaseSpec) {
	ch <- leaseHeld.Sample(exporter.Bool(spec.HolderIdentity != nil && *spec.HolderIdentity != ""), component)
	if t := spec.RenewTime; t != nil {
		ch <- leaseRenewed.Sample(unix(t.Time), component)
	}
	if t := spec.AcquireTime; t != nil {
		ch <- leaseAcquired.Sample(unix(t.Time), component)
	}
	if d := spec.LeaseDurationSeconds; d != nil {
		ch <- leaseDuration.Sample((time.Duration(*d) * time.Second).Seconds(), component)
	}
	transitions := 0.0
	if n := spec.LeaseTransitions; n != nil {
		transitions = float64(*n)
	}
	ch <- leaseTransitions.Sample(transitions, component)
}
