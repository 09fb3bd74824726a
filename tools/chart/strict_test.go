package chart

import (
	"fmt"
	"strings"
	"testing"

	monitoringv1 "github.com/prometheus-operator/prometheus-operator/pkg/apis/monitoring/v1"
	monitoringv1alpha1 "github.com/prometheus-operator/prometheus-operator/pkg/apis/monitoring/v1alpha1"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	"k8s.io/client-go/kubernetes/scheme"
)

// TestCases renders each case and decodes each object into its Go type, which refuses
// fields that there are not and fields that are there twice.
func TestCases(t *testing.T) {
	t.Parallel()
	known := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{scheme.AddToScheme, monitoringv1.AddToScheme, monitoringv1alpha1.AddToScheme} {
		if err := add(known); err != nil {
			t.Fatal(err)
		}
	}
	strict := serializer.NewCodecFactory(known, serializer.EnableStrict).UniversalDeserializer()
	c, kinds := load(t), map[string]map[string]int{}
	for _, one := range Cases() {
		documents, _, err := one.Render(c)
		if err != nil {
			t.Error(err)
			continue
		}
		seen, count := map[string]bool{}, map[string]int{}
		for _, text := range documents {
			object, kind, err := strict.Decode([]byte(text), nil, nil)
			if err != nil {
				t.Errorf("%s: %v in\n%.2000s", one.Name, err, text)
				continue
			}
			o, err := meta.Accessor(object)
			if err != nil {
				t.Fatal(err)
			}
			name := fmt.Sprintf("%s %s/%s", kind.Kind, o.GetNamespace(), o.GetName())
			if seen[name] || o.GetName() == "" || o.GetNamespace() == "" && !strings.HasPrefix(kind.Kind, "ClusterRole") {
				t.Errorf("%s: %s is there twice, or lacks its name or namespace", one.Name, name)
			}
			if labels := o.GetLabels(); labels["app.kubernetes.io/instance"] != "vitals" || labels["app.kubernetes.io/managed-by"] != "Helm" {
				t.Errorf("%s: %s has the labels %v", one.Name, name, labels)
			}
			seen[name] = true
			count[kind.Kind]++
		}
		kinds[one.Name] = count
		t.Logf("%s: %d objects", one.Name, len(documents))
	}
	for _, want := range []struct {
		name, kind string
		count      int
	}{
		{"plain", "ServiceMonitor", 0}, {"plain", "PrometheusRule", 0}, {"plain", "ConfigMap", 10}, {"plain", "DaemonSet", 0}, {"plain", "NetworkPolicy", 0},
		{"plain", "PodDisruptionBudget", 1}, {"operator", "ServiceMonitor", 1}, {"operator", "AlertmanagerConfig", 0},
		{"switched-off-with-operator", "ServiceMonitor", 0}, {"switched-off-with-operator", "PrometheusRule", 0},
		{"forced-without-operator", "ServiceMonitor", 1}, {"forced-without-operator", "AlertmanagerConfig", 1}, {"forced-by-a-word", "ServiceMonitor", 1},
		{"kube-prometheus-stack", "AlertmanagerConfig", 1}, {"rules-alone", "ServiceMonitor", 0}, {"rules-alone", "ConfigMap", 0}, {"monitors-alone", "PrometheusRule", 0},
		{"everything", "DaemonSet", 2}, {"everything", "ServiceMonitor", 2}, {"agents", "ServiceMonitor", 2}, {"agents", "DaemonSet", 1},
		{"pods-alone", "DaemonSet", 1}, {"pods-alone", "NetworkPolicy", 2}, {"closed", "NetworkPolicy", 1},
		{"rights-by-others", "ClusterRole", 0}, {"rights-by-others", "RoleBinding", 0}, {"rights-by-others", "ServiceAccount", 2},
		{"provider-with-quota", "ResourceQuota", 1}, {"plain", "ResourceQuota", 0}, {"bare", "ResourceQuota", 0}, {"bare", "PodDisruptionBudget", 0},
	} {
		if got := kinds[want.name][want.kind]; got != want.count {
			t.Errorf("%s: %d objects of kind %s, want %d", want.name, got, want.kind, want.count)
		}
	}
	if len(kinds) < 12 || kinds["operator"]["PrometheusRule"] == 0 {
		t.Errorf("%d cases: %v", len(kinds), kinds["operator"])
	}
}
