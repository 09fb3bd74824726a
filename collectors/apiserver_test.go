package collectors

import (
	"testing"
	"time"

	"github.com/kubevitals/kubevitals/sources/apiserver"
	"github.com/kubevitals/kubevitals/sources/health"
)

func TestAPIServer(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)
	probes := func(live, ready, read, write health.Reason) []apiserver.Probe {
		return []apiserver.Probe{
			{Name: "livez", Outcome: live, Duration: 5 * time.Millisecond},
			{Name: "readyz", Outcome: ready, Duration: 6 * time.Millisecond},
			{Name: "read", Outcome: read, Duration: 7 * time.Millisecond},
			{Name: "write", Outcome: write, Duration: 20 * time.Millisecond},
		}
	}
	c := apiServerCollector{
		leftOut: func() int { return 0 },
		results: func() []apiserver.Result {
			return []apiserver.Result{
				{
					Server: "10.0.0.1:6443", Up: true, CertificateExpiry: now.Add(48 * time.Hour),
					Origins: []apiserver.Origin{apiserver.EndpointSlice, apiserver.Lease},
					Probes:  probes(health.Available, apiserver.Unhealthy, health.Available, apiserver.Unhealthy),
					Checks: []apiserver.Check{
						{Probe: "livez", Name: "ping", OK: true},
						{Probe: "readyz", Name: "etcd-readiness", OK: false},
					},
					Metrics: apiserver.Metrics{Reason: health.Available, Rejected: map[apiserver.Flow]float64{
						{Schema: "service-accounts", Level: "workload-low"}: 1200, {Schema: "batch", Level: "workload-low"}: 3,
					}},
				},
				{
					Server: "10.0.0.2:6443", Origins: []apiserver.Origin{apiserver.Configured},
					Probes: probes(health.Unreachable, health.Unreachable, health.Unreachable, health.Timeout),
				},
				{
					Server: "10.0.0.3:6443", Origins: []apiserver.Origin{apiserver.Flag},
					// What it counted before it could not be read any more is no fact of now.
					Metrics: apiserver.Metrics{Reason: health.Timeout, Rejected: map[apiserver.Flow]float64{{Schema: "batch", Level: "workload-low"}: 7}},
				},
				{
					Server: "10.0.0.4:6443", Origins: []apiserver.Origin{apiserver.Flag},
					Metrics: apiserver.Metrics{Reason: health.Available},
				},
			}
		},
		leases: func() []apiserver.LeaseState {
			return []apiserver.LeaseState{{Server: "10.0.0.1:6443", Hostname: "control-1", Renewed: now.Add(-5 * time.Second)}}
		},
	}
	golden(t, apiServerName, c, APIServer().Metrics)
}
