package rounds

import (
	"context"
	"time"

	"github.com/kubevitals/kubevitals/sources/health"
)

// Poll reads one thing that cannot be watched, again and again. It is safe for
// concurrent use.
type Poll[T any] struct {
	health *health.Health
	rounds *Rounds[struct{}, T]
}

// NewPoll returns a poll that calls read every interval, a minute if it is not
// positive, and reports to h what each read came to. A read that takes as long as
// the interval is given up; one that does not heed its context, such as a system
// call on a dead disk, is left alone, and no other is begun until it comes back. What
// was read is believed for as long as the next read may take, also where the process
// itself was stopped meanwhile.
func NewPoll[T any](h *health.Health, interval time.Duration, read func(context.Context) (T, error)) *Poll[T] {
	r := New(Options[struct{}, T]{
		Targets:  Fixed(struct{}{}),
		Interval: interval,
		Probe:    func(ctx context.Context, _ struct{}, _ T) (T, error) { return read(ctx) },
		Answered: func(_ struct{}, a Answer[T]) {
			if a.Err != nil {
				h.Fail(a.Err)
			} else {
				h.Succeed()
			}
		},
	})
	return &Poll[T]{h.Expire(r.options.MaxAge), r}
}

// Run polls until ctx ends.
func (p *Poll[T]) Run(ctx context.Context) { p.rounds.Run(ctx) }

// Get returns what was read last. It fails with a *health.UnavailableError if the
// last attempt failed, or what was read is too old.
func (p *Poll[T]) Get() (T, error) {
	if err := p.health.Err(); err != nil {
		var none T
		return none, err
	}
	return p.rounds.Answers()[struct{}{}].Value, nil
}
