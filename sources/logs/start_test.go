package logs

import (
	"log/slog"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/kubevitals/kubevitals/sources/health"
)

// TestFirstRoundIsNotMissed verifies that a round which comes before it is known
// whose logs to read is made up for soon, and not after an interval.
func TestFirstRoundIsNotMissed(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var rounds atomic.Int32
		begun := time.Now()
		r := NewReader(Options{Interval: time.Hour}, Source{
			Targets: func() ([]Target, error) {
				if time.Since(begun) < 1500*time.Millisecond {
					return nil, &health.UnavailableError{State: health.State{Source: "system_pods", Reason: health.Starting}}
				}
				return nil, nil
			},
			Open: (&logs{}).open, Stamp: PodStamp, Report: func(error) { rounds.Add(1) },
		}, slog.New(slog.DiscardHandler), time.Now)
		go r.Run(t.Context())
		for after, want := range []int32{0, 0, 1} { // it is looked at 0, 1 and 2 s
			time.Sleep(time.Until(begun.Add(time.Duration(after)*time.Second + 500*time.Millisecond)))
			if _, ok := r.State(); rounds.Load() != want || ok != (want > 0) {
				t.Errorf("after %d.5 s: %d rounds, read %t", after, rounds.Load(), ok)
			}
		}
		time.Sleep(time.Hour)
		if rounds.Load() != 2 {
			t.Errorf("%d rounds an hour later, want 2", rounds.Load())
		}
	})
}
