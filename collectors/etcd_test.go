package collectors

import (
	"strings"
	"testing"

	"github.com/kubevitals/kubevitals/sources/etcd"
	"github.com/kubevitals/kubevitals/sources/health"
)

func TestEtcd(t *testing.T) {
	t.Parallel()
	c := etcdCollector{results: func() []etcd.Result {
		return []etcd.Result{
			{
				Endpoint: "10.0.0.1:2379", Probed: true, Up: true, Answer: health.Available, MetricsAnswer: health.Available,
				Health: etcd.NoSpace,
				Checks: []etcd.Check{
					{Probe: "livez", Name: "serializable_read", OK: true},
					{Probe: "readyz", Name: "linearizable_read", OK: false},
				},
				Metrics: etcd.Metrics{
					etcd.HasLeader: 1, etcd.SizeBytes: 2147487744, etcd.SizeInUseBytes: 1 << 30, etcd.QuotaBytes: 2147483648,
				},
			},
			{Endpoint: "10.0.0.2:2379", Probed: true, Answer: health.TLS, MetricsAnswer: health.TLS},
		}
	}}
	golden(t, etcdName, c, Etcd().Metrics)
}

// TestEtcdWithoutEndpoints: nothing to probe is no error.
func TestEtcdWithoutEndpoints(t *testing.T) {
	t.Parallel()
	text := string(scrapeText(t, etcdName, etcdCollector{results: func() []etcd.Result { return nil }}, Etcd().Metrics))
	if strings.Contains(text, "kubevitals_etcd_") || !strings.Contains(text, `success{collector="etcd"} 1`) {
		t.Errorf("without endpoints:\n%s", text)
	}
}

// TestEtcdBeforeTheFirstRound: a member that was not probed yet is no member
// that is well.
func TestEtcdBeforeTheFirstRound(t *testing.T) {
	t.Parallel()
	text := string(scrapeText(t, etcdName, etcdCollector{results: func() []etcd.Result {
		return []etcd.Result{{Endpoint: "10.0.0.1:2379", Probed: true, Up: true, Answer: health.Available}, {Endpoint: "10.0.0.2:2379"}}
	}}, Etcd().Metrics))
	if strings.Contains(text, "kubevitals_etcd_") || !strings.Contains(text, `success{collector="etcd"} 0`) {
		t.Errorf("before the first round:\n%s", text)
	}
}
