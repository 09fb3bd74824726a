package e2e

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/kubevitals/kubevitals/lab/cluster"
	"github.com/kubevitals/kubevitals/lab/faults"
)

// health fails unless the member is up and its health is that.
func health(endpoint, state string) func(samples) error {
	return func(s samples) error {
		return errors.Join(
			s.want(1, "etcd_up", "endpoint", endpoint),
			s.want(1, "etcd_health", "endpoint", endpoint, "state", state),
		)
	}
}

// TestEtcd probes the cluster's etcd, and one of its own that is filled, mended
// and killed.
func TestEtcd(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	const quota = 8 << 20
	small, url, err := cluster.StartEtcd(ctx, cluster.ComponentsBinary(), t.TempDir(), fmt.Sprintf("--quota-backend-bytes=%d", quota))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(small.Kill)
	clusterURL := shared.EtcdURL()
	v, err := startVitals(ctx, "etcd-prober", shared.LogDir(), shared.kubeconfig, "--collector.disable-defaults",
		"--collector.etcd", "--collector.etcd.probe-interval=1s", "--collector.etcd.probe-timeout=3s",
		"--collector.etcd.endpoints="+clusterURL, "--collector.etcd.endpoints="+url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(v.stop)
	endpoint, clusterEndpoint := strings.TrimPrefix(url, "http://"), strings.TrimPrefix(clusterURL, "http://")
	s := v.eventually(t, time.Minute, func(s samples) error {
		return errors.Join(health(endpoint, "ok")(s), health(clusterEndpoint, "ok")(s))
	})
	for _, check := range []string{"data_corruption", "serializable_read", "linearizable_read", "non_learner"} {
		if err := s.want(1, "etcd_check_ok", "endpoint", clusterEndpoint, "probe", "readyz", "check", check); err != nil {
			t.Error(err)
		}
	}
	if err := errors.Join(s.want(1, "etcd_has_leader", "endpoint", clusterEndpoint), s.want(quota, "etcd_db_quota_bytes", "endpoint", endpoint)); err != nil {
		t.Error(err)
	}
	if s.sum("etcd_db_size_bytes", "endpoint", clusterEndpoint) < s.sum("etcd_db_in_use_bytes", "endpoint", clusterEndpoint) {
		t.Error("more of the database is in use than there is")
	}

	client, err := faults.EtcdClient(url)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = client.Close() }()
	if err := faults.Fill(t.Context(), client); err != nil {
		t.Fatal(err)
	}
	s = v.eventually(t, time.Minute, func(s samples) error {
		return errors.Join(health(endpoint, "nospace")(s), health(clusterEndpoint, "ok")(s))
	})
	if size := s.sum("etcd_db_size_bytes", "endpoint", endpoint); size < 0.8*quota {
		t.Errorf("the database of %v bytes is full, and its quota is %d", size, quota)
	}
	v.wantAlert(t, 0, "KubeVitalsEtcdAlarm", "state", "nospace")
	if err := faults.Mend(t.Context(), client, url); err != nil {
		t.Fatal(err)
	}
	v.eventually(t, time.Minute, health(endpoint, "ok"))
	// The alarm is raised anew, and is not merely forgotten.
	if err := faults.Fill(t.Context(), client); err != nil {
		t.Fatal(err)
	}
	v.eventually(t, time.Minute, health(endpoint, "nospace"))

	small.Kill()
	v.eventually(t, time.Minute, func(s samples) error {
		if len(s.all("etcd_health", "endpoint", endpoint)) > 0 {
			return errors.New("the health of a dead member is still told")
		}
		return errors.Join(
			s.want(0, "etcd_up", "endpoint", endpoint), s.want(1, "etcd_up", "endpoint", clusterEndpoint),
			s.want(1, "etcd_probe_result", "endpoint", endpoint, "probe", "health", "result", "unreachable"),
		)
	})
	v.wantAlert(t, 0, "KubeVitalsEtcdMemberDown", "endpoint", endpoint)
}

// TestAPIServerMetricsOfEtcd: the rules read these of the API server's own
// metrics, which have changed their names before.
func TestAPIServerMetricsOfEtcd(t *testing.T) {
	text, err := shared.Client().Discovery().RESTClient().Get().AbsPath("/metrics").DoRaw(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, start := range []string{
		`etcd_request_duration_seconds_bucket{group="",operation="get",resource="`, `etcd_requests_total{group="",operation="`,
		`apiserver_storage_size_bytes{`, `apiserver_watch_cache_resource_version{group="`, `process_start_time_seconds `,
	} {
		if !strings.Contains(string(text), "\n"+start) {
			t.Errorf("no %s", start)
		}
	}
	for line := range strings.Lines(string(text)) {
		for _, name := range []string{"apiserver_storage_size_bytes", "etcd_request_errors_total{", "apiserver_storage_consistency_checks_total{"} {
			if strings.HasPrefix(line, name) {
				t.Log(strings.TrimSpace(line))
			}
		}
	}
}
