package collectors

import (
	"context"
	"time"

	"github.com/kubevitals/kubevitals/collectors/watch"
)

// pollHost reads something of the host in the background, every interval, under
// the name of a source of its own. A read is given up after an interval.
func pollHost[T any](s *Sources, source string, interval time.Duration, read func(context.Context) (T, error)) *watch.Poll[T] {
	p := watch.NewPoll(s.newHealth(source), interval, read)
	s.runs = append(s.runs, p.Run)
	return p
}
