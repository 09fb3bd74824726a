package fakecluster_test

import (
	"strings"
	"testing"
	"testing/fstest"
	"time"

	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/kubevitals/kubevitals/internal/fakecluster"
)

// folder is a Spec on disk; more files come as pairs of name and content.
func folder(files ...string) fstest.MapFS {
	f := fstest.MapFS{"cluster.yaml": {Data: []byte("time: 2026-01-01T00:00:00Z\nversion: v1.37.2\napiServers: [{name: cp-1}]\n")}}
	for i := 0; i+1 < len(files); i += 2 {
		f[files[i]] = &fstest.MapFile{Data: []byte(files[i+1])}
	}
	return f
}

// TestLoadMovesTime verifies that everything stays as old as it was.
func TestLoadMovesTime(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 9, 1, 12, 0, 0, 0, time.UTC)
	s, err := fakecluster.Load(folder("objects/all.yaml", `
apiVersion: v1
kind: List
items:
- apiVersion: v1
  kind: Node
  metadata: {name: one, creationTimestamp: 2025-12-31T00:00:00Z, resourceVersion: "17", annotations: {since: "2025-12-31T00:00:00Z"}}
  status:
    conditions: [{type: Ready, status: "True", lastHeartbeatTime: "2025-12-31T23:59:00Z"}]
- {apiVersion: apps/v1, kind: StatefulSet, metadata: {name: ignored, namespace: a}}
---
apiVersion: coordination.k8s.io/v1
kind: Lease
metadata: {name: one, namespace: kube-node-lease}
spec: {renewTime: "2025-12-31T23:59:55.250000Z"}
---
apiVersion: apiregistration.k8s.io/v1
kind: APIService
metadata: {name: v1., creationTimestamp: "2025-12-31T23:00:00+00:00"}
`), now)
	if err != nil {
		t.Fatal(err)
	}
	if len(s.Objects) != 3 {
		t.Fatalf("%d objects", len(s.Objects))
	}
	n := s.Objects[0].(*corev1.Node)
	if want := now.Add(-24 * time.Hour); !n.CreationTimestamp.Time.Equal(want) || n.ResourceVersion != "" || n.Annotations["since"] != "2025-12-31T00:00:00Z" {
		t.Errorf("node %+v", n.ObjectMeta)
	}
	if want := now.Add(-time.Minute); !n.Status.Conditions[0].LastHeartbeatTime.Time.Equal(want) {
		t.Errorf("heartbeat %s", n.Status.Conditions[0].LastHeartbeatTime)
	}
	if got, want := s.Objects[1].(*coordinationv1.Lease).Spec.RenewTime.Time, now.Add(-4750*time.Millisecond); !got.Equal(want) {
		t.Errorf("lease renewed %s, want %s", got, want)
	}
	if got := s.Objects[2].(*unstructured.Unstructured).GetCreationTimestamp(); !got.Time.Equal(now.Add(-time.Hour)) {
		t.Errorf("API service made %s", got)
	}
}

func TestLoadBodies(t *testing.T) {
	t.Parallel()
	f := folder(
		"objects/nodes.yaml.tmpl", "{{range words \"one two three\"}}\n---\n{apiVersion: v1, kind: Node, metadata: {name: {{.}}}}\n{{end}}",
		"kubelets/default/metrics.prom.tmpl", `m{node="{{.Name}}",leaked="{{.Grown 5 2}}",since="{{.UnixAgo "1h"}}"} 1`,
		"kubelets/two/metrics.prom", "own 1",
		"kubelets/default/configz.json", "{}",
		"apiservers/default/metrics.prom", "api 1",
	)
	f["cluster.yaml"].Data = append(f["cluster.yaml"].Data, "kubelets: {three: {fault: dead}}\n"...)
	s, err := fakecluster.Load(f, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	text := func(b fakecluster.Body, name string) string {
		var out strings.Builder
		if err := b(&out, fakecluster.Request{Name: name, Now: time.Unix(7200, 0), Uptime: 90 * time.Second}); err != nil {
			t.Fatal(err)
		}
		return out.String()
	}
	if got, want := text(s.Kubelet("one").Metrics, "one"), `m{node="one",leaked="8",since="3600"} 1`; got != want {
		t.Errorf("default: %q, want %q", got, want)
	}
	if got := text(s.Kubelet("two").Metrics, "two"); got != "own 1" {
		t.Errorf("own: %q", got)
	}
	if got := text(s.Kubelet("two").Configz, "two"); got != "{}" {
		t.Errorf("own metrics, default configuration: %q", got)
	}
	if got := text(s.APIServers[0].Metrics, "cp-1"); got != "api 1" {
		t.Errorf("API server: %q", got)
	}
	if k := s.Kubelet("three"); k.Fault != fakecluster.Dead || k.Summary != nil {
		t.Errorf("three: %+v", k)
	}
}

func TestLoadRefuses(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		files []string
		want  string
	}{
		"no time":           {[]string{"cluster.yaml", "version: v1\n"}, "time is missing"},
		"unknown setting":   {[]string{"cluster.yaml", "time: 2026-01-01T00:00:00Z\ncolour: red\n"}, "colour"},
		"unknown field":     {[]string{"objects/a.yaml", "{apiVersion: v1, kind: Node, metadata: {name: one}, stat: {}}"}, "stat"},
		"not YAML":          {[]string{"objects/a.yaml", "{"}, "objects/a.yaml"},
		"broken template":   {[]string{"objects/a.yaml.tmpl", "{{"}, "objects/a.yaml.tmpl"},
		"fault of no node":  {[]string{"cluster.yaml", "time: 2026-01-01T00:00:00Z\nkubelets: {one: {fault: dead}}\n"}, "no such node"},
		"failing rendering": {[]string{"objects/a.yaml.tmpl", "{{template \"none\"}}"}, "objects/a.yaml.tmpl"},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := fakecluster.Load(folder(tc.files...), time.Now())
			if err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("error %v, want one about %q", err, tc.want)
			}
		})
	}
	if _, err := fakecluster.Load(fstest.MapFS{}, time.Now()); err == nil {
		t.Error("an empty folder is a Spec")
	}
}
