package snapshot

import (
	"encoding/json"
	"log/slog"
	"strings"
	"testing"

	dto "github.com/prometheus/client_model/go"
	"google.golang.org/protobuf/proto"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/kubevitals/kubevitals/sources"
)

// TestNamesThatOthersMake verifies that names which others put names into do not leave
// the cluster: conditions of load balancers and metrics of event-driven autoscalers.
func TestNamesThatOthersMake(t *testing.T) {
	t.Parallel()
	names, err := newRedactor()
	if err != nil {
		t.Fatal(err)
	}
	r := &recorder{RecordOptions: RecordOptions{Resources: sources.Resources(), Logger: slog.New(slog.DiscardHandler)}, names: names}
	record := func(source sources.Read, obj any) runtime.Object {
		q, err := r.query(source)
		if err != nil {
			t.Fatal(err)
		}
		raw, err := json.Marshal(obj)
		if err != nil {
			t.Fatal(err)
		}
		kept, ok := r.trim(q, raw)
		if !ok {
			t.Fatalf("%s: nothing is kept", source)
		}
		return kept
	}
	in := metav1.ObjectMeta{Name: "web", Namespace: "shop"}
	metric := autoscalingv2.MetricIdentifier{Name: "s0-prometheus-shop-queue"}
	pod := record(sources.Pods, &corev1.Pod{ObjectMeta: in, Status: corev1.PodStatus{Conditions: []corev1.PodCondition{
		{Type: "target-health.example.com/shop-ingress_shop-checkout_8080", Status: corev1.ConditionTrue},
		{Type: corev1.PodScheduled, Status: corev1.ConditionTrue},
	}}})
	scaler := record(sources.HPAs, &autoscalingv2.HorizontalPodAutoscaler{ObjectMeta: in, Spec: autoscalingv2.HorizontalPodAutoscalerSpec{Metrics: []autoscalingv2.MetricSpec{
		{Type: "External", External: &autoscalingv2.ExternalMetricSource{Metric: metric}},
		{Type: "Pods", Pods: &autoscalingv2.PodsMetricSource{Metric: metric}},
		{Type: "Object", Object: &autoscalingv2.ObjectMetricSource{Metric: metric}},
	}}})
	text, err := json.Marshal([]any{pod, scaler})
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(text), "shop") || strings.Count(string(text), "metric-1") != 3 || !strings.Contains(string(text), "PodScheduled") {
		t.Errorf("the redacted objects are %s", text)
	}
}

// TestHostsOfServers verifies that servers that are called by a name are not, wherever
// that name is.
func TestHostsOfServers(t *testing.T) {
	t.Parallel()
	r, err := newRedactor()
	if err != nil {
		t.Fatal(err)
	}
	family := func(label, value string) *dto.MetricFamily {
		return &dto.MetricFamily{Metric: []*dto.Metric{{Label: []*dto.LabelPair{{Name: &label, Value: proto.String(value)}}}}}
	}
	families := []*dto.MetricFamily{
		family("server", "cp-1.acme.example:6443"), family("endpoint", "https://etcd-0.acme.example:2379"),
		family("endpoint", "configz"), family("server", "[2001:db8::1]:6443"), family("server", "localhost:6443"),
	}
	r.learnHosts("https://api.acme.example", families)
	for text, want := range map[string]string{
		"api.acme.example answers":         "host-1 answers",
		"cp-1.acme.example:6443":           "host-2:6443",
		"https://etcd-0.acme.example:2379": "https://host-3:2379",
		"configz":                          "configz",
		"localhost:6443":                   "localhost:6443",
	} {
		if got := r.Text(text); got != want {
			t.Errorf("%q becomes %q, want %q", text, got, want)
		}
	}
	if got := r.Text("[2001:db8::1]:6443"); strings.Contains(got, "db8") {
		t.Errorf("an address becomes %q", got)
	}
	var none *redactor
	none.learnHosts("https://api.acme.example", families)
}
