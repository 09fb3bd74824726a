package livestatus

import (
	"math"
	"time"

	"github.com/kubevitals/kubevitals/exporter"
)

// Source is one of those that the exporter reads.
type Source struct {
	Name string
	// At is when it last proved to be good.
	At time.Time
}

// oldest is the source whose last proof is the oldest, by what the exporter exports, of those
// that are not known as unavailable. Sources without a bound to their age do not count: they speak when there
// is something to say.
func oldest(families exporter.Families) Source {
	unavailable, bounded := map[string]bool{}, map[string]bool{}
	proved := map[string]float64{}
	read := func(name string, note func(source string, value float64)) {
		f := families.Of(name)
		f.Each(func(labels []string, value float64) { note(f.Label(labels, "source"), value) })
	}
	read("kubevitals_source_available", func(source string, value float64) { unavailable[source] = value == 0 })
	read("kubevitals_source_max_age_seconds", func(source string, _ float64) { bounded[source] = true })
	read("kubevitals_source_last_success_timestamp_seconds", func(source string, value float64) { proved[source] = value })
	var found Source
	for name, at := range proved {
		seconds, fraction := math.Modf(at)
		s := Source{name, time.Unix(int64(seconds), int64(fraction*1e9))}
		if !unavailable[name] && bounded[name] && (found.Name == "" || s.At.Before(found.At) || s.At.Equal(found.At) && name < found.Name) {
			found = s
		}
	}
	return found
}
