package health

import (
	"context"
	"sync"
	"time"
)

// Poll reads something that cannot be watched, again and again. It is safe for
// concurrent use.
type Poll[T any] struct {
	health   *Health
	interval time.Duration
	read     func(context.Context) (T, error)

	mu    sync.Mutex
	value T
}

// NewPoll returns a poll that calls read every interval, a minute if it is not
// positive. A read that takes as long as the interval is given up.
func NewPoll[T any](health *Health, interval time.Duration, read func(context.Context) (T, error)) *Poll[T] {
	if interval <= 0 {
		interval = time.Minute
	}
	return &Poll[T]{health: health, interval: interval, read: read}
}

// Get returns what was read last. It fails with an *UnavailableError if the
// last attempt failed.
func (p *Poll[T]) Get() (T, error) {
	if err := p.health.Err(); err != nil {
		var none T
		return none, err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.value, nil
}

// Run polls until ctx ends.
func (p *Poll[T]) Run(ctx context.Context) {
	ticker := time.NewTicker(p.interval)
	defer ticker.Stop()
	// Of a tick and the end, when both are there, select takes either.
	for ctx.Err() == nil {
		p.once(ctx)
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}

func (p *Poll[T]) once(ctx context.Context) {
	bounded, cancel := context.WithTimeout(ctx, p.interval)
	defer cancel()
	value, err := p.read(bounded)
	switch {
	case err == nil:
		p.mu.Lock()
		p.value = value
		p.mu.Unlock()
		p.health.Succeed()
	case ctx.Err() == nil:
		p.health.Fail(err)
	}
}
