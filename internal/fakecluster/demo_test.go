package fakecluster_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/kubernetes"

	"github.com/kubevitals/kubevitals/internal/fakecluster"
)

func serveDemo(t *testing.T) (*fakecluster.Cluster, *kubernetes.Clientset) {
	t.Helper()
	s, err := fakecluster.Demo(time.Now())
	if err != nil {
		t.Fatal(err)
	}
	c := serve(t, s, fakecluster.Options{})
	return c, typed(t, c, protobufType)
}

// TestDemoNodes verifies that each node has the trouble that cluster.yaml tells of,
// and no other has.
func TestDemoNodes(t *testing.T) {
	t.Parallel()
	c, client := serveDemo(t)
	nodes, err := client.CoreV1().Nodes().List(t.Context(), metav1.ListOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if len(nodes.Items) != 8 {
		t.Errorf("%d nodes", len(nodes.Items))
	}
	kubelet := kubeletClient(t, c)
	for _, n := range nodes.Items {
		conditions := map[corev1.NodeConditionType]corev1.ConditionStatus{}
		for _, condition := range n.Status.Conditions {
			conditions[condition.Type] = condition.Status
		}
		want := map[corev1.NodeConditionType]corev1.ConditionStatus{"Ready": "True", "DiskPressure": "False"}
		switch n.Name {
		case "worker-2":
			want["DiskPressure"] = "True"
		case "worker-3":
			want["Ready"], want["DiskPressure"] = "Unknown", "Unknown"
		}
		for condition, status := range want {
			if conditions[condition] != status {
				t.Errorf("%s: %s is %q, want %q", n.Name, condition, conditions[condition], status)
			}
		}
		old := n.Name == "batch-1" || n.Name == "edge-1"
		if got := n.Status.NodeInfo.KubeletVersion == "v1.13.12"; got != old {
			t.Errorf("%s: kubelet %s", n.Name, n.Status.NodeInfo.KubeletVersion)
		}
		if n.Name == "worker-3" {
			if _, err := kubelet.Get("https://" + c.KubeletAddress(n.Name) + "/metrics"); err == nil {
				t.Errorf("%s: its kubelet answers", n.Name)
			}
			continue
		}
		checkDemoKubelet(t, kubelet, c, n.Name)
	}
}

func checkDemoKubelet(t *testing.T, client *http.Client, c *fakecluster.Cluster, name string) {
	t.Helper()
	base := "https://" + c.KubeletAddress(name)
	_, body := get(t, client, base+"/metrics")
	parser := expfmt.NewTextParser(model.LegacyValidation)
	families, err := parser.TextToMetricFamilies(strings.NewReader(body))
	if err != nil {
		t.Fatalf("%s: metrics: %v", name, err)
	}
	if resident := families["process_resident_memory_bytes"].GetMetric()[0].GetGauge().GetValue(); (resident > 2e9) != (name == "edge-1") {
		t.Errorf("%s: %.0f bytes resident", name, resident)
	}
	// The sixteen names of the guide, in its proportions.
	count := func(family string) int { return strings.Count(body, "\nreflector_"+family+"{") }
	if single, thrice := count("watches_total"), count("items_per_list"); thrice != 3*single || (single >= 400) != (name == "edge-1") {
		t.Errorf("%s: %d and %d series of reflectors", name, single, thrice)
	}
	_, body = get(t, client, base+"/stats/summary")
	var summary struct {
		Node struct {
			NodeName string
			FS       struct{ AvailableBytes, CapacityBytes float64 }
		}
	}
	if err := json.Unmarshal([]byte(body), &summary); err != nil {
		t.Fatalf("%s: summary: %v", name, err)
	}
	fs := summary.Node.FS
	if free := fs.AvailableBytes / fs.CapacityBytes; summary.Node.NodeName != name || (free < 0.1) != (name == "worker-2") {
		t.Errorf("%s: summary %+v", name, summary)
	}
	_, body = get(t, client, base+"/configz")
	var config struct{ Kubeletconfig map[string]any }
	if err := json.Unmarshal([]byte(body), &config); err != nil || config.Kubeletconfig["configMapAndSecretChangeDetectionStrategy"] != "Watch" {
		t.Errorf("%s: configuration %s, %v", name, body, err)
	}
}

func TestDemoAPIServers(t *testing.T) {
	t.Parallel()
	c, client := serveDemo(t)
	api := httpClient(t, c.RESTConfig())
	_, body := get(t, api, "https://"+c.APIServerAddress("cp-1")+"/readyz?verbose")
	if strings.Contains(body, "[-]") {
		t.Errorf("cp-1: %s", body)
	}
	if status, body := get(t, api, "https://"+c.APIServerAddress("cp-2")+"/readyz"); status != 500 || strings.Count(body, "[-]") != 1 || !strings.Contains(body, "[-]etcd-readiness") {
		t.Errorf("cp-2: %s", body)
	}
	if _, err := api.Get("https://" + c.APIServerAddress("cp-3") + "/livez"); err == nil {
		t.Error("cp-3 answers")
	}
	for _, name := range []string{"cp-1", "cp-2"} {
		_, body := get(t, api, "https://"+c.APIServerAddress(name)+"/metrics")
		parser := expfmt.NewTextParser(model.LegacyValidation)
		if _, err := parser.TextToMetricFamilies(strings.NewReader(body)); err != nil {
			t.Errorf("%s: metrics: %v", name, err)
		}
	}
	leases, err := client.CoordinationV1().Leases("kube-system").List(t.Context(), metav1.ListOptions{LabelSelector: "apiserver.kubernetes.io/identity=kube-apiserver"})
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range leases.Items {
		host := l.Labels[corev1.LabelHostname]
		if stale := time.Since(l.Spec.RenewTime.Time) > time.Minute; stale != (host == "cp-3") {
			t.Errorf("%s: renewed %s", host, l.Spec.RenewTime)
		}
		if l.Annotations["kubernetes.io/peer-advertise-address"] != c.APIServerAddress(host) {
			t.Errorf("%s: annotations %v", host, l.Annotations)
		}
	}
	if len(leases.Items) != 3 {
		t.Errorf("%d identity leases", len(leases.Items))
	}
}

// TestDemoPods counts what the live pods of batch-1 refer to.
func TestDemoPods(t *testing.T) {
	t.Parallel()
	_, client := serveDemo(t)
	pods, err := client.CoreV1().Pods("").List(t.Context(), metav1.ListOptions{FieldSelector: "spec.nodeName=batch-1,status.phase=Running"})
	if err != nil {
		t.Fatal(err)
	}
	configMaps, secrets := map[string]bool{}, map[string]bool{}
	for _, p := range pods.Items {
		for _, v := range p.Spec.Volumes {
			if v.ConfigMap != nil {
				configMaps[p.Namespace+"/"+v.ConfigMap.Name] = true
			}
		}
		for _, env := range p.Spec.Containers[0].Env {
			secrets[p.Namespace+"/"+env.ValueFrom.SecretKeyRef.Name] = true
		}
	}
	if len(configMaps) < 150 || len(secrets) < 150 {
		t.Errorf("%d ConfigMaps, %d Secrets", len(configMaps), len(secrets))
	}
}

func TestDemoAutoscaling(t *testing.T) {
	t.Parallel()
	c, client := serveDemo(t)
	hpas, err := client.AutoscalingV2().HorizontalPodAutoscalers("").List(t.Context(), metav1.ListOptions{})
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for _, h := range hpas.Items {
		for _, condition := range h.Status.Conditions {
			if condition.Type == "ScalingActive" {
				got[h.Name] = condition.Reason
			}
		}
	}
	want := map[string]string{"php-apache": "FailedGetResourceMetric", "web": "FailedGetResourceMetric", "report-worker": "ValidMetricFound"}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("autoscalers %v, want %v", got, want)
	}
	dynamicClient, err := dynamic.NewForConfig(c.RESTConfig())
	if err != nil {
		t.Fatal(err)
	}
	services := dynamicClient.Resource(schema.GroupVersionResource{Group: "apiregistration.k8s.io", Version: "v1", Resource: "apiservices"})
	for name, status := range map[string]string{"v1beta1.metrics.k8s.io": "False", "v1beta1.external.metrics.k8s.io": "True", "v1.apps": "True"} {
		service, err := services.Get(t.Context(), name, metav1.GetOptions{})
		if err != nil {
			t.Fatal(err)
		}
		conditions, _, err := unstructured.NestedSlice(service.Object, "status", "conditions")
		if err != nil || conditions[0].(map[string]any)["status"] != status {
			t.Errorf("%s: %v, %v", name, conditions, err)
		}
	}
}
