// Package rounds probes targets again and again in the background, so that a scrape
// never waits for one that hangs. Every probe has a deadline, which its context
// carries to the wire, and a target that hangs or panics costs its own answer and
// no other.
package rounds

import (
	"context"
	"math"
	"math/rand/v2"
	"sync"
	"time"
)

// Rounds probes targets in rounds. It is safe for concurrent use.
type Rounds[K comparable, V any] struct {
	options Options[K, V]
	look    chan struct{}
	again   chan struct{}
	slots   chan struct{}

	mu      sync.Mutex
	targets map[K]*target[V]
	all     bool // the targets are known
	done    bool // the first round has ended, or the one that Again began
	wanted  int  // how often Again was called
}

// target is one target. The lock of the rounds guards answered, answer and asked.
type target[V any] struct {
	due      chan struct{} // has room for one: rounds that were missed are not made up for
	forget   context.CancelFunc
	answered bool
	answer   Answer[V]
	asked    int // how often Again had been called when it was asked for the answer
}

// New returns rounds that have asked no target yet.
func New[K comparable, V any](o Options[K, V]) *Rounds[K, V] {
	o.fill()
	return &Rounds[K, V]{options: o, look: make(chan struct{}, 1), again: make(chan struct{}, 1), slots: make(chan struct{}, o.Concurrency)}
}

// Run makes rounds until ctx ends, the first at once, and returns soon after; the
// answers stay. It begins anew when it is called again, but must not run twice at
// a time.
func (r *Rounds[K, V]) Run(ctx context.Context) {
	ctx, cancel := context.WithCancel(ctx)
	var workers sync.WaitGroup
	defer func() {
		cancel()
		workers.Wait()
		r.restart(r.targets)
	}()
	r.restart(map[K]*target[V]{})
	tick := time.NewTicker(r.options.Interval)
	defer tick.Stop()
	for round := true; ctx.Err() == nil; {
		var soon <-chan time.Time
		if all := r.begin(ctx, &workers, round); !all {
			soon = time.After(r.options.LookAgain)
		}
		select {
		case <-ctx.Done():
		case <-tick.C:
			round = true
		case <-soon:
			round = false
		case <-r.look:
			round = false
		case <-r.again:
			round = true
		}
	}
}

// restart makes the next round the first.
func (r *Rounds[K, V]) restart(targets map[K]*target[V]) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.targets, r.all, r.done = targets, false, false
}

// Look makes Run call Targets now, for whoever knows that there are others.
func (r *Rounds[K, V]) Look() {
	select {
	case r.look <- struct{}{}:
	default:
	}
}

// Again makes Run ask all targets now and not only when the interval is over, and Starting
// true until each of them has been asked since.
func (r *Rounds[K, V]) Again() {
	r.mu.Lock()
	r.wanted++
	r.done = false
	r.mu.Unlock()
	select {
	case r.again <- struct{}{}:
	default:
	}
}

// begin takes the targets over. In a round all are to be asked, otherwise those
// that are new. It tells whether these are all.
func (r *Rounds[K, V]) begin(ctx context.Context, workers *sync.WaitGroup, round bool) bool {
	list, all := r.options.Targets()
	wanted := make(map[K]bool, len(list))
	for _, k := range list {
		wanted[k] = true
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for k, t := range r.targets {
		if !wanted[k] {
			t.forget()
			delete(r.targets, k)
		}
	}
	for k := range wanted {
		t, known := r.targets[k]
		if !known {
			within, forget := context.WithCancel(ctx)
			t = &target[V]{due: make(chan struct{}, 1), forget: forget}
			r.targets[k] = t
			workers.Go(func() { defer forget(); r.follow(within, k, t) })
		}
		if round || !known {
			select {
			case t.due <- struct{}{}:
			default:
			}
		}
	}
	r.all = r.all || all
	r.settle()
	return all
}

// follow asks one target whenever it is due, until ctx ends.
func (r *Rounds[K, V]) follow(ctx context.Context, k K, t *target[V]) {
	late := time.Duration(rand.Float64() * float64(r.options.Spread))
	for {
		select {
		case <-ctx.Done():
			return
		case <-t.due:
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(late):
		}
		select {
		case <-ctx.Done():
			return
		case r.slots <- struct{}{}:
		}
		r.mu.Lock()
		asked := r.wanted
		r.mu.Unlock()
		came, hung := r.ask(ctx, k, t.answer)
		<-r.slots
		for hung != nil {
			// One that hangs cannot be asked any more until it comes back.
			r.record(ctx, k, t, Answer[V]{Err: errHangs}, math.MaxInt)
			select {
			case <-ctx.Done():
				return
			case <-t.due:
			case <-hung:
				hung = nil // what came was the answer to a question of long ago
			}
		}
		if came != nil {
			r.record(ctx, k, t, *came, asked)
		}
	}
}

// record replaces the answer of a target, which it was asked for when Again had been called
// so often, unless it was forgotten or Run has ended.
func (r *Rounds[K, V]) record(ctx context.Context, k K, t *target[V], a Answer[V], asked int) {
	a.At = r.options.Now()
	r.mu.Lock()
	if ctx.Err() != nil {
		r.mu.Unlock()
		return
	}
	if a.Err != nil {
		a.Value = t.answer.Value
	}
	t.answered, t.answer, t.asked = true, a, asked
	r.settle()
	r.mu.Unlock()
	if r.options.Answered != nil {
		r.options.Answered(k, a)
	}
}

// settle notes the end of the first round, or of the one that Again began: all targets are
// known, and have been asked since. The caller holds the lock.
func (r *Rounds[K, V]) settle() {
	if r.done || !r.all {
		return
	}
	for _, t := range r.targets {
		if !t.answered || t.asked < r.wanted {
			return
		}
	}
	r.done = true
}

// Starting tells whether the first round of Run, or the one that Again began, has not ended
// yet: not all targets are known, or one of them has neither answered nor used up its time.
func (r *Rounds[K, V]) Starting() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return !r.done
}
