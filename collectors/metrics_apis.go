package collectors

import (
	"slices"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/kubevitals/kubevitals/exporter"
)

// metricsAPI is one of the APIs that autoscalers read, with the names under
// which it may be registered.
type metricsAPI struct {
	name     string
	services []string
}

func metricsAPIs() []metricsAPI {
	return []metricsAPI{
		{"resource", []string{"v1.metrics.k8s.io", "v1beta1.metrics.k8s.io"}},
		{"custom", []string{"v1beta2.custom.metrics.k8s.io", "v1beta1.custom.metrics.k8s.io"}},
		{"external", []string{"v1beta1.external.metrics.k8s.io"}},
	}
}

// send tells whether the API is registered in any version and, if so, whether
// any version is available.
func (a metricsAPI) send(ch chan<- prometheus.Metric, services []APIService) {
	var registered []APIService
	for _, s := range services {
		if slices.Contains(a.services, s.Name) {
			registered = append(registered, s)
		}
	}
	ch <- autoscalingAPIRegistered.Sample(exporter.Bool(len(registered) > 0), a.name)
	if len(registered) == 0 {
		return
	}
	slices.SortFunc(registered, func(x, y APIService) int {
		return slices.Index(a.services, x.Name) - slices.Index(a.services, y.Name)
	})
	best := registered[0]
	for _, s := range registered {
		if s.Available != nil && *s.Available {
			best = s
			break
		}
	}
	if best.Available == nil {
		ch <- autoscalingAPIAvailable.Sample(0, a.name, "Unknown")
		return
	}
	ch <- autoscalingAPIAvailable.Sample(exporter.Bool(*best.Available), a.name, closed(best.Reason, availableReasons()))
}

// availableReasons are the reasons of the condition Available of an APIService.
func availableReasons() []string {
	return []string{
		"Passed", "Local", "ServiceNotFound", "ServiceAccessError", "ServicePortError",
		"EndpointsAccessError", "EndpointsNotFound", "MissingEndpoints", "FailedDiscoveryCheck",
	}
}

// closed returns the reason if it is a known one and "Other" if it is not, so
// that a label cannot take any value that somebody puts into a status.
func closed(reason string, known []string) string {
	if slices.Contains(known, reason) {
		return reason
	}
	return "Other"
}
