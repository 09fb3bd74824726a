package sources

import (
	"testing"
	"time"

	"github.com/kubevitals/kubevitals/sources/health"
)

// TestStandstill verifies that an API server that answers no read is doubted only when
// nothing moves either, and for long enough.
func TestStandstill(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)
	ago := func(d time.Duration) time.Time { return now.Add(-d) }
	for name, test := range map[string]struct {
		unanswered, moved time.Time
		doubted           bool
	}{
		"silent and still":                   {ago(cutOffAfter + time.Second), ago(time.Hour), true},
		"silent, and nothing ever moved":     {ago(cutOffAfter + time.Second), time.Time{}, true},
		"silent, still for a moment only":    {ago(time.Hour), ago(cutOffAfter - time.Second), false},
		"silent for a moment only":           {ago(cutOffAfter - time.Second), ago(time.Hour), false},
		"silent for long, and it moved once": {ago(time.Hour), ago(cutOffAfter + time.Second), true},
	} {
		if err := standstill(test.unanswered, test.moved, now); (err != nil) != test.doubted {
			t.Errorf("%s: %v", name, err)
		} else if err != nil && health.Classify(err) != health.Timeout {
			t.Errorf("%s: the reason of %v is %s", name, err, health.Classify(err))
		}
	}
}
