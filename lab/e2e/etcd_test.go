package e2e

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"
	clientv3 "go.etcd.io/etcd/client/v3"
	"go.uber.org/zap"

	"github.com/kubevitals/kubevitals/lab/cluster"
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

// fill writes until the quota is used up.
func fill(t *testing.T, client *clientv3.Client) {
	t.Helper()
	value := strings.Repeat("x", 1<<20)
	for range 64 {
		_, err := client.Put(t.Context(), "filler", value)
		if errors.Is(err, rpctypes.ErrNoSpace) {
			return
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	t.Fatal("64 MiB fit into the quota")
}

// mend does what the runbook says: compact, defragment, disarm.
func mend(t *testing.T, client *clientv3.Client, url string) {
	t.Helper()
	ctx := t.Context()
	now, err := client.Get(ctx, "filler")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := client.Compact(ctx, now.Header.Revision, clientv3.WithCompactPhysical()); err != nil {
		t.Fatal(err)
	}
	if _, err := client.Defragment(ctx, url); err != nil {
		t.Fatal(err)
	}
	if _, err := client.AlarmDisarm(ctx, &clientv3.AlarmMember{}); err != nil {
		t.Fatal(err)
	}
}

// TestEtcd probes the cluster's etcd, and one of its own that is filled, mended
// and killed.
func TestEtcd(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	const quota = 8 << 20
	small, url, err := cluster.StartEtcd(ctx, os.Getenv(cluster.BinaryEnv), t.TempDir(), fmt.Sprintf("--quota-backend-bytes=%d", quota))
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

	client, err := clientv3.New(clientv3.Config{Endpoints: []string{url}, Logger: zap.NewNop()})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = client.Close() }()
	fill(t, client)
	s = v.eventually(t, time.Minute, func(s samples) error {
		return errors.Join(health(endpoint, "nospace")(s), health(clusterEndpoint, "ok")(s))
	})
	if size := s.sum("etcd_db_size_bytes", "endpoint", endpoint); size < 0.8*quota {
		t.Errorf("the database of %v bytes is full, and its quota is %d", size, quota)
	}
	v.wantAlert(t, 0, "KubeVitalsEtcdAlarm", "state", "nospace")
	mend(t, client, url)
	v.eventually(t, time.Minute, health(endpoint, "ok"))
	fill(t, client) // the alarm is raised anew, and is not merely forgotten
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
