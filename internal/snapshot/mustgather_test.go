package snapshot_test

import (
	"strings"
	"testing"
	"time"

	"github.com/kubevitals/kubevitals/internal/snapshot"
)

const gatherRoot = "must-gather.local.1/quay-io-release-sha256-1/"

// TestEtcdOfMustGather verifies that what etcdctl said of the members is told: one that
// is full, one that does not answer, and one that is well.
func TestEtcdOfMustGather(t *testing.T) {
	t.Parallel()
	got, r, d := replay(t, folder(t, map[string]string{
		gatherRoot + "cluster-scoped-resources/core/nodes/a.yaml": object("v1", "Node", faulty()["a"]),
		gatherRoot + "etcd_info/endpoint_status.json": `[
			{"Endpoint":"https://192.0.2.1:2379","Status":{"header":{"cluster_id":1,"member_id":11},"version":"3.5.9","dbSize":8589934592,"leader":11,"dbSizeInUse":2147483648}},
			{"Endpoint":"https://192.0.2.3:2379","Status":{"header":{"cluster_id":1,"member_id":13},"version":"3.5.9","dbSize":1048576,"leader":11,"dbSizeInUse":524288,"dbSizeQuota":2097152}}]`,
		gatherRoot + "etcd_info/endpoint_health.json": `[{"endpoint":"https://192.0.2.1:2379","health":false,"took":"9ms","error":"Active Alarm(s): NOSPACE "},
			{"endpoint":"https://192.0.2.2:2379","health":false,"took":"5s","error":"context deadline exceeded"},{"endpoint":"https://192.0.2.3:2379","health":true,"took":"9ms"}]`,
		gatherRoot + "etcd_info/alarm_list.json":  `{"header":{},"alarms":[{"memberID":11,"alarm":1}]}`,
		gatherRoot + "etcd_info/member_list.json": `{"members":[]}`,
		gatherRoot + "etcd_info/object_count.txt": "no JSON",
	}))
	for sample, want := range map[string]float64{
		"kubevitals_etcd_up{endpoint=192.0.2.1:2379}":                   1,
		"kubevitals_etcd_up{endpoint=192.0.2.2:2379}":                   0,
		"kubevitals_etcd_up{endpoint=192.0.2.3:2379}":                   1,
		"kubevitals_etcd_health{endpoint=192.0.2.1:2379,state=nospace}": 1,
		"kubevitals_etcd_health{endpoint=192.0.2.1:2379,state=ok}":      0,
		"kubevitals_etcd_health{endpoint=192.0.2.3:2379,state=ok}":      1,
		"kubevitals_etcd_has_leader{endpoint=192.0.2.3:2379}":           1,
		"kubevitals_etcd_db_size_bytes{endpoint=192.0.2.1:2379}":        8589934592,
		"kubevitals_etcd_db_quota_bytes{endpoint=192.0.2.3:2379}":       2097152,
	} {
		if have, ok := got[sample]; !ok || have != want {
			t.Errorf("%s is %v (there: %t), want %v", sample, have, ok, want)
		}
	}
	for sample := range got {
		if strings.HasPrefix(sample, "kubevitals_etcd_health{endpoint=192.0.2.2") || strings.HasPrefix(sample, "kubevitals_etcd_db_quota_bytes{endpoint=192.0.2.1") {
			t.Errorf("%s was not measured", sample)
		}
	}
	for _, left := range r.leftOut {
		if left == "etcd" {
			t.Error("etcd is left out")
		}
	}
	if len(d.Unreadable) > 0 || len(d.Warnings) > 0 {
		t.Errorf("unreadable %v, warnings %v", d.Unreadable, d.Warnings)
	}
}

// TestTimestampOfMustGather verifies that a dump is not taken for older than its own
// file says, as of a cluster in which nothing is written any more.
func TestTimestampOfMustGather(t *testing.T) {
	t.Parallel()
	node := func(heartbeat string) string {
		return object("v1", "Node", `"metadata":{"name":"n"},"status":{"conditions":[{"type":"Ready","status":"True","lastHeartbeatTime":"`+heartbeat+`"}]}`)
	}
	const written = "2026-06-01 14:00:00.123456789 +0200 CEST m=+0.048\n2026-06-01 14:09:30.5 +0200 CEST m=+570.4\n"
	for name, test := range map[string]struct {
		heartbeat, stamp, taken string
		from                    snapshot.Evidence
	}{
		"nothing is written for hours": {"2026-06-01T08:00:00Z", written, "12:00:00", snapshot.FromTimestamp},
		"written while it was taken":   {"2026-06-01T12:04:00Z", written, "12:04:00", snapshot.FromObjects},
		"another file of that name":    {"2026-06-01T08:00:00Z", "1780315200\n", "08:00:00", snapshot.FromObjects},
	} {
		s, err := snapshot.Read(t.Context(), folder(t, map[string]string{
			"must-gather.local.1/timestamp": test.stamp, gatherRoot + "cluster-scoped-resources/core/nodes/n.yaml": node(test.heartbeat),
		}))
		if err != nil {
			t.Fatal(err)
		}
		if got := s.Taken.UTC().Format(time.TimeOnly); got != test.taken || s.TakenFrom != test.from {
			t.Errorf("%s: %s by %s, want %s by %s", name, got, s.TakenFrom, test.taken, test.from)
		}
		_ = s.Close()
	}
}

// TestWholeDumpsAreNotCalledPartial verifies that nothing odd is said of dumps that lack
// nothing: one kubectl asked for all namespaces, of which one has autoscalers, and the
// Leases and endpoints of the namespaces that are read.
func TestWholeDumpsAreNotCalledPartial(t *testing.T) {
	t.Parallel()
	o := faulty()
	pod := func(namespace string) string {
		return object("v1", "Pod", `"metadata":{"name":"p","namespace":"`+namespace+`"}`)
	}
	slices := object("discovery.k8s.io/v1", "EndpointSlice", `"metadata":{"name":"kubernetes","namespace":"default"},"addressType":"IPv4","endpoints":[]`)
	s, err := snapshot.Read(t.Context(), folder(t, map[string]string{
		"all.json": listOf("v1", "List", object("v1", "Node", o["a"]), pod("shop"), pod("bank"), object("autoscaling/v2", "HorizontalPodAutoscaler", o["hpa2"])),
		"es.json":  listOf("v1", "List", slices),
	}))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = s.Close() }()
	if len(s.Warnings) > 0 || len(s.Partial) > 0 {
		t.Errorf("warnings %q, partial %q", s.Warnings, s.Partial)
	}
}
