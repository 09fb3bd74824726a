package health

import (
	"testing"
	"time"
	"unsafe"
)

// withClocks is now as a machine reads it whose clocks went on by so much since then.
func withClocks(t *testing.T, then time.Time, monotonic, wall time.Duration) time.Time {
	t.Helper()
	now := then.Add(wall)
	// As time.Time is documented in its source: the reading of the monotonic clock is last.
	reading := (*int64)(unsafe.Add(unsafe.Pointer(&now), unsafe.Sizeof(uint64(0)))) //nolint:gosec // see above
	*reading += int64(monotonic - wall)
	if now.Sub(then) != monotonic || now.Round(0).Sub(then.Round(0)) != wall {
		t.Fatalf("no such time: %s after %s", now, then)
	}
	return now
}

// TestAge verifies that time passes by whichever clock says more of it: one stands still
// while the machine is suspended, and the other may be set.
func TestAge(t *testing.T) {
	t.Parallel()
	const moment, long = 10 * time.Second, 10 * time.Minute
	then := time.Now()
	for name, tt := range map[string]struct {
		now, then time.Time
		want      time.Duration
	}{
		"no clock was set":                {withClocks(t, then, moment, moment), then, moment},
		"the machine was suspended":       {withClocks(t, then, moment, long), then, long},
		"the clock was set back":          {withClocks(t, then, long, -time.Hour), then, long},
		"both are the same":               {then, then, 0},
		"times of a record":               {time.Unix(20, 0), time.Unix(10, 0), moment},
		"one has no monotonic clock":      {then.Round(0).Add(moment), then, moment},
		"the other has no monotonic time": {then.Add(moment), then.Round(0), moment},
	} {
		if got := Age(tt.now, tt.then); got != tt.want {
			t.Errorf("%s: %s, want %s", name, got, tt.want)
		}
	}
}

// TestAfterASuspension verifies that a source that was good is not any more when the
// machine wakes up, before anything else has happened.
func TestAfterASuspension(t *testing.T) {
	t.Parallel()
	now := time.Now()
	h := NewHealth("nodes", func() time.Time { return now }).Expire(MaxAge)
	h.Succeed()
	slept := withClocks(t, now, time.Second, 10*time.Minute)
	if now = now.Add(time.Second); h.State().Reason != Available {
		t.Fatalf("%+v", h.State())
	}
	if now = slept; h.State().Reason != Stale {
		t.Errorf("after a suspension: %+v", h.State())
	}
	h.Succeed()
	if h.State().Reason != Available {
		t.Errorf("after a proof: %+v", h.State())
	}
}
