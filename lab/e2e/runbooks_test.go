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
	"github.com/kubevitals/kubevitals/lab/hollow"
	"github.com/kubevitals/kubevitals/lab/runbooks"
)

// minExecuted is the share of statements that ran well when the runbooks were
// last changed, in percent. Raise it when more can be run; a runbook that can be
// run no longer must not lower it unseen.
const minExecuted = 1

// TestRunbooks runs what only reads in all runbooks, as an administrator, with
// labels of what is there. It has a cluster of its own: what it makes there would
// let a kubevitals probe addresses of pods and Services.
func TestRunbooks(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 15*time.Minute)
	defer cancel()
	l := startForRunbooks(t, ctx)
	t.Run("shipped", func(t *testing.T) { l.runShipped(t, ctx) })
	t.Run("broken", func(t *testing.T) { l.runBroken(t, ctx) })
}

func (l *lab) runShipped(t *testing.T, ctx context.Context) {
	books, err := runbooks.Load(ctx, "../..", l.runbookLabels())
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
	report, err := runbooks.Judge(l.runAll(t, ctx, l.AdminKubeconfig(), books), excuses)
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

// runBroken shows that each kind of mistake is found.
func (l *lab) runBroken(t *testing.T, ctx context.Context) {
	account, err := l.ServiceAccountKubeconfig(ctx, "kubevitals", "kubevitals")
	if err != nil {
		t.Fatal(err)
	}
	for _, broken := range []struct{ name, kubeconfig, script, says string }{
		{"flag", "", "kubectl get nodes --wider", "unknown flag: --wider"},
		{"flag of what is not run", "", "kubectl debug node/node-0 -it --picture=busybox -- date", "unknown flag: --picture"},
		{"printer that is not allowed", "", "kubectl get nodes --show-labels -o custom-columns=A:.metadata.name", "--show-labels"},
		{"kind", "", "kubectl get knodes | head", `resource type "knodes"`},
		{"path of jq", "", "kubectl get nodes -o json | jq '.items.metadata'", "Cannot index array"},
		{"path of jsonpath", "", "A=$(kubectl get nodes -o jsonpath='{.items[9].metadata.name}'); echo \"$A\"", "out of bounds"},
		{"field selector", "", "kubectl get pods -A --field-selector spec.node=node-0", "not supported"},
		{"label selector", "", "kubectl -n kube-system get pods -l k8s-app=kube-dnss", "selects nothing"},
		{"name", "", "kubectl get node 'node-9' | grep Ready", "not found"},
		{"quotes", "", "grep -E 'a|b(' /etc/hostname", "Unmatched"},
		{"variable", "", "echo \"$NOED\"", "NOED: unbound variable"},
		{"after a variable", "", "echo \"$NOED\"\ndate", "the shell ended before"},
		{"right", account, "kubectl get configmaps -A", "forbidden"},
		{"right of another", "", "kubectl auth can-i delete nodes -A --as=system:serviceaccount:kubevitals:kubevitals", "ends with 1"},
		{"program", "", "frobnicate --all", "not known"},
		{"placeholder", "", "NODE='<nod>'", "no value for '<nod>'"},
		{"path on a kubelet", "", "kubectl get --raw /api/v1/nodes/node-0/proxy/stats/summery", "NotFound"},
		{"what never ends", "", "sleep 3600", "does not end"},
	} {
		t.Run(broken.name, func(t *testing.T) {
			kubeconfig := broken.kubeconfig
			if kubeconfig == "" {
				kubeconfig = l.AdminKubeconfig()
			}
			book := runbooks.Book{Alert: "Broken", Commands: []runbooks.Command{{Section: "Diagnosis", Step: 1, Script: broken.script}}}
			report, err := runbooks.Judge(l.runAll(t, ctx, kubeconfig, []runbooks.Book{book}), nil)
			if err != nil {
				t.Fatal(err)
			}
			if all := strings.Join(report.Faults, "\n"); !strings.Contains(all, broken.says) {
				t.Errorf("faults %q, want %q", all, broken.says)
			}
		})
	}
}

// runAll runs some runbooks at a time.
func (l *lab) runAll(t *testing.T, ctx context.Context, kubeconfig string, books []runbooks.Book) []runbooks.Result {
	t.Helper()
	tools := runbooks.Lab{
		Kubectl: os.Getenv(cluster.BinaryEnv), Kubeconfig: kubeconfig, KubeletCA: l.KubeletCAFile(), Timeout: 20 * time.Second,
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

// startForRunbooks starts a cluster with what runbooks look for.
func startForRunbooks(t *testing.T, ctx context.Context) *lab {
	t.Helper()
	c, err := cluster.Start(ctx, cluster.Options{Nodes: 3, Logf: t.Logf})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if t.Failed() {
			c.Fail()
		}
		c.Stop()
	})
	l := &lab{Cluster: c}
	names := []string{}
	for _, k := range c.Kubelets() {
		names = append(names, k.Name)
		zone := []byte(`{"metadata":{"labels":{"topology.kubernetes.io/zone":"zone-a"}}}`)
		if _, err := c.Client().CoreV1().Nodes().Patch(ctx, k.Name, types.MergePatchType, zone, metav1.PatchOptions{}); err != nil {
			t.Fatal(err)
		}
	}
	shipped := buildWith(t, "node", "connectivity")
	for _, o := range shipped {
		letContainersEnd(t, o)
	}
	if err := l.apply(ctx, append(shipped, objectsOf(t, "testdata/runbook_objects.yaml")...)...); err != nil {
		t.Fatal(err)
	}
	api, err := c.ServeMetricsAPI(ctx, cluster.PodMetrics{CPU: "100m", Nodes: names})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(api.Close)
	if err := cluster.Eventually(ctx, 4*time.Minute, l.readyForRunbooks); err != nil {
		t.Fatal(err)
	}
	return l
}

// letContainersEnd gives the pods of a workload an image whose containers end, so
// that there is a log of the run before.
func letContainersEnd(t *testing.T, o *unstructured.Unstructured) {
	t.Helper()
	// What kustomize builds holds numbers that the copying functions do not take.
	value, _, err := unstructured.NestedFieldNoCopy(o.Object, "spec", "template", "spec", "containers")
	if err != nil {
		t.Fatal(err)
	}
	containers, _ := value.([]any)
	for _, c := range containers {
		container, ok := c.(map[string]any)
		if !ok {
			t.Fatalf("a container of %s is not an object", o.GetName())
		}
		container["image"] = "registry.example/" + hollow.ExitImage
	}
}

// readyForRunbooks waits until each container ended once, and the autoscaler has
// read its metric.
func (l *lab) readyForRunbooks(ctx context.Context) error {
	for namespace, least := range map[string]int{metav1.NamespaceSystem: 14, "kubevitals": 4} {
		pods, err := l.Client().CoreV1().Pods(namespace).List(ctx, metav1.ListOptions{})
		if err != nil {
			return err
		}
		if len(pods.Items) < least {
			return fmt.Errorf("%d pods in %s, want %d", len(pods.Items), namespace, least)
		}
		for _, p := range pods.Items {
			ended := func(s corev1.ContainerStatus) bool { return s.RestartCount > 0 }
			if !slices.ContainsFunc(p.Status.ContainerStatuses, ended) {
				return fmt.Errorf("no container of %s ended and started again", p.Name)
			}
		}
	}
	hpa, err := l.Client().AutoscalingV2().HorizontalPodAutoscalers("default").Get(ctx, "scaled", metav1.GetOptions{})
	if err != nil {
		return err
	}
	if len(hpa.Status.CurrentMetrics) == 0 {
		return errors.New("the autoscaler has read no metric")
	}
	return nil
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
func (l *lab) runbookLabels() map[string]map[string]string {
	server := strings.TrimPrefix(l.RESTConfig().Host, "https://")
	component := func(name string) map[string]string { return map[string]string{"component": name} }
	kubelet := map[string]string{"component": "kubelet", "server": ""}
	return map[string]map[string]string{
		"": {
			"cluster": "lab", "node": "node-0", "peer": "node-1", "zone": "zone-a", "server": server, "hostname": "master-0",
			"check": "etcd", "probe": "read", "resource": "pods", "addon": "dns", "api": "resource",
			"namespace": "default", "horizontalpodautoscaler": "scaled", "type": "Resource", "metric": "cpu", "reason": "x",
			"collector": "apiserver", "source": "nodes", "signature": "update_conflict", "component": "kube-controller-manager",
			"endpoint": l.EtcdURL(), "uid": "0", "pid": "self", "filesystem": "nodefs", "condition": "Ready", "cause": "unknown",
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
