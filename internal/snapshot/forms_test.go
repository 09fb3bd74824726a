package snapshot_test

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/kubevitals/kubevitals/internal/snapshot"
)

// What all golden dumps show: one cluster with a dead node and a DNS that crashes.
func common() map[string]float64 {
	return map[string]float64{
		"kubevitals_node_readiness_ready{node=worker-a}":                   1,
		"kubevitals_node_readiness_not_ready{cause=silent,node=worker-b}":  1,
		"kubevitals_source_available{reason=available,source=nodes}":       1,
		"kubevitals_source_available{reason=not_found,source=apiservices}": 0,
	}
}

// withPods is what those show beside that have pods and events.
func withPods() map[string]float64 {
	return map[string]float64{
		"kubevitals_pending_pods_pods{node=,reason=unschedulable}":                     1,
		"kubevitals_watch_streams_objects{node=worker-a,resource=configmaps}":          2,
		"kubevitals_watch_streams_objects{node=worker-a,resource=secrets}":             2,
		"kubevitals_events_recent{kind=Node,node=worker-a,reason=FreeDiskSpaceFailed}": 4,
	}
}

func TestForms(t *testing.T) {
	t.Parallel()
	addons := map[string]float64{
		"kubevitals_addon_health_crash_loop_pods{addon=dns,exit=failure,node=worker-a,reason=Error}": 1,
		"kubevitals_addon_health_desired_pods{addon=dns}":                                            2,
	}
	leases := map[string]float64{
		"kubevitals_control_plane_leases_held{component=kube-scheduler}":         1,
		"kubevitals_node_readiness_lease_renew_timestamp_seconds{node=worker-b}": 1780312798,
	}
	noon := time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC)
	for name, form := range map[string]struct {
		path  string
		taken time.Time
		want  []map[string]float64
		// absent are sources that must be blind.
		absent []string
	}{
		"kubectl":         {"testdata/kubectl", noon, []map[string]float64{withPods(), leases}, []string{"system_daemonsets", "node_metrics"}},
		"cluster-info":    {"testdata/cluster-info", noon.Add(-30 * time.Second), []map[string]float64{withPods(), addons}, []string{"leases", "node_leases"}},
		"one stream":      {"testdata/cluster-info.txt", noon.Add(-30 * time.Second), []map[string]float64{withPods(), addons}, []string{"leases", "node_leases"}},
		"support bundle":  {"testdata/bundle", noon, []map[string]float64{withPods(), leases}, []string{"system_daemonsets"}},
		"archived bundle": {archive(t, "testdata/bundle"), noon, []map[string]float64{withPods(), leases}, []string{"system_daemonsets"}},
		"bodies":          {"testdata/bodies", noon.Add(-30 * time.Second), []map[string]float64{bodies()}, []string{"pods", "events"}},
		"archived bodies": {archive(t, "testdata/bodies"), noon.Add(-30 * time.Second), []map[string]float64{bodies()}, []string{"pods", "events"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			reason := "not_found"
			got, r, d := replay(t, form.path, "kubevitals_kubelet_available{endpoint=metrics,node=worker-b,reason="+reason+"}")
			if !d.Taken.Equal(form.taken) || d.TakenFrom != snapshot.FromObjects {
				t.Errorf("taken at %s by %s, want %s", d.Taken, d.TakenFrom, form.taken)
			}
			for _, want := range append(form.want, common()) {
				for sample, value := range want {
					if have, ok := got[sample]; !ok || have != value {
						t.Errorf("%s is %v (there: %t), want %v", sample, have, ok, value)
					}
				}
			}
			for _, source := range form.absent {
				if _, ok := got["kubevitals_source_available{reason=available,source="+source+"}"]; ok {
					t.Errorf("source %s is available", source)
				}
			}
			if want := "[apiserver stale_reads etcd dns]"; fmt.Sprint(r.leftOut) != want {
				t.Errorf("left out: %v, want %s", r.leftOut, want)
			}
			checkNothingSecret(t, d)
		})
	}
}

