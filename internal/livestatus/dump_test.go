package livestatus_test

import (
	"testing"
	"time"

	"github.com/kubevitals/kubevitals/internal/diagnosis"
	"github.com/kubevitals/kubevitals/internal/diagnosis/ruleeval"
	"github.com/kubevitals/kubevitals/internal/livestatus"
)

// TestReportOfADump verifies that a report of a dump is of the dump's time, tells what
// it was told of it, and yet is made anew when it is old by the clock of who looks.
func TestReportOfADump(t *testing.T) {
	t.Parallel()
	taken := time.Unix(5000, 0)
	c := &cluster{now: time.Unix(90_000, 0), text: "a_up 0\nkubevitals_scrape_collector_success{collector=\"a\"} 1\n", reading: true}
	parsed, err := ruleeval.Parse([]byte(rules))
	if err != nil {
		t.Fatal(err)
	}
	s := livestatus.New(livestatus.Options{
		Gather: c.gather, Errors: unknown{}, Starting: c.starting, Rules: parsed, Now: c.clock, Taken: taken,
		Tell: func(seen *diagnosis.Observation) { seen.Snapshot, seen.TakenFrom = true, "its manifest" },
	})
	for range 2 {
		r, err := s.Report(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if !r.At.Equal(taken) || !r.Snapshot || r.TakenFrom != "its manifest" || len(r.Alerts) != 1 {
			t.Errorf("of %s, a snapshot: %t by %q, alerts %v", r.At, r.Snapshot, r.TakenFrom, r.Alerts)
		}
		c.later(5*time.Second, c.text)
	}
	if c.asked != 2 {
		t.Errorf("asked %d times; what was still being read is looked at again", c.asked)
	}
}
