package exporter

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"slices"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// errLate says that a collector did not finish before the deadline.
var errLate = errors.New("collector did not finish before the deadline")

// panicError carries what a collector panicked with.
type panicError struct {
	value any
	stack []byte
}

func (e *panicError) Error() string { return fmt.Sprintf("collector panicked: %v", e.value) }

// outcome is what one run of a collector came to.
type outcome struct {
	families Families
	series   int
	// leftOut are the numbers of series that were left out, by reason.
	leftOut map[string]int
	// mistake tells of samples that should not have been sent and are not kept.
	mistake  error
	duration time.Duration
	err      error
}

// flight is one run of a collector; scrapes that come meanwhile share it.
type flight struct {
	deadline time.Time
	started  time.Time
	done     chan struct{}
	outcome  outcome // valid once done is closed
}

// runner runs one collector, at most once at a time.
type runner struct {
	Named
	now   func() time.Time
	shard Shard
	// atLeast is how long a run may take however little whoever began it can wait: others
	// may join it. Zero if that does not matter.
	atLeast time.Duration

	mu      sync.Mutex
	current *flight
}

// run returns the outcome of a run of the collector, waiting until ctx ends at
// the latest. It joins a run under way; it does not wait for one that is past
// its own deadline, and never starts a second beside it.
func (r *runner) run(ctx context.Context) outcome {
	f, joined := r.board(ctx)
	if joined && r.now().After(f.deadline) {
		select {
		case <-f.done:
		default:
			return outcome{duration: r.now().Sub(f.started), err: errLate}
		}
	}
	select {
	case <-f.done:
		return f.outcome
	case <-ctx.Done():
		return outcome{duration: r.now().Sub(f.started), err: errLate}
	}
}

// board returns the flight under way, or starts one.
func (r *runner) board(ctx context.Context) (f *flight, joined bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.current != nil {
		return r.current, true
	}
	deadline, ok := ctx.Deadline()
	if !ok {
		deadline = r.now().Add(time.Minute)
	}
	if least := r.now().Add(r.atLeast); deadline.Before(least) {
		deadline = least
	}
	f = &flight{deadline: deadline, started: r.now(), done: make(chan struct{})}
	r.current = f
	// The run outlives a client that hangs up, because others may have joined.
	own, cancel := context.WithDeadline(context.WithoutCancel(ctx), deadline)
	go func() {
		defer cancel()
		f.outcome = collect(own, r.Named, r.shard)
		f.outcome.duration = r.now().Sub(f.started)
		r.mu.Lock()
		r.current = nil
		r.mu.Unlock()
		close(f.done)
	}()
	return f, false
}

// collect runs the collector to its end, late or not, and gathers what it sends.
func collect(ctx context.Context, c Named, shard Shard) outcome {
	ch := make(chan prometheus.Metric, 256)
	result := make(chan error, 1)
	go func() {
		defer close(ch)
		defer func() {
			if v := recover(); v != nil {
				result <- &panicError{value: v, stack: debug.Stack()}
			}
		}()
		result <- c.Collector.Collect(ctx, ch)
	}()
	var out outcome
	groups := make([][]*sample, len(c.Metrics))
	for m := range ch {
		switch m := m.(type) {
		case leftOut:
			out.leave(m)
		case *sample:
			if at := slices.Index(c.Metrics, m.of); at >= 0 {
				if shard.keeps(m, c.Undivided) {
					groups[at] = append(groups[at], m)
				}
				continue
			}
			out.mistake = fmt.Errorf("%s is not declared", m.of.Name)
		default:
			out.mistake = fmt.Errorf("a %T was sent, which no Desc made", m)
		}
	}
	out.err = <-result
	partly := IsIncomplete(out.err)
	if (out.err == nil || partly) && ctx.Err() != nil {
		out.err, partly = errLate, false
	}
	if out.err != nil && !partly {
		groups, out.leftOut = nil, nil
	}
	for _, samples := range groups {
		out.series += len(samples)
	}
	families, err := familiesOf(groups)
	out.families, out.mistake = families, errors.Join(out.mistake, err)
	return out
}

// leave counts series that are left out.
func (o *outcome) leave(l leftOut) {
	if o.leftOut == nil {
		o.leftOut = map[string]int{}
	}
	o.leftOut[l.reason] += l.series
}
