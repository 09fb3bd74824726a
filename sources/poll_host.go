package sources

import (
	"context"
	"fmt"
	"time"

	"github.com/kubevitals/kubevitals/sources/health"
)

// PollHost reads something of the machine again and again. The kernel may keep a
// caller waiting for ever, on a dead disk say, and no context ends that: a read
// that hangs is given up when the interval ends, and no other is begun until it
// comes back. The source is unavailable meanwhile.
func PollHost[T any](s *Sources, name string, interval time.Duration, read func(context.Context) (T, error)) *health.Poll[T] {
	p := health.NewPoll(s.newHealth(name), interval, patient(read))
	s.runs = append(s.runs, p.Run)
	return p
}

// hangsError says that an earlier read has not come back.
type hangsError struct{}

func (hangsError) Error() string { return "an earlier read has not come back" }

// Reason says what the error means.
func (hangsError) Reason() health.Reason { return health.Timeout }

// patient returns a function that gives up when its context ends, though read may
// not. It must not be called concurrently.
func patient[T any](read func(context.Context) (T, error)) func(context.Context) (T, error) {
	type answer struct {
		value T
		err   error
	}
	var pending chan answer // of a read that was given up
	return func(ctx context.Context) (T, error) {
		var none T
		if pending != nil {
			select {
			case <-pending: // too late to be of use
				pending = nil
			default:
				return none, hangsError{}
			}
		}
		done := make(chan answer, 1)
		go func() {
			value, err := read(ctx)
			done <- answer{value, err}
		}()
		select {
		case a := <-done:
			return a.value, a.err
		case <-ctx.Done():
			pending = done
			return none, fmt.Errorf("read the machine: %w", ctx.Err())
		}
	}
}
