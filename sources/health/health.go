package health

import (
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/kubevitals/kubevitals/exporter"
)

// State is what is known of one source at one moment.
type State struct {
	// Source is the name of what is read, as the metrics bear it.
	Source string
	Reason Reason
	// LastSuccess is when the source last proved to be good; zero if never.
	LastSuccess time.Time
	// MaxAge is how old the last success of a good source may be; zero is no bound.
	MaxAge time.Duration
}

// Health follows one source. It is safe for concurrent use.
type Health struct {
	now    func() time.Time
	logger *slog.Logger

	mu    sync.Mutex
	state State
	cause error
	// refused is whether the last watch could not begin.
	refused bool
	// doubt, if any, says why what seems good is not.
	doubt func() error
	// lost is whether the store misses something that only a list can bring.
	lost bool
}

// NewHealth returns the health of a source that has not been read yet.
func NewHealth(source string, now func() time.Time) *Health {
	return &Health{
		now:    now,
		logger: slog.New(slog.DiscardHandler),
		state:  State{Source: source, Reason: Starting},
	}
}

// Expire makes a source that was good become Stale when its last success is older
// than that: whatever keeps it from failing, it is not known any more how it is.
func (h *Health) Expire(maxAge time.Duration) *Health {
	h.state.MaxAge = maxAge
	return h
}

// Doubt makes a source that seems good unavailable for as long as doubt returns an
// error, and good again right after. It is called often, and must not block.
func (h *Health) Doubt(doubt func() error) *Health {
	h.doubt = doubt
	return h
}

// WithLogger makes the health log each change of the reason, once.
func (h *Health) WithLogger(logger *slog.Logger) *Health {
	h.logger = logger
	return h
}

// Succeed records that the source is good at this moment.
func (h *Health) Succeed() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.succeed()
}

func (h *Health) succeed() {
	if h.state.Reason != Available {
		h.logger.Info("source is available", "watched", h.state.Source, "before", h.state.Reason)
	}
	h.state.Reason, h.state.LastSuccess, h.cause = Available, h.now(), nil
}

// Listed records that a store took a whole list, which makes the source good,
// unless its last watch was refused: a source that may be listed but not watched
// would be good for a moment at every try. The watch that follows a list tells.
func (h *Health) Listed() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.lost = false
	if !h.refused {
		h.succeed()
	}
}

// Lost records that the store could not take what came: it lacks something until it
// takes a whole list.
func (h *Health) Lost(err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.lost = true
	h.fail(err)
}

// lacks tells whether the store misses something that only a list can bring.
func (h *Health) lacks() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.lost
}

// Watched records with what error, if any, a watch began. That it began does not
// make the source good: what it brings does.
func (h *Health) Watched(err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.refused = err != nil
	if err != nil {
		h.fail(err)
	}
}

// Proved records the API server's word that nothing was missed up to now: a
// bookmark, or that a watch ended when it should. Events are no such word: they may
// have been on their way for long, and others may still be.
func (h *Health) Proved() {
	h.mu.Lock()
	defer h.mu.Unlock()
	// What began with no list, lacks something or was refused is not good for it.
	if h.state.Reason != Starting && !h.lost && !h.refused {
		h.succeed()
	}
}

// age is how old the last proof is.
func (h *Health) age() time.Duration {
	h.mu.Lock()
	defer h.mu.Unlock()
	return Age(h.now(), h.state.LastSuccess)
}

// Fail records that the source cannot be read and why.
func (h *Health) Fail(err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.fail(err)
}

func (h *Health) fail(err error) {
	reason := Classify(err)
	if h.state.Reason != reason {
		h.logger.Warn("source is not available", "watched", h.state.Source, "reason", reason, "err", err)
	}
	h.state.Reason, h.cause = reason, err
}

// State returns what is known now.
func (h *Health) State() State {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.expire()
	state, _ := h.doubted()
	return state
}

// doubted is the state, and why it is not good, in view of the doubt.
func (h *Health) doubted() (State, error) {
	if h.state.Reason != Available || h.doubt == nil {
		return h.state, h.cause
	}
	err := h.doubt()
	state := h.state
	state.Reason = Classify(err)
	return state, err
}

// expire makes the source Stale if it is too old.
func (h *Health) expire() {
	if h.state.Reason != Available || h.state.MaxAge == 0 {
		return
	}
	if age := Age(h.now(), h.state.LastSuccess); age > h.state.MaxAge {
		h.fail(&StaleError{Age: age})
	}
}

// StaleError says that a source has proved nothing for too long.
type StaleError struct{ Age time.Duration }

func (e *StaleError) Error() string {
	return fmt.Sprintf("the last sign of life is %s old", e.Age.Round(time.Second))
}

// Reason says what the error means.
func (*StaleError) Reason() Reason { return Stale }

// Err returns nil while the source is available and an *UnavailableError
// otherwise.
func (h *Health) Err() error {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.expire()
	state, cause := h.doubted()
	if state.Reason == Available {
		return nil
	}
	return &UnavailableError{State: state, Cause: cause}
}

// UnavailableError says which source cannot be read and why.
type UnavailableError struct {
	State State
	Cause error
}

// Error names the source and the reason.
func (e *UnavailableError) Error() string {
	if e.Cause == nil {
		return fmt.Sprintf("source %s: %s", e.State.Source, e.State.Reason)
	}
	return fmt.Sprintf("source %s: %s: %v", e.State.Source, e.State.Reason, e.Cause)
}

// Reason returns why the source cannot be read.
func (e *UnavailableError) Reason() Reason { return e.State.Reason }

// Is makes every unavailable source count as exporter.ErrNotReady: the sources report
// themselves, so a collector that waits for one need not raise its own alarm.
func (e *UnavailableError) Is(target error) bool { return target == exporter.ErrNotReady }

// Unwrap returns the error of the last attempt, or nil.
func (e *UnavailableError) Unwrap() error { return e.Cause }
