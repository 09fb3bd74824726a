package collectors

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/kubevitals/kubevitals/sources"
)

func TestAggregatedAPI(t *testing.T) {
	t.Parallel()
	since := time.Unix(1_800_000_000, 0)
	golden(t, aggregatedAPIName, aggregatedAPICollector{services: func() ([]sources.APIService, error) {
		return []sources.APIService{
			{Name: "v1.apps", Local: true, Available: yes(), Reason: "Local"},
			{Name: "v1.broken.local", Local: true, Available: no(), Reason: "Local"},
			{Name: "v1beta1.metrics.k8s.io", Service: "kube-system/metrics-server", Available: yes(), Reason: "Passed"},
			{Name: "v1beta1.upload.example.com", Service: "cdi/cdi-api", Available: no(), Reason: "ServiceNotFound", Since: since},
			{Name: "v1.other.example.com", Service: "other/api", Available: no(), Reason: "because <b>"},
			{Name: "v1.new.example.com", Service: "new/api"},
		}, nil
	}}, AggregatedAPI().Metrics)
}

// TestAggregatedAPIsAreBounded verifies that many APIs do not make as many series, and
// that those left out are told of.
func TestAggregatedAPIsAreBounded(t *testing.T) {
	t.Parallel()
	var services []sources.APIService
	for n := range mostAPIServices + 7 {
		services = append(services, sources.APIService{Name: fmt.Sprintf("v1.%04d.example.com", n), Available: no(), Reason: "MissingEndpoints"})
	}
	c := aggregatedAPICollector{services: func() ([]sources.APIService, error) { return services, nil }}
	text := string(scrapeText(t, aggregatedAPIName, c, AggregatedAPI().Metrics))
	if got := strings.Count(text, "\nkubevitals_aggregated_api_unavailable{"); got != mostAPIServices {
		t.Errorf("%d series, want %d", got, mostAPIServices)
	}
	if !strings.Contains(text, fmt.Sprintf("kubevitals_aggregated_api_apiservices{state=\"unavailable\"} %d\n", len(services))) || !strings.Contains(text, "left_out") {
		t.Errorf("does not tell of all:\n%s", text)
	}
}

func TestAggregatedAPIIsSilentWhileBlind(t *testing.T) {
	t.Parallel()
	blind := errors.New("forbidden")
	c := aggregatedAPICollector{services: func() ([]sources.APIService, error) { return nil, blind }}
	if err := collectError(t, c); !errors.Is(err, blind) {
		t.Errorf("%v, want the source's error", err)
	}
}
