package logs

import (
	"log/slog"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/kubevitals/kubevitals/sources/health"
)

// TestFirstRoundIsNotMissed holds that a round which comes before it is known whose
// logs to read is made up for soon, and not after an interval.
func TestFirstRoundIsNotMissed(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var rounds atomic.Int32
		r := NewReader(Options{Interval: time.Hour}, Source{
			Targets: func() ([]Target, error) {
				if rounds.Add(1) < 3 {
					return nil, &health.UnavailableError{State: health.State{Source: "system_pods", Reason: health.Starting}}
				}
				return nil, nil
			},
			Open: (&logs{}).open, Stamp: PodStamp, Report: func(error) {},
		}, slog.New(slog.DiscardHandler), time.Now)
		go r.Run(t.Context())
		time.Sleep(5 * lookAgain / 2) // the rounds are at 0, 1 and 2
		if _, ok := r.State(); !ok || rounds.Load() != 3 {
			t.Errorf("%d rounds, read %t", rounds.Load(), ok)
		}
		time.Sleep(time.Hour)
		if rounds.Load() != 4 {
			t.Errorf("%d rounds an hour later, want 4", rounds.Load())
		}
	})
}
