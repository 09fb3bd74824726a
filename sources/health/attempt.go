package health

import (
	"context"
	"errors"
	"io"
	"sync"
	"time"
)

// attempt is what one call of a client comes to on the wire. client-go may make
// several requests for it.
type attempt struct {
	started time.Time
	// fail is told of faults at once; nil where no request waits. It knows when all ends.
	fail func(error)

	mu    sync.Mutex
	wire  *Wire
	err   error // of the last request
	clean bool  // whether its answer came to its proper end
	held  int64 // bytes of memory that are kept of its answers
	// refused is why what came could not be taken: whoever reads it tells no more than that
	// it could not.
	refused error
}

type attemptKey struct{}

func newAttempt(fail func(error)) *attempt { return &attempt{started: time.Now(), fail: fail} }

// in returns a context whose requests belong to the attempt.
func (a *attempt) in(ctx context.Context) context.Context {
	return context.WithValue(ctx, attemptKey{}, a)
}

func attemptOf(ctx context.Context) *attempt {
	if a, ok := ctx.Value(attemptKey{}).(*attempt); ok {
		return a
	}
	return newAttempt(nil)
}

func (a *attempt) note(w *Wire, err error) {
	a.mu.Lock()
	a.wire, a.err, a.clean = w, err, false
	a.mu.Unlock()
	if err != nil {
		a.failed(err)
	}
}

// failed tells of a fault, unless it is only that all ends.
func (a *attempt) failed(err error) {
	if a.fail != nil {
		a.fail(err)
	}
}

// Holds tells of a list, read with the context, how many bytes of memory are kept of it.
func Holds(ctx context.Context, bytes int64) {
	a := attemptOf(ctx)
	a.mu.Lock()
	a.held += bytes
	a.mu.Unlock()
}

// Refuse tells why an answer to what was asked with the context cannot be taken.
func Refuse(ctx context.Context, err error) {
	a := attemptOf(ctx)
	a.mu.Lock()
	a.refused = err
	a.mu.Unlock()
}

func (a *attempt) refusal() error {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.refused
}

func (a *attempt) holds() int64 {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.held
}

func (a *attempt) ended(err error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.clean = errors.Is(err, io.EOF)
}

func (a *attempt) failure() error {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.err
}

func (a *attempt) endedWell() bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.clean
}

// drop gives up the connections that the attempt may have used.
func (a *attempt) drop() {
	a.mu.Lock()
	w := a.wire
	a.mu.Unlock()
	if w != nil {
		w.dropBefore(time.Now())
	}
}
