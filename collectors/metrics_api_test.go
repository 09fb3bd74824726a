package collectors

import (
	"errors"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/kubevitals/kubevitals/sources"
)

func yes() *bool { b := true; return &b }
func no() *bool  { b := false; return &b }

func TestMetricsAPI(t *testing.T) {
	t.Parallel()
	at := time.Unix(1_800_000_000, 0)
	golden(t, metricsAPIName, metricsAPICollector{
		services: func() ([]sources.APIService, error) {
			return []sources.APIService{
				{Name: "v1.apps", Local: true, Available: yes(), Reason: "Local"},
				{Name: "v1beta1.metrics.k8s.io", Service: "kube-system/metrics-server", Available: yes(), Reason: "Passed"},
				{Name: "v1beta1.external.metrics.k8s.io", Service: "monitoring/datadog-cluster-agent-metrics-api", Available: no(), Reason: "MissingEndpoints"},
			}, nil
		},
		nodes: readyNodes(map[string]corev1.ConditionStatus{"with-figures": "True", "without": "True"}),
		figures: func() (sources.NodeMetrics, error) {
			return sources.NodeMetrics{"with-figures": at, "deleted-meanwhile": at}, nil
		},
	}, MetricsAPI().Metrics)
}

func TestMetricsAPIs(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name     string
		services []sources.APIService
		want     []string
	}{
		{"none is registered", nil, []string{`registered{api="resource"} 0`}},
		{"one version is enough", []sources.APIService{
			{Name: "v1.metrics.k8s.io", Service: "monitoring/old", Available: no(), Reason: "FailedDiscoveryCheck"},
			{Name: "v1beta1.metrics.k8s.io", Service: "kube-system/metrics-server", Available: yes(), Reason: "Passed"},
		}, []string{
			`registered{api="resource"} 1`, `available{api="resource",reason="Passed"} 1`,
			`backend_info{api="resource",backend="kube-system/metrics-server"} 1`,
		}},
		{"not looked at yet", []sources.APIService{{Name: "v1beta1.metrics.k8s.io"}},
			[]string{`available{api="resource",reason="Unknown"} 0`}},
		{"a reason that is not known", []sources.APIService{{Name: "v1beta1.metrics.k8s.io", Available: no(), Reason: "because <b>"}},
			[]string{`available{api="resource",reason="Other"} 0`}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c := metricsAPICollector{
				services: func() ([]sources.APIService, error) { return tt.services, nil },
				nodes:    readyNodes(map[string]corev1.ConditionStatus{"n1": "True"}),
				figures:  func() (sources.NodeMetrics, error) { return nil, nil },
			}
			got := string(scrapeText(t, metricsAPIName, c, MetricsAPI().Metrics))
			for _, line := range tt.want {
				if !strings.Contains(got, "kubevitals_metrics_api_"+line+"\n") {
					t.Errorf("%s is missing in:\n%s", line, got)
				}
			}
			if strings.Contains(got, "metrics_api_nodes{") {
				t.Errorf("tells of nodes though no API answered:\n%s", got)
			}
		})
	}
}

// TestMetricsAPITellsTheRest verifies that a part that cannot be read is absent and
// makes the collector fail, and that the other part is told.
func TestMetricsAPITellsTheRest(t *testing.T) {
	t.Parallel()
	blind := errors.New("forbidden")
	services := func() ([]sources.APIService, error) { return nil, nil }
	nodes := readyNodes(map[string]corev1.ConditionStatus{"n1": "True"})
	figures := func() (sources.NodeMetrics, error) { return sources.NodeMetrics{}, nil }
	const registrations, ofNodes = "kubevitals_metrics_api_registered{", "kubevitals_metrics_api_nodes{"
	for name, tt := range map[string]struct {
		collector    metricsAPICollector
		told, absent string
	}{
		"APIServices": {metricsAPICollector{func() ([]sources.APIService, error) { return nil, blind }, nodes, figures}, ofNodes, registrations},
		"nodes":       {metricsAPICollector{services, func() ([]*corev1.Node, error) { return nil, blind }, figures}, registrations, ofNodes},
		"figures":     {metricsAPICollector{services, nodes, func() (sources.NodeMetrics, error) { return nil, blind }}, registrations, ofNodes},
	} {
		text := string(scrapeText(t, metricsAPIName, tt.collector, MetricsAPI().Metrics))
		if !strings.Contains(text, tt.told) || strings.Contains(text, tt.absent) || !strings.Contains(text, `success{collector="metrics_api"} 0`) {
			t.Errorf("without %s:\n%s", name, text)
		}
		if err := collectError(t, tt.collector); !errors.Is(err, blind) {
			t.Errorf("%s: %v, want the source's error", name, err)
		}
	}
}
