package e2e

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"

	"github.com/kubevitals/kubevitals/lab/cluster"
	"github.com/kubevitals/kubevitals/lab/hollow"
	"github.com/kubevitals/kubevitals/lab/manifests"
)

// startForRunbooks starts a cluster with what runbooks look for.
func startForRunbooks(t *testing.T) *lab {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 6*time.Minute)
	defer cancel()
	c := ownCluster(ctx, t, cluster.Options{Nodes: 3})
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
	journal := time.Now().UTC().Format("Jan _2 15:04:05.000000") + " node-0 kubelet[7]: E1101 skipping pod synchronization\n"
	if err := c.Kubelets()[0].WriteJournal(journal); err != nil {
		t.Fatal(err)
	}
	l.makeSick(t)
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

// makeSick lets pods of the namespace sick be evicted, and wait for a finalizer.
func (l *lab) makeSick(t *testing.T) {
	t.Helper()
	ctx := t.Context()
	pods := l.Client().CoreV1().Pods("sick")
	evicted := []byte(`{"status":{"phase":"Failed","reason":"Evicted","message":"The node was low on resource: memory."}}`)
	if _, err := pods.Patch(ctx, "evicted", types.MergePatchType, evicted, metav1.PatchOptions{}, "status"); err != nil {
		t.Fatal(err)
	}
	now := int64(0)
	if err := pods.Delete(ctx, "held", metav1.DeleteOptions{GracePeriodSeconds: &now}); err != nil {
		t.Fatal(err)
	}
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
	list, err := manifests.Decode(text)
	if err != nil {
		t.Fatalf("%s: %v", file, err)
	}
	return list
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
			"endpoint": l.EtcdURL(), "uid": "0", "pid": "self", "filesystem": "nodefs", "condition": "Ready", "cause": "unknown", "fault": "disk",
			"another node": "node-1", "the node of the instance": "node-0", "address of the peer": "127.0.0.1",
			"address of another member": "127.0.0.1", "address of a node that is the cause": "127.0.0.1",
			"name":                    "check.example.com",
			"backend":                 "default/kubernetes",
			"taint":                   "node.cilium.io/agent-not-ready",
			"webhook":                 "check.example.com",
			"priority_level":          "workload-low",
			"signer":                  "kubernetes.io/kubelet-serving",
			"state":                   "nospace",
			"address of another node": "127.0.0.1", "image": "lab", "pod": "etcd-master-0", "container": "etcd",
		},
		"KubeVitalsDNSServiceUnreachable":      {"server": "kube-dns"},
		"KubeVitalsDNSServerDown":              {"server": "node-0"},
		"KubeVitalsComponentLogKnownCause":     component("dns"),
		"KubeVitalsNodeLogKnownCause":          component("kubelet"),
		"KubeVitalsMetricCardinalityHigh":      kubelet,
		"KubeVitalsMetricCardinalityTruncated": {"component": "kube-apiserver", "node": ""},
		"KubeVitalsPodSetupFailing":            {"namespace": "kube-system"},
		"KubeVitalsCABundleExpiring":           {"kind": "APIService", "name": "v1.apps"},
		"KubeVitalsPodInitSlow":                {"namespace": "kube-system"},
	}
}
