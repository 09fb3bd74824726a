package collectors

import (
	"errors"
	"os"
	"strings"
	"testing"

	autoscalingv2 "k8s.io/api/autoscaling/v2"
	"sigs.k8s.io/yaml"
)

// hpaFixtures reads the autoscalers of testdata/autoscaling.yaml.
func hpaFixtures(t *testing.T) []*autoscalingv2.HorizontalPodAutoscaler {
	t.Helper()
	text, err := os.ReadFile("testdata/autoscaling.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var list []*autoscalingv2.HorizontalPodAutoscaler
	for document := range strings.SplitSeq(string(text), "\n---\n") {
		hpa := &autoscalingv2.HorizontalPodAutoscaler{}
		if err := yaml.UnmarshalStrict([]byte(document), hpa); err != nil {
			t.Fatalf("%v in:\n%s", err, document)
		}
		list = append(list, hpa)
	}
	return list
}

func yes() *bool { b := true; return &b }
func no() *bool  { b := false; return &b }

func TestAutoscaling(t *testing.T) {
	t.Parallel()
	c := autoscaling{
		hpas: func() ([]*autoscalingv2.HorizontalPodAutoscaler, error) { return hpaFixtures(t), nil },
		services: func() ([]APIService, error) {
			return []APIService{
				{Name: "v1.apps", Local: true, Available: yes(), Reason: "Local"},
				{Name: "v1beta1.metrics.k8s.io", Available: no(), Reason: "MissingEndpoints"},
				{Name: "v1beta1.external.metrics.k8s.io", Available: yes(), Reason: "Passed"},
			}, nil
		},
	}
	golden(t, autoscalingName, c, Autoscaling().Metrics)
}

func TestMetricsAPIs(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name     string
		services []APIService
		want     []string
	}{
		{"nobody is registered", nil, []string{`registered{api="resource"} 0`}},
		{"one version is enough", []APIService{
			{Name: "v1.metrics.k8s.io", Available: no(), Reason: "FailedDiscoveryCheck"},
			{Name: "v1beta1.metrics.k8s.io", Available: yes(), Reason: "Passed"},
		}, []string{`registered{api="resource"} 1`, `available{api="resource",reason="Passed"} 1`}},
		{"not looked at yet", []APIService{{Name: "v1beta1.metrics.k8s.io"}},
			[]string{`available{api="resource",reason="Unknown"} 0`}},
		{"a reason nobody knows", []APIService{{Name: "v1beta1.metrics.k8s.io", Available: no(), Reason: "because <b>"}},
			[]string{`available{api="resource",reason="Other"} 0`}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c := autoscaling{
				hpas:     func() ([]*autoscalingv2.HorizontalPodAutoscaler, error) { return nil, nil },
				services: func() ([]APIService, error) { return tt.services, nil },
			}
			got := string(scrapeText(t, autoscalingName, c, Autoscaling().Metrics))
			for _, line := range tt.want {
				if !strings.Contains(got, "kubevitals_autoscaling_metrics_api_"+line+"\n") {
					t.Errorf("%s is missing in:\n%s", line, got)
				}
			}
		})
	}
}

func TestAutoscalingIsSilentWhileBlind(t *testing.T) {
	t.Parallel()
	blind := errors.New("forbidden")
	hpas := func() ([]*autoscalingv2.HorizontalPodAutoscaler, error) { return nil, nil }
	services := func() ([]APIService, error) { return nil, nil }
	for name, c := range map[string]autoscaling{
		"autoscalers": {func() ([]*autoscalingv2.HorizontalPodAutoscaler, error) { return nil, blind }, services},
		"APIServices": {hpas, func() ([]APIService, error) { return nil, blind }},
	} {
		if err := c.Collect(t.Context(), nil); !errors.Is(err, blind) {
			t.Errorf("%s: %v, want the source's error", name, err)
		}
	}
}
