package e2e

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	utilyaml "k8s.io/apimachinery/pkg/util/yaml"
	"sigs.k8s.io/yaml"

	"github.com/kubevitals/kubevitals/lab/cluster"
	"github.com/kubevitals/kubevitals/lab/runbooks"
)

// minExecuted is the share of statements that ran well when the runbooks were
// last changed, in percent. Raise it when more can be run; a runbook that can be
// run no longer must not lower it unseen.
const minExecuted = 1

// TestRunbooks runs what only reads in all runbooks, as an administrator, with
// labels of what is there.
func TestRunbooks(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 15*time.Minute)
	defer cancel()
	prepareForRunbooks(t, ctx)
	books, err := runbooks.Load(ctx, "../..", runbookLabels())
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile("testdata/runbook_excuses.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var excuses []runbooks.Excuse
	if err := yaml.UnmarshalStrict(text, &excuses); err != nil {
		t.Fatal(err)
	}
	report, err := runbooks.Judge(runAll(t, ctx, books), excuses)
	if err != nil {
		t.Fatal(err)
	}
	for _, fault := range report.Faults {
		t.Error(fault)
	}
	share := 100 * report.Run / report.Parsed
	t.Logf("%d runbooks, %d statements: %d ran well (%d %%), %d are excused; %d calls of kubectl were checked and not run",
		len(books), report.Parsed, report.Run, share, report.Excused, report.Checked)
	for _, class := range slices.Sorted(maps.Keys(report.NotRun)) {
		t.Logf("%4d not run: %s", report.NotRun[class], class)
	}
	if share < minExecuted {
		t.Errorf("%d %% of the statements ran well, want at least %d %%", share, minExecuted)
	}
}

// runAll runs some runbooks at a time.
func runAll(t *testing.T, ctx context.Context, books []runbooks.Book) []runbooks.Result {
	t.Helper()
	tools := runbooks.Lab{
		Kubectl: os.Getenv(cluster.BinaryEnv), Kubeconfig: shared.AdminKubeconfig(), KubeletCA: shared.KubeletCAFile(), Timeout: 30 * time.Second,
	}
	results, errs := make([][]runbooks.Result, len(books)), make([]error, len(books))
	var wait sync.WaitGroup
	slots := make(chan struct{}, 4)
	for i, book := range books {
		wait.Go(func() {
			slots <- struct{}{}
			defer func() { <-slots }()
			results[i], errs[i] = tools.Run(ctx, book)
		})
	}
	wait.Wait()
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
	return slices.Concat(results...)
}

// prepareForRunbooks makes what runbooks look for, and takes it away at the end.
func prepareForRunbooks(t *testing.T, ctx context.Context) {
	t.Helper()
	objects := objectsOf(t, "testdata/runbook_objects.yaml")
	for _, o := range buildWith(t, "node") {
		if strings.HasPrefix(o.GetName(), "kubevitals-node") {
			objects = append(objects, o)
		}
	}
	label(t, ctx, "kubevitals", `{"metadata":{"labels":{"pod-security.kubernetes.io/enforce":"privileged"}}}`)
	t.Cleanup(func() {
		label(t, context.WithoutCancel(ctx), "kubevitals", `{"metadata":{"labels":{"pod-security.kubernetes.io/enforce":"restricted"}}}`)
	})
	for _, k := range shared.Kubelets() {
		zone(t, ctx, k.Name, `"zone-a"`)
		t.Cleanup(func() { zone(t, context.WithoutCancel(ctx), k.Name, "null") })
	}
	for _, o := range objects {
		if err := shared.apply(ctx, o); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			if err := shared.remove(context.WithoutCancel(ctx), o); err != nil {
				t.Error(err)
			}
		})
	}
	names := []string{}
	for _, k := range shared.Kubelets() {
		names = append(names, k.Name)
	}
	api, err := shared.ServeMetricsAPI(ctx, cluster.PodMetrics{CPU: "100m", Nodes: names})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		api.Close()
		if err := api.Unregister(context.WithoutCancel(ctx)); err != nil {
			t.Error(err)
		}
	})
	if err := cluster.Eventually(ctx, 3*time.Minute, readyForRunbooks); err != nil {
		t.Fatal(err)
	}
}

