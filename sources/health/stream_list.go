package health

import (
	"context"
	"fmt"
	"time"

	apiwatch "k8s.io/apimachinery/pkg/watch"

	"github.com/kubevitals/kubevitals/sources/bounded"
)

const (
	// listPause is the longest time between two objects of a list that streams. A long
	// list is given more for each object, up to a limit: to begin it anew costs more.
	listPause          = 6 * time.Second
	listPausePerObject = time.Millisecond
	listPauseLimit     = 15 * time.Second
	// tail is how long a watch goes on that is of no use as proof. One that began with
	// a list was asked for minutes, in which large lists come, and brings no bookmark
	// for as long. A reflector lists again after a watch that ends within a second.
	tail = 2 * time.Second
)

// MostObjects bounds a list of which next to nothing is kept of each object. Kubernetes is
// tested with 150,000 pods.
const MostObjects = 2_000_000

// list takes in an event of the list that a watch begins with, and sets the time until
// the next. It is false if the list cannot be taken.
func (s *stream) list(ctx context.Context, e apiwatch.Event, timer *time.Timer) bool {
	s.objects, s.changes = s.objects+1, s.changes || e.Type != apiwatch.Added
	if err := s.hold(e); err != nil {
		s.refuse(err)
		return false
	}
	if !s.changes {
		s.over = false
		timer.Reset(s.pause())
	}
	if !lastOfList(e) {
		return true
	}
	version := versionOf(e.Object)
	if err := s.past.whole(ctx, s.options, version); err != nil {
		s.refuse(err)
		return false
	}
	s.listing, s.over, s.reached = false, false, version
	timer.Reset(tail)
	return true
}

// hold takes an object of the list into account, of which the reflector holds all until
// the last one has come.
func (s *stream) hold(e apiwatch.Event) error {
	if s.objects > MostObjects {
		return &bounded.Error{What: fmt.Sprintf("a list has more than %d objects", MostObjects)}
	}
	if s.trim == nil || e.Type == apiwatch.Bookmark {
		return nil
	}
	s.trim(e.Object)
	if s.held += bounded.Held(e.Object); s.held > bounded.ListHeld {
		return bounded.ErrList()
	}
	return nil
}

// pause is the longest time until the next object of the list.
func (s *stream) pause() time.Duration {
	return min(listPause+time.Duration(s.objects)*listPausePerObject, listPauseLimit)
}
