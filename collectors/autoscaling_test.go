package collectors

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	autoscalingv2 "k8s.io/api/autoscaling/v2"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
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

func TestAutoscaling(t *testing.T) {
	t.Parallel()
	c := autoscalingCollector{func() ([]*autoscalingv2.HorizontalPodAutoscaler, error) { return hpaFixtures(t), nil }, time.Now}
	golden(t, autoscalingName, c, Autoscaling().Metrics)
}

// TestAutoscalersWithoutConditions verifies that only one is called not reconciled that
// its controller had the time to look at and did not.
func TestAutoscalersWithoutConditions(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC)
	for name, test := range map[string]struct {
		age    time.Duration
		status autoscalingv2.HorizontalPodAutoscalerStatus
		want   []string
	}{
		"for a day":                   {24 * time.Hour, autoscalingv2.HorizontalPodAutoscalerStatus{}, []string{`reason="NotReconciled"} 0`}},
		"brand-new":                   {5 * time.Second, autoscalingv2.HorizontalPodAutoscalerStatus{}, nil},
		"autoscaling/v1, that scales": {24 * time.Hour, autoscalingv2.HorizontalPodAutoscalerStatus{CurrentReplicas: 2, DesiredReplicas: 2}, nil},
		"autoscaling/v1, with its current CPU": {
			24 * time.Hour, autoscalingv2.HorizontalPodAutoscalerStatus{CurrentReplicas: 2, CurrentMetrics: []autoscalingv2.MetricStatus{{Type: autoscalingv2.ResourceMetricSourceType}}},
			[]string{`reason="ValidMetricFound"} 1`},
		},
	} {
		hpa := &autoscalingv2.HorizontalPodAutoscaler{Status: test.status}
		hpa.Namespace, hpa.Name, hpa.CreationTimestamp = "shop", "web", metav1.NewTime(now.Add(-test.age))
		c := autoscalingCollector{func() ([]*autoscalingv2.HorizontalPodAutoscaler, error) {
			return []*autoscalingv2.HorizontalPodAutoscaler{hpa}, nil
		}, func() time.Time { return now }}
		text := string(scrapeText(t, autoscalingName, c, Autoscaling().Metrics))
		if got := strings.Count(text, autoscalingMetrics.Name+"{"); got != len(test.want) {
			t.Errorf("%s: %d verdicts, want %d:\n%s", name, got, len(test.want), text)
		}
		for _, want := range test.want {
			if !strings.Contains(text, want) {
				t.Errorf("%s: lacks %s:\n%s", name, want, text)
			}
		}
	}
}

func TestAutoscalingIsSilentWhileBlind(t *testing.T) {
	t.Parallel()
	blind := errors.New("forbidden")
	c := autoscalingCollector{func() ([]*autoscalingv2.HorizontalPodAutoscaler, error) { return nil, blind }, time.Now}
	if err := c.Collect(t.Context(), nil); !errors.Is(err, blind) {
		t.Errorf("%v, want the source's error", err)
	}
}

// TestMetricsOfOneAutoscalerAreBounded verifies that an autoscaler with any number of
// metrics that cannot be read takes a bounded number of series, and that the rest is
// counted.
func TestMetricsOfOneAutoscalerAreBounded(t *testing.T) {
	t.Parallel()
	hpa := &autoscalingv2.HorizontalPodAutoscaler{ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "greedy"}}
	for i := range 60 {
		hpa.Spec.Metrics = append(hpa.Spec.Metrics, autoscalingv2.MetricSpec{
			Type: autoscalingv2.ExternalMetricSourceType, External: &autoscalingv2.ExternalMetricSource{Metric: autoscalingv2.MetricIdentifier{Name: fmt.Sprintf("m%02d", i)}},
		})
		hpa.Status.CurrentMetrics = append(hpa.Status.CurrentMetrics, autoscalingv2.MetricStatus{})
	}
	hpa.Status.CurrentMetrics[0].Type = autoscalingv2.ExternalMetricSourceType
	c := autoscalingCollector{func() ([]*autoscalingv2.HorizontalPodAutoscaler, error) {
		return []*autoscalingv2.HorizontalPodAutoscaler{hpa}, nil
	}, time.Now}
	got := string(scrapeText(t, autoscalingName, c, Autoscaling().Metrics))
	if n := strings.Count(got, "kubevitals_autoscaling_metric_available{"); n != maxAutoscalerMetrics {
		t.Errorf("%d series of metrics, want %d", n, maxAutoscalerMetrics)
	}
	for _, want := range []string{`metric="m01",namespace="shop",type="External"} 0`, `metric="m16",namespace="shop",type="External"} 0`, `series_left_out{collector="autoscaling",reason="bound"} 43`} {
		if !strings.Contains(got, want) {
			t.Errorf("missing: %s in\n%s", want, got)
		}
	}
}
