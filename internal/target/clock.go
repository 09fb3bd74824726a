package target

import (
	"sync/atomic"
	"time"
)

// Clock is the time of what a snapshot has recorded, which it has twice. It stands at
// one of these times. It is safe for concurrent use.
type Clock struct {
	begin, end time.Time
	begun      atomic.Bool
}

func newClock(begin, end time.Time) *Clock { return &Clock{begin: begin, end: end} }

// Now returns the time at which the clock stands.
func (c *Clock) Now() time.Time {
	if c.begun.Load() {
		return c.begin
	}
	return c.end
}

// AtBegin moves the clock to the first of the recordings, and returns its time.
func (c *Clock) AtBegin() time.Time {
	c.begun.Store(true)
	return c.begin
}

// AtEnd moves the clock to the last of the recordings, where it stood at first, and
// returns its time.
func (c *Clock) AtEnd() time.Time {
	c.begun.Store(false)
	return c.end
}
