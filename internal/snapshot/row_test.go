package snapshot

import (
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	dto "github.com/prometheus/client_model/go"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/rest"

	"github.com/kubevitals/kubevitals/collectors"
	"github.com/kubevitals/kubevitals/internal/fakecluster"
	"github.com/kubevitals/kubevitals/sources"
	"github.com/kubevitals/kubevitals/sources/apiserver"
	"github.com/kubevitals/kubevitals/sources/health"
	"github.com/kubevitals/kubevitals/sources/kubelet"
)

const sets sources.Read = "statefulsets"

// withSets is the table with one more row.
func withSets() sources.Table {
	return append(sources.Resources(), sources.Resource{
		Group: "apps", Versions: []string{"v1"}, Kind: "StatefulSet", Plural: "statefulsets", Namespaced: true,
		Lists: []sources.List{{Source: sets}},
		Trim: sources.Trimmed(func(s *appsv1.StatefulSet, _ *sources.Latest) runtime.Object {
			kept := &appsv1.StatefulSet{ObjectMeta: metav1.ObjectMeta{Namespace: s.Namespace, Name: s.Name}}
			kept.Status.ReadyReplicas = s.Status.ReadyReplicas
			return kept
		}),
	})
}

func set() *appsv1.StatefulSet {
	return &appsv1.StatefulSet{
		ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "web", Annotations: map[string]string{"note": "confidential"}},
		Status:     appsv1.StatefulSetStatus{ReadyReplicas: 3},
	}
}

func kubelets() kubelet.Options {
	return kubelet.Options{
		PreferredAddressTypes: []corev1.NodeAddressType{corev1.NodeInternalIP},
		Timeout:               time.Second, StatsInterval: time.Minute, MetricsInterval: time.Minute, Concurrency: 1,
	}
}

// onlySet is the StatefulSet that sources read; configure may change where from.
func onlySet(t *testing.T, config *rest.Config, configure func(*sources.Config)) *appsv1.StatefulSet {
	t.Helper()
	c := sources.Config{
		REST: config, Resources: withSets(), Kubelet: kubelets(), APIServers: apiserver.Options{Interval: time.Minute, Timeout: time.Second},
		Logger: slog.New(slog.DiscardHandler), Now: time.Now,
	}
	configure(&c)
	s, err := sources.NewSources(c)
	if err != nil {
		t.Fatal(err)
	}
	view := sources.View[*appsv1.StatefulSet](s, sets)
	if got := s.Reads(); !slices.Equal(got, []sources.Read{sets}) {
		t.Errorf("reads %v", got)
	}
	ctx, stop := context.WithCancel(t.Context())
	s.Start(ctx)
	t.Cleanup(func() { stop(); s.Wait() })
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(20 * time.Millisecond) {
		list, err := view.List()
		if err == nil && len(list) == 1 {
			return list[0]
		}
		if time.Now().After(deadline) {
			t.Fatalf("%d sets: %v", len(list), err)
		}
	}
}

// recordBudgets records a snapshot with redacted names of the cluster.
func recordBudgets(t *testing.T, config *rest.Config) (dir string, m *Manifest) {
	t.Helper()
	dir = filepath.Join(t.TempDir(), "snapshot")
	m, err := Record(t.Context(), dir, RecordOptions{
		REST: config, Kubelets: kubelets(), Resources: withSets(), RedactNames: true, Window: time.Millisecond,
		Gather: func(context.Context) ([]*dto.MetricFamily, error) { return nil, nil },
		Now:    time.Now, Logger: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	return dir, m
}

// TestOneRowIsEnough verifies that a resource which is added to the table, and nowhere
// else, is found wherever one can be: in the rights, on the fake cluster, among what is
// watched, in a snapshot without what is not kept or named, and in dumps by others.
func TestOneRowIsEnough(t *testing.T) {
	t.Parallel()
	rules := collectors.ClusterRules(withSets(), []collectors.Definition{{Reads: []sources.Read{sets}}})
	if !slices.ContainsFunc(rules, func(r rbacv1.PolicyRule) bool {
		return r.APIGroups[0] == "apps" && r.Resources[0] == "statefulsets" && slices.Equal(r.Verbs, []string{"list", "watch"})
	}) {
		t.Errorf("rights: %v", rules)
	}

	cluster, err := fakecluster.Start(t.Context(), &fakecluster.Spec{
		Version: "v1.37.2", APIServers: []fakecluster.APIServer{{Name: "cp-1"}}, Objects: []runtime.Object{set()},
	}, fakecluster.Options{Resources: withSets()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(cluster.Close)
	live := onlySet(t, cluster.RESTConfig(), func(*sources.Config) {})
	if live.Name != "web" || live.Status.ReadyReplicas != 3 {
		t.Errorf("watched: %+v", live)
	}

	dir, manifest := recordBudgets(t, cluster.RESTConfig())
	if l := manifest.list("statefulsets.apps", ""); l == nil || l.Reason != health.Available || l.Items != 1 {
		t.Errorf("the manifest says %+v", l)
	}
	s, err := read(t.Context(), dir, standardLimits(), withSets())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	recorded := onlySet(t, nil, s.Configure)
	if recorded.Namespace != "ns-1" || recorded.Name != "statefulset-1" || len(recorded.Annotations) > 0 || recorded.Status.ReadyReplicas != 3 {
		t.Errorf("read from a snapshot: %+v", recorded)
	}
}

// TestOneRowIsEnoughForDumps verifies the same of what kubectl prints, and that what
// is in no row of the table is skipped.
func TestOneRowIsEnoughForDumps(t *testing.T) {
	t.Parallel()
	name := filepath.Join(t.TempDir(), "all.yaml")
	const text = `apiVersion: v1
kind: List
items:
- apiVersion: apps/v1
  kind: StatefulSet
  metadata: {name: web, namespace: shop, annotations: {note: confidential}}
  status: {readyReplicas: 3}
- apiVersion: v1
  kind: Node
  metadata: {name: node-a}
`
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	s, err := read(t.Context(), name, standardLimits(), withSets())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	if got := onlySet(t, nil, s.Configure); got.Name != "web" || len(got.Annotations) > 0 || got.Status.ReadyReplicas != 3 {
		t.Errorf("read from a dump: %+v", got)
	}
	without, err := Read(t.Context(), name)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = without.Close() })
	if len(without.Objects) != 1 || without.Skipped["StatefulSet"] != 1 || strings.Contains(strings.Join(without.Warnings, ""), "statefulsets") {
		t.Errorf("without the row: %d objects, skipped %v, warnings %v", len(without.Objects), without.Skipped, without.Warnings)
	}
}
