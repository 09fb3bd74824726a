package rounds

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"time"

	"github.com/kubevitals/kubevitals/sources/health"
)

// Answer is what the last probe of a target came to.
type Answer[V any] struct {
	// Value is that of the last probe without an error; the zero value before.
	Value V
	// Err is that of Probe, or says that the probe panicked, that it hangs, or that
	// the answer is too old. health.Classify knows what it means.
	Err error
	// At is when the probe ended.
	At time.Time
}

// reasonError is an error of this package that knows what it means.
type reasonError struct {
	error
	reason health.Reason
}

// Reason says what the error means.
func (e reasonError) Reason() health.Reason { return e.reason }

var (
	errHangs = reasonError{errors.New("the probe does not come back though its time is over"), health.Timeout}
	errStale = reasonError{errors.New("the last answer is too old"), health.Stale}
)

// panicError is a probe that panicked.
type panicError struct{ value any }

func (e panicError) Error() string { return fmt.Sprintf("the probe panicked: %v", e.value) }

// grace is how long a probe may take to come back once its context has ended; one
// that takes longer hangs.
const grace = time.Second

// ask makes one probe. It returns the answer, or where to wait for a probe that
// hangs.
func (r *Rounds[K, V]) ask(ctx context.Context, k K, last Answer[V]) (came *Answer[V], hung <-chan Answer[V]) {
	bounded, cancel := context.WithTimeout(ctx, r.options.Timeout)
	defer cancel()
	done := make(chan Answer[V], 1)
	go func() {
		var a Answer[V]
		defer func() {
			if v := recover(); v != nil {
				a.Err = panicError{v}
				if _, again := errors.AsType[panicError](last.Err); !again {
					r.options.Logger.Error("probe panicked", "target", k, "panic", v, "stack", string(debug.Stack()))
				}
			}
			done <- a
		}()
		a.Value, a.Err = r.options.Probe(bounded, k, last.Value)
	}()
	select {
	case a := <-done:
		return &a, nil
	case <-bounded.Done():
	}
	select {
	case a := <-done:
		return &a, nil
	case <-time.After(grace):
		return nil, done
	}
}

// Answers returns the last answer of every target that has one; the map is the
// caller's.
func (r *Rounds[K, V]) Answers() map[K]Answer[V] {
	now := r.options.Now()
	r.mu.Lock()
	defer r.mu.Unlock()
	answers := make(map[K]Answer[V], len(r.targets))
	for k, t := range r.targets {
		if !t.answered {
			continue
		}
		a := t.answer
		if health.Age(now, a.At) > r.options.MaxAge {
			a.Err = errStale
		}
		answers[k] = a
	}
	return answers
}
