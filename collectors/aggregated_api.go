package collectors

import (
	"cmp"
	"context"
	"slices"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/kubevitals/kubevitals/exporter"
	"github.com/kubevitals/kubevitals/sources"
)

const aggregatedAPIName = "aggregated_api"

var (
	aggregatedAPIUnavailable = exporter.NewGauge(aggregatedAPIName, "unavailable",
		"Is 1 for an APIService whose API the API server cannot pass requests on to, with the reason of its condition and the Service behind it, as NAMESPACE/NAME; absent for all others.",
		"apiservice", "backend", "reason")
	aggregatedAPISince = exporter.NewGauge(aggregatedAPIName, "unavailable_since_timestamp_seconds",
		"Unix time, in seconds, since when the APIService has been unavailable; absent where its condition does not say.",
		"apiservice")
	aggregatedAPIs = exporter.NewGauge(aggregatedAPIName, "apiservices",
		"Number of APIServices that somebody else than the API server serves, by state: available, unavailable, or unknown before the API server has looked.",
		"state")
)

// mostAPIServices bounds those that are told of by name. Only administrators register
// any, and a cluster has some ten.
const mostAPIServices = 100

// AggregatedAPI is the failure mode of an API that is registered and cannot be reached:
// discovery fails, and with it the deletion of namespaces and garbage collection.
func AggregatedAPI() Definition {
	return Definition{
		Name:    aggregatedAPIName,
		Help:    "An aggregated API is registered and cannot be reached, so discovery fails, and namespaces cannot be deleted.",
		Scope:   Cluster,
		Default: true,
		Metrics: []*exporter.Desc{aggregatedAPIUnavailable, aggregatedAPISince, aggregatedAPIs},
		Steady:  []*exporter.Desc{aggregatedAPIs},
		Reads:   []sources.Read{sources.APIServices},
		New: func(s *sources.Sources) (exporter.Collector, error) {
			return aggregatedAPICollector{services: s.APIServices().List}, nil
		},
	}
}

type aggregatedAPICollector struct {
	services func() ([]sources.APIService, error)
}

// Collect fails while APIServices cannot be seen.
func (c aggregatedAPICollector) Collect(_ context.Context, ch chan<- prometheus.Metric) error {
	services, err := c.services()
	if err != nil {
		return err
	}
	states := exporter.NewTally(aggregatedAPIUnavailable, "available", "unavailable")
	var ill []sources.APIService
	for _, s := range services {
		switch {
		case s.Local:
		case s.Available == nil:
			states.Count(exporter.UnknownState)
		case *s.Available:
			states.Count("available")
		default:
			states.Count("unavailable")
			ill = append(ill, s)
		}
	}
	states.Send(ch, aggregatedAPIs)
	slices.SortFunc(ill, func(a, b sources.APIService) int { return cmp.Compare(a.Name, b.Name) })
	told := ill[:min(len(ill), mostAPIServices)]
	ch <- exporter.LeftOut(len(ill) - len(told))
	for _, s := range told {
		ch <- aggregatedAPIUnavailable.Sample(1, s.Name, s.Service, closed(s.Reason, availableReasons()))
		if !s.Since.IsZero() {
			ch <- aggregatedAPISince.Sample(unix(s.Since), s.Name)
		}
	}
	return nil
}