// bodies is what the raw bodies show.
func bodies() map[string]float64 {
	return map[string]float64{
		"kubevitals_kubelet_available{endpoint=configz,node=worker-a,reason=available}":              1,
		"kubevitals_node_disk_available_bytes{filesystem=nodefs,node=worker-a}":                      100,
		"kubevitals_metric_cardinality_series{component=kubelet,node=worker-a,server=}":              3,
		"kubevitals_metric_cardinality_series{component=kube-apiserver,node=,server=192.0.2.1:6443}": 1,
	}
}

// checkNothingSecret verifies that nothing of a Secret, a ConfigMap, an environment,
// a command or an annotation stays in memory.
func checkNothingSecret(t *testing.T, d *snapshot.Snapshot) {
	t.Helper()
	for _, o := range d.Objects {
		text := fmt.Sprintf("%+v", o)
		for _, word := range []string{"hunter2", "aHVudGVyMg", "top-secret", "registry.example.com"} {
			if strings.Contains(text, word) {
				t.Errorf("%q is kept in %s", word, text)
			}
		}
		if p, ok := o.(*corev1.Pod); ok && len(p.Spec.Volumes) != 2 {
			t.Errorf("%s refers to %d objects", p.Name, len(p.Spec.Volumes))
		}
	}
}

// archive packs a folder into a .tar.gz.
func archive(t *testing.T, folder string) string {
	t.Helper()
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	w := tar.NewWriter(z)
	err := filepath.WalkDir(folder, func(name string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		raw, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		inside, err := filepath.Rel(folder, name)
		if err != nil {
			return err
		}
		if err := w.WriteHeader(&tar.Header{Name: "./" + filepath.ToSlash(inside), Mode: 0o600, Size: int64(len(raw)), Typeflag: tar.TypeReg}); err != nil {
			return err
		}
		_, err = w.Write(raw)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "dump.tar.gz")
	if err := os.WriteFile(file, packed.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// TestListsByWhateverName verifies that an array of objects is read whatever its file is
// called, and that the first part of a list is not taken for the whole.
func TestListsByWhateverName(t *testing.T) {
	t.Parallel()
	const node = `{"apiVersion": "v1", "kind": "Node", "metadata": {"name": "n"}, "status": {"conditions": [{"type": "Ready", "status": "True", "lastHeartbeatTime": "2026-06-01T11:59:00Z"}]}}`
	// What kubectl says first where an aggregated API is down.
	const talk = "E1127 09:29:50.123456    4711 memcache.go:265] couldn't get resource list for metrics.k8s.io/v1beta1: the server is currently unable to handle the request\n"
	for name, c := range map[string]struct {
		text string
		part bool
	}{
		"an array":                {"[" + node + "]", false},
		"after warnings":          {strings.Repeat(talk, 3) + "Warning: v1 Endpoints is deprecated in v1.33+\n" + node, false},
		"after many warnings":     {strings.Repeat(talk, 100) + node, false},
		"after warnings, as YAML": {talk + "apiVersion: v1\nkind: Node\nmetadata: {name: one}\n", false},
		"a list":                  {`{"kind": "List", "apiVersion": "v1", "items": [` + node + `]}`, false},
		"the first page":          {`{"kind": "NodeList", "apiVersion": "v1", "metadata": {"continue": "abc", "remainingItemCount": 495}, "items": [` + node + `]}`, true},
		"the last page, by now":   {`{"kind": "NodeList", "apiVersion": "v1", "metadata": {"resourceVersion": "7"}, "items": [` + node + `]}`, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			if err := os.WriteFile(filepath.Join(dir, "whatever.json"), []byte(c.text), 0o600); err != nil {
				t.Fatal(err)
			}
			s, err := snapshot.Read(t.Context(), dir)
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = s.Close() }()
			if part := len(s.Unreadable) == 1 && strings.Contains(s.Unreadable[0].Err.Error(), "remainingItemCount is 495"); part != c.part || len(s.Objects) != 1 {
				t.Errorf("%d objects, unreadable: %v", len(s.Objects), s.Unreadable)
			}
		})
	}
}
