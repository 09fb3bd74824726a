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

func TestAutoscaling(t *testing.T) {
	t.Parallel()
	c := autoscalingCollector{func() ([]*autoscalingv2.HorizontalPodAutoscaler, error) { return hpaFixtures(t), nil }}
	golden(t, autoscalingName, c, Autoscaling().Metrics)
}

func TestAutoscalingIsSilentWhileBlind(t *testing.T) {
	t.Parallel()
	blind := errors.New("forbidden")
	c := autoscalingCollector{func() ([]*autoscalingv2.HorizontalPodAutoscaler, error) { return nil, blind }}
	if err := c.Collect(t.Context(), nil); !errors.Is(err, blind) {
		t.Errorf("%v, want the source's error", err)
	}
}
