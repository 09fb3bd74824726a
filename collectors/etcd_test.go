package collectors

import (
	"strings"
	"testing"

	"github.com/kubevitals/kubevitals/collectors/etcdprobe"
	"github.com/kubevitals/kubevitals/collectors/watch"
)

func TestEtcd(t *testing.T) {
	t.Parallel()
	c := etcd{results: func() []etcdprobe.Result {
		return []etcdprobe.Result{
			{
				Endpoint: "10.0.0.1:2379", Probed: true, Up: true, Answer: watch.Available, MetricsAnswer: watch.Available,
				Health: etcdprobe.NoSpace,
				Checks: []etcdprobe.Check{
					{Probe: "livez", Name: "serializable_read", OK: true},
					{Probe: "readyz", Name: "linearizable_read", OK: false},
				},
				Metrics: etcdprobe.Metrics{
					etcdprobe.HasLeader: 1, etcdprobe.SizeBytes: 2147487744, etcdprobe.SizeInUseBytes: 1 << 30, etcdprobe.QuotaBytes: 2147483648,
				},
			},
			{Endpoint: "10.0.0.2:2379", Probed: true, Answer: watch.TLS, MetricsAnswer: watch.TLS},
		}
	}}
	golden(t, etcdName, c, Etcd().Metrics)
}

// TestEtcdWithoutEndpoints: nothing to probe is no error.
func TestEtcdWithoutEndpoints(t *testing.T) {
	t.Parallel()
	text := string(scrapeText(t, etcdName, etcd{results: func() []etcdprobe.Result { return nil }}, Etcd().Metrics))
	if strings.Contains(text, "kubevitals_etcd_") || !strings.Contains(text, `success{collector="etcd"} 1`) {
		t.Errorf("without endpoints:\n%s", text)
	}
}

// TestEtcdBeforeTheFirstRound: a member that was not probed yet is no member
// that is well.
func TestEtcdBeforeTheFirstRound(t *testing.T) {
	t.Parallel()
	text := string(scrapeText(t, etcdName, etcd{results: func() []etcdprobe.Result {
		return []etcdprobe.Result{{Endpoint: "10.0.0.1:2379", Probed: true, Up: true, Answer: watch.Available}, {Endpoint: "10.0.0.2:2379"}}
	}}, Etcd().Metrics))
	if strings.Contains(text, "kubevitals_etcd_") || !strings.Contains(text, `success{collector="etcd"} 0`) {
		t.Errorf("before the first round:\n%s", text)
	}
}
