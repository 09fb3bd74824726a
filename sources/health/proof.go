package health

import (
	"context"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	apiwatch "k8s.io/apimachinery/pkg/watch"
)

// askAhead asks for the version that the last bookmark has to come to, in time. It
// returns what ends that.
func (s *stream) askAhead(ctx context.Context) (end func()) {
	if s.lasts == 0 || s.past.horizon.latest == nil {
		return func() {}
	}
	ctx, cancel := context.WithCancel(ctx)
	timer := time.AfterFunc(s.lasts-askBefore, func() {
		if s.past.ask(ctx) {
			close(s.back)
		}
	})
	return func() {
		timer.Stop()
		cancel()
	}
}

// judge tells whether an event can be taken for what it says. If not, it ends the watch,
// and lets the reflector list anew: what else came in such a watch is not known.
func (s *stream) judge(ctx context.Context, e apiwatch.Event) bool {
	if s.listing || e.Type == apiwatch.Error {
		return true // the objects of a list have versions of long ago
	}
	version := versionOf(e.Object)
	err := s.past.horizon.beyond(version)
	if e.Type == apiwatch.Bookmark && s.lasts > 0 {
		err = s.past.horizon.ahead(ctx, version)
	}
	if err != nil {
		s.refuse(err)
		return false
	}
	var why string
	switch {
	case s.lasts > 0 && !known(version):
		why = "what came had no version"
	case older(version, s.reached):
		// API servers send changes in their order. This one may undo a later one.
		why = "what came is older than what came before"
	case s.lasts > 0 && e.Type == apiwatch.Bookmark && s.past.horizon.behind(version):
		why = "a bookmark has not come to the version that the resource had"
	default:
		return true
	}
	s.send(expired(why))
	return false
}

// note takes in what an event says of the watch.
func (s *stream) note(e apiwatch.Event) {
	switch e.Type {
	case apiwatch.Error:
		if err := s.attempt.refusal(); err != nil {
			s.attempt.failed(err)
		} else if !gone(e) {
			s.attempt.failed(apierrors.FromObject(e.Object))
		}
		return
	case apiwatch.Bookmark:
		s.some = true
		s.proved = s.past.horizon.vouches(versionOf(e.Object), s.reached, s.attempt.started)
		s.unproved = s.lasts > 0 && !s.proved
		s.behind = false // else it would have ended the watch
		if s.lasts > 0 {
			s.past.bookmark() // and that which ends a list is none
		}
	default:
		s.some = true
		s.behind = s.lasts > 0 && s.past.horizon.behind(versionOf(e.Object))
	}
	if !s.listing {
		s.reached = versionOf(e.Object)
	}
	if s.lasts > 0 {
		s.past.saw(s.reached)
	}
}

// old tells whether the last proof is so old that it is time for a list.
func (s *stream) old() bool { return s.health.age() >= listAfter }

// closed judges the end of a watch. One that ends when it was to end proves that nothing
// was missed, if it came to where the resource is known to have been; or at all, where
// that is not known, or no cache can stand still, as with events.
func (s *stream) closed() {
	const early = time.Second // the API server counts from when the request came
	h, timely := &s.past.horizon, s.attempt.endedWell() && time.Since(s.attempt.started) >= s.lasts-early
	if timely && s.lasts > 0 && s.some && !s.proved && !s.unproved {
		s.past.unmarked()
	}
	asks := h.latest != nil && (!s.past.direct(s.some) || s.unproved)
	switch {
	case s.lasts == 0 || !timely:
		s.past.cut() // the next one is short
	case s.behind:
		s.send(expired("the last event has not come to the version that the resource had"))
	case asks && !s.proved && !h.met(s.reached, s.attempt.started):
		if s.past.cut(); s.old() {
			s.send(expired("for long, no watch has proved anything"))
		}
	case !asks && s.past.doubtful(s.some):
		// The reflector lists anew.
		s.send(expired("a watch ended without the bookmark that others brought"))
	default:
		s.health.Proved()
	}
}