// readyForRunbooks waits until each container of kube-system ended once, and the
// autoscaler has read its metric.
func readyForRunbooks(ctx context.Context) error {
	pods, err := shared.Client().CoreV1().Pods(metav1.NamespaceSystem).List(ctx, metav1.ListOptions{})
	if err != nil {
		return err
	}
	if len(pods.Items) < 8 {
		return fmt.Errorf("only %d pods in kube-system", len(pods.Items))
	}
	for _, p := range pods.Items {
		ended := func(s corev1.ContainerStatus) bool { return s.RestartCount > 0 }
		if !slices.ContainsFunc(p.Status.ContainerStatuses, ended) {
			return fmt.Errorf("no container of %s ended and started again", p.Name)
		}
	}
	hpa, err := shared.Client().AutoscalingV2().HorizontalPodAutoscalers("default").Get(ctx, "scaled", metav1.GetOptions{})
	if err != nil {
		return err
	}
	if len(hpa.Status.CurrentMetrics) == 0 {
		return errors.New("the autoscaler has read no metric")
	}
	agents, err := shared.Client().CoreV1().Pods("kubevitals").List(ctx, metav1.ListOptions{LabelSelector: "app.kubernetes.io/name=kubevitals-node"})
	if err != nil {
		return err
	}
	if len(agents.Items) < len(shared.Kubelets()) {
		return fmt.Errorf("%d agents of nodes", len(agents.Items))
	}
	return nil
}

func label(t *testing.T, ctx context.Context, namespace, patch string) {
	t.Helper()
	_, err := shared.Client().CoreV1().Namespaces().Patch(ctx, namespace, types.MergePatchType, []byte(patch), metav1.PatchOptions{})
	if err != nil {
		t.Fatal(err)
	}
}

func zone(t *testing.T, ctx context.Context, node, value string) {
	t.Helper()
	patch := `{"metadata":{"labels":{"topology.kubernetes.io/zone":` + value + `}}}`
	if _, err := shared.Client().CoreV1().Nodes().Patch(ctx, node, types.MergePatchType, []byte(patch), metav1.PatchOptions{}); err != nil {
		t.Fatal(err)
	}
}

func objectsOf(t *testing.T, file string) []*unstructured.Unstructured {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var list []*unstructured.Unstructured
	documents := utilyaml.NewYAMLOrJSONDecoder(bytes.NewReader(text), 4096)
	for {
		o := &unstructured.Unstructured{}
		if err := documents.Decode(&o.Object); errors.Is(err, io.EOF) {
			return list
		} else if err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		list = append(list, o)
	}
}

// runbookLabels are what the alerts would bear, and what a reader would fill in.
func runbookLabels() map[string]map[string]string {
	server := strings.TrimPrefix(shared.RESTConfig().Host, "https://")
	component := func(name string) map[string]string { return map[string]string{"component": name} }
	kubelet := map[string]string{"component": "kubelet", "server": ""}
	return map[string]map[string]string{
		"": {
			"cluster": "lab", "node": "node-0", "peer": "node-1", "zone": "zone-a", "server": server, "hostname": "master-0",
			"check": "etcd", "probe": "read", "resource": "pods", "addon": "dns", "api": "resource",
			"namespace": "default", "horizontalpodautoscaler": "scaled", "type": "Resource", "metric": "cpu", "reason": "x",
			"collector": "apiserver", "source": "nodes", "signature": "update_conflict", "component": "kube-controller-manager",
			"endpoint": shared.EtcdURL(), "uid": "0", "pid": "self", "filesystem": "nodefs", "condition": "Ready", "cause": "unknown",
			"another node": "node-1", "the node of the instance": "node-0", "address of the peer": "127.0.0.1",
			"address of another member": "127.0.0.1", "address of a node that is the cause": "127.0.0.1",
			"address of another node": "127.0.0.1", "image": "lab", "pod": "etcd-master-0", "container": "etcd",
		},
		"KubeVitalsDNSServiceUnreachable":      {"server": "kube-dns"},
		"KubeVitalsDNSServerDown":              {"server": "node-0"},
		"KubeVitalsComponentLogKnownCause":     component("dns"),
		"KubeVitalsNodeLogKnownCause":          component("kubelet"),
		"KubeVitalsMetricCardinalityHigh":      kubelet,
		"KubeVitalsMetricCardinalityTruncated": {"component": "kube-apiserver", "node": ""},
		"KubeVitalsPodSetupFailing":            {"namespace": "kube-system"},
	}
}
