package sources

import (
	"context"
	"time"

	"github.com/kubevitals/kubevitals/sources/rounds"
)

// PollHost reads something of the machine again and again. The kernel may keep a
// caller waiting for ever, on a dead disk say, and no context ends that: such a read
// is given up when the interval ends, and no other is begun until it comes back. The
// source is unavailable meanwhile.
func PollHost[T any](s *Sources, name string, interval time.Duration, read func(context.Context) (T, error)) *rounds.Poll[T] {
	p := rounds.NewPoll(s.newHealth(name), interval, read)
	s.runs = append(s.runs, p.Run)
	return p
}
