package collectors

import (
	"context"
	"slices"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"

	"github.com/kubevitals/kubevitals/exporter"
	"github.com/kubevitals/kubevitals/sources"
)

const controlPlaneLeasesName = "control_plane_leases"

var (
	leaseRenewed = exporter.NewGauge(controlPlaneLeasesName, "renew_timestamp_seconds",
		"Unix time, in seconds and by the clock of kubevitals, at which a renewal of the leader's Lease was last seen; as its lag behind others tells, if none was seen yet.",
		"component")
	leaseDuration = exporter.NewGauge(controlPlaneLeasesName, "duration_seconds",
		"Time in seconds after which another instance may take the Lease over, unless it is renewed.",
		"component")
	leaseHeld = exporter.NewGauge(controlPlaneLeasesName, "held",
		"Whether the Lease names a holder: 1 is yes, 0 means that the last leader gave it up and no other took it.",
		"component")
	leaseAcquired = exporter.NewGauge(controlPlaneLeasesName, "acquire_timestamp_seconds",
		"Unix time, in seconds and by the clock of the holder, since which the present leader holds the Lease.",
		"component")
	leaseTransitions = exporter.NewCounter(controlPlaneLeasesName, "transitions_total",
		"Times that the Lease went from one holder to another since it was made.",
		"component")
	leasesNewest = exporter.NewGauge(controlPlaneLeasesName, "newest_change_timestamp_seconds",
		"Unix time, in seconds and by the clock of kubevitals, at which a renewal of any Lease of nodes or of the control plane was last seen.")
	leasesTogether = exporter.NewGauge(controlPlaneLeasesName, "renewed_together",
		"Leases of nodes and of the control plane that were last renewed within the 20 s before the newest renewal of all.")
)

// ControlPlaneLeases is the failure mode of a controller manager or scheduler
// that is down. It is told from their Leases, so that it works where no client can
// reach them, as on managed clusters.
func ControlPlaneLeases() Definition {
	return Definition{
		Name:    controlPlaneLeasesName,
		Help:    "The controller manager, the scheduler or the cloud controller manager has no leader, or its leader keeps changing.",
		Scope:   Cluster,
		Default: true,
		Metrics: []*exporter.Desc{leaseRenewed, leaseDuration, leaseHeld, leaseAcquired, leaseTransitions, leasesNewest, leasesTogether},
		Steady:  []*exporter.Desc{leaseRenewed, leaseHeld},
		// Each cluster has these two. One whose Lease is not here was elected elsewhere, as
		// OpenShift's scheduler is, or not at all, or is dead since somebody deleted it.
		Each: map[*exporter.Desc]map[string][]string{
			leaseRenewed: {"component": {"kube-controller-manager", "kube-scheduler"}},
			leaseHeld:    {"component": {"kube-controller-manager", "kube-scheduler"}},
		},
		Reads: []sources.Read{sources.Nodes, sources.NodeLeases, sources.SystemLeases},
		New: func(s *sources.Sources) (exporter.Collector, error) {
			return controlPlaneLeasesCollector{nodes: s.Nodes().List, judge: s.Leases().Judge}, nil
		},
	}
}

type controlPlaneLeasesCollector struct {
	nodes func() ([]*corev1.Node, error)
	judge func([]*corev1.Node) sources.LeasesJudged
}

// Collect fails while the Leases cannot be seen. Without those of nodes it tells
// what the others tell.
func (c controlPlaneLeasesCollector) Collect(_ context.Context, ch chan<- prometheus.Metric) error {
	nodes, err := c.nodes()
	if err != nil {
		nodes = nil // they only help to tell a clock that is off from a dead holder
	}
	leases := c.judge(nodes)
	if leases.SystemsErr != nil {
		return leases.SystemsErr
	}
	for _, lease := range leases.System {
		// A component that runs without an election, or elsewhere, has no Lease and no
		// samples.
		if slices.Contains(sources.Elections(), lease.Name) {
			sendLease(ch, lease.Name, lease.Spec, leases.SystemJudged(lease.Name).Renewed)
		}
	}
	if leases.NodesErr == nil && !leases.Newest.IsZero() { // that all stopped can be said of all only
		ch <- leasesNewest.Sample(unix(leases.Newest))
		ch <- leasesTogether.Sample(float64(leases.Together))
	}
	return nil
}

func sendLease(ch chan<- prometheus.Metric, component string, spec coordinationv1.LeaseSpec, renewed time.Time) {
	ch <- leaseHeld.Sample(exporter.Bool(spec.HolderIdentity != nil && *spec.HolderIdentity != ""), component)
	if !renewed.IsZero() {
		ch <- leaseRenewed.Sample(unix(renewed), component)
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
