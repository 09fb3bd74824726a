package livestatus

import (
	"math"
	"time"

	dto "github.com/prometheus/client_model/go"

	"github.com/kubevitals/kubevitals/exporter"
)

// Source is one of those that the exporter reads.
type Source struct {
	Name string
	// At is when it last proved to be good.
	At time.Time
}

// oldest is the available source whose last proof is the oldest, by what the exporter
// exports. Sources without a bound to their age do not count: they speak when there
// is something to say.
func oldest(families []*dto.MetricFamily) Source {
	available, bounded := map[string]bool{}, map[string]bool{}
	proved := map[string]float64{}
	for _, f := range families {
		for _, m := range f.GetMetric() {
			source, value := exporter.Label(m, "source"), m.GetGauge().GetValue()
			switch f.GetName() {
			case "kubevitals_source_available":
				available[source] = value == 1
			case "kubevitals_source_max_age_seconds":
				bounded[source] = true
			case "kubevitals_source_last_success_timestamp_seconds":
				proved[source] = value
			}
		}
	}
	var found Source
	for name, at := range proved {
		seconds, fraction := math.Modf(at)
		s := Source{name, time.Unix(int64(seconds), int64(fraction*1e9))}
		if available[name] && bounded[name] && (found.Name == "" || s.At.Before(found.At) || s.At.Equal(found.At) && name < found.Name) {
			found = s
		}
	}
	return found
}
