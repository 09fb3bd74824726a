package rounds

import (
	"cmp"
	"context"
	"log/slog"
	"time"
)

// The defaults of Options.
const (
	defaultInterval    = time.Minute
	defaultLookAgain   = 200 * time.Millisecond
	defaultConcurrency = 256
	// slack is what an answer may be late on a machine that is busy.
	slack = 2 * time.Second
)

// Options say whom to probe, how and how often. Targets and Probe are needed; the
// zero value of all else means its default.
type Options[K comparable, V any] struct {
	// Targets returns whom to probe, and whether these are all. While what lists
	// them is still starting they are not: then it is called again after LookAgain,
	// and those that are new are probed at once, not an interval later. Targets that
	// it returns no longer are forgotten. It must not block; calls never overlap.
	Targets func() (targets []K, all bool)
	// Probe asks one target until ctx ends; last is the Value of the answer before.
	// Of one target there is never more than one probe under way.
	Probe func(ctx context.Context, target K, last V) (V, error)
	// Answered learns of every answer in turn. It is not called any more once Run's
	// context has ended, since what was cut off says nothing of a target.
	Answered func(target K, a Answer[V])

	// Interval is the time between two rounds, a minute by default. A target that is still being asked
	// when a round begins is asked again as soon as it has answered.
	Interval time.Duration
	// Timeout bounds one probe; the interval by default.
	Timeout time.Duration
	// MaxAge is how long an answer is believed; as long as the next may take by
	// default. None is older unless the process was stopped or starved.
	MaxAge time.Duration
	// Spread puts each target off by a time of its own, at random and less than
	// this, so that not all are asked at once; 0 by default.
	Spread time.Duration
	// LookAgain is the time between two calls of Targets while some are missing;
	// 200 ms by default.
	LookAgain time.Duration
	// Concurrency bounds the probes under way, and with them the sockets; 256 by
	// default. A probe that hangs does not count.
	Concurrency int

	Logger *slog.Logger
	Now    func() time.Time
}

func (o *Options[K, V]) fill() {
	o.Interval = cmp.Or(max(o.Interval, 0), defaultInterval)
	o.Timeout = cmp.Or(o.Timeout, o.Interval)
	o.MaxAge = cmp.Or(o.MaxAge, o.Interval+o.Timeout+slack)
	o.LookAgain = cmp.Or(o.LookAgain, defaultLookAgain)
	o.Concurrency = cmp.Or(o.Concurrency, defaultConcurrency)
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
}

// Fixed are targets that never change.
func Fixed[K comparable](targets ...K) func() ([]K, bool) {
	return func() ([]K, bool) { return targets, true }
}
