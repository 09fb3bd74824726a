package collectors

import (
	"testing"
	"time"

	"github.com/kubevitals/kubevitals/collectors/apiprobe"
)

func TestAPIServer(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)
	probes := func(live, ready, read, write apiprobe.Outcome) []apiprobe.Probe {
		return []apiprobe.Probe{
			{Name: "livez", Outcome: live, Duration: 5 * time.Millisecond},
			{Name: "readyz", Outcome: ready, Duration: 6 * time.Millisecond},
			{Name: "read", Outcome: read, Duration: 7 * time.Millisecond},
			{Name: "write", Outcome: write, Duration: 20 * time.Millisecond},
		}
	}
	c := apiServer{
		results: func() []apiprobe.Result {
			return []apiprobe.Result{
				{
					Server: "10.0.0.1:6443", Up: true, CertificateExpiry: now.Add(48 * time.Hour),
					Origins: []apiprobe.Origin{apiprobe.EndpointSlice, apiprobe.Lease},
					Probes:  probes(apiprobe.OK, apiprobe.Failed, apiprobe.OK, apiprobe.Failed),
					Checks: []apiprobe.Check{
						{Probe: "livez", Name: "ping", OK: true},
						{Probe: "readyz", Name: "etcd-readiness", OK: false},
					},
				},
				{
					Server: "10.0.0.2:6443", Origins: []apiprobe.Origin{apiprobe.Configured},
					Probes: probes(apiprobe.Unreachable, apiprobe.Unreachable, apiprobe.Unreachable, apiprobe.Timeout),
				},
				{Server: "10.0.0.3:6443", Origins: []apiprobe.Origin{apiprobe.Flag}},
			}
		},
		leases: func() []apiprobe.LeaseState {
			return []apiprobe.LeaseState{{Server: "10.0.0.1:6443", Hostname: "control-1", Renewed: now.Add(-5 * time.Second)}}
		},
	}
	golden(t, apiServerName, c, APIServer().Metrics)
}
