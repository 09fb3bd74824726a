package snapshot_test

import (
	"maps"
	"math"
	"slices"
	"strings"
	"testing"
)

// ofItsMoment tells samples that say when and how long something was read.
func ofItsMoment(sample string) bool {
	return strings.HasPrefix(sample, "kubevitals_scrape_collector_duration_seconds") ||
		strings.HasPrefix(sample, "kubevitals_source_last_success_timestamp_seconds") ||
		strings.HasPrefix(sample, "kubevitals_source_max_age_seconds") || // a snapshot does not age
		// Sources of collectors that are reserved are not read.
		strings.HasPrefix(sample, "kubevitals_source_available{reason=available,source=dns_") ||
		strings.HasPrefix(sample, "kubevitals_source_available{reason=available,source=cached_reads")
}

// ofWhenItWasSeen tells samples that depend on when Leases were seen.
func ofWhenItWasSeen(sample string) bool {
	return strings.Contains(sample, "renew_timestamp_seconds") || strings.Contains(sample, "_leases_newest_change") ||
		strings.Contains(sample, "_leases_renewed_together")
}

// clocksUntold tells whether whoever looked came too late to tell any clock: of Leases that stand
// still that is 15 s after they were seen. A snapshot tells of them at the time it was taken.
func clocksUntold(samples map[string]float64) bool {
	return samples["kubevitals_node_clock_nodes{state=agrees}"]+samples["kubevitals_node_clock_nodes{state=off}"] == 0
}

func compare(t *testing.T, live, got map[string]float64) {
	t.Helper()
	for _, sample := range slices.Sorted(maps.Keys(live)) {
		value, ok := got[sample]
		switch {
		case ofItsMoment(sample):
		case !ok:
			t.Errorf("missing: %s %v", sample, live[sample])
		case ofWhenItWasSeen(sample):
			// A snapshot lists Leases later than whoever followed them.
			if age := math.Abs(value - live[sample]); age > 120 {
				t.Errorf("%s is %v, was %v", sample, value, live[sample])
			}
		case strings.HasPrefix(sample, "kubevitals_node_clock_nodes") && clocksUntold(live):
		case value != live[sample]:
			t.Errorf("%s is %v, was %v", sample, value, live[sample])
		}
	}
	for _, sample := range slices.Sorted(maps.Keys(got)) {
		if _, ok := live[sample]; !ok && !ofItsMoment(sample) {
			t.Errorf("made up: %s %v", sample, got[sample])
		}
	}
}
