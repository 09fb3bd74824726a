package health

import "time"

// Age is how long before now something was, both read from the clock of this machine. It
// is the larger of what the monotonic clock and the wall clock say: the first stands still
// while the machine is suspended, and nobody may set the second back to keep fresh what is
// old. Who sets it forth makes all old, until the next proof comes.
func Age(now, then time.Time) time.Duration {
	return max(now.Sub(then), now.Round(0).Sub(then.Round(0)))
}
