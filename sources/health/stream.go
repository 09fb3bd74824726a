package health

import (
	"context"
	"fmt"
	"reflect"
	"sync"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	apiwatch "k8s.io/apimachinery/pkg/watch"
)

const (
	// watchFor is how long a watch is asked for. The API server ends it then, with a
	// bookmark 2 s before: one that neither brings bookmarks nor ends is frozen.
	watchFor = 18 * time.Second
	// proveFor is the same while the source is not good: the bookmark comes sooner.
	proveFor = 5 * time.Second
	// overdue is how much later the end may come on a busy machine.
	overdue = 6 * time.Second
	// lateStart is after what time the answer to a request for a long watch has come
	// late: its proof would, too.
	lateStart = 2 * time.Second
	// MaxAge is how old the last sign of life of a watched source may be. It is the
	// bound if all else fails to notice, and above what a quiet source needs.
	MaxAge = 26 * time.Second
)

// watchRequest is how a watch was asked for.
type watchRequest struct {
	options metav1.ListOptions
	attempt *attempt
	// lasts is for how long; zero for one that is no proof.
	lasts time.Duration
}

// stream passes on the events of a watch, and ends it when it should have ended.
type stream struct {
	watchRequest

	inner  apiwatch.Interface
	health *Health
	// kind is the type of the objects: reflectors leave out all others, without a word.
	kind reflect.Type
	past *past
	// proof is whether anything came that the API server sends only once all before
	// it was sent.
	proof bool
	// reached is the version that the watch has come to, and unproved whether its last
	// bookmark proved nothing.
	reached  string
	unproved bool
	// behind is whether the last event should have been of a later version.
	behind bool
	// listing is whether objects of a list are still to come, after so many.
	listing bool
	objects int
	// changes is whether the list is followed by changes already: its end is due, and
	// changes, which a busy cluster has all the time, do not put it off.
	changes bool
	// over is whether the time is up.
	over bool

	out      chan apiwatch.Event
	stopped  chan struct{}
	stopOnce sync.Once
}

var _ apiwatch.Interface = (*stream)(nil)

// newStream passes on a watch of the target, which may begin with a list. What it asks
// itself ends with ctx.
func newStream(ctx context.Context, inner apiwatch.Interface, t Target, p *past, by watchRequest) *stream {
	if by.lasts == watchFor && time.Since(by.attempt.started) > lateStart {
		by.lasts = 0
		p.cut()
	}
	s := &stream{
		watchRequest: by, inner: inner, health: t.Health, kind: reflect.TypeOf(t.Expected), past: p,
		reached: by.options.ResourceVersion,
		listing: by.options.SendInitialEvents != nil,
		out:     make(chan apiwatch.Event), stopped: make(chan struct{}),
	}
	go s.run(ctx)
	return s
}

// ResultChan implements watch.Interface.
func (s *stream) ResultChan() <-chan apiwatch.Event { return s.out }

// Stop implements watch.Interface.
func (s *stream) Stop() {
	s.stopOnce.Do(func() {
		close(s.stopped)
		s.inner.Stop()
	})
}

func (s *stream) run(ctx context.Context) {
	defer close(s.out)
	defer s.inner.Stop()
	bound := s.lasts + overdue
	switch {
	case s.listing:
		bound = s.pause()
	case s.lasts == 0:
		bound = tail
	}
	timer := time.NewTimer(bound)
	defer timer.Stop()
	defer s.askAhead(ctx)()
	for {
		event, open := s.next(timer.C)
		switch {
		case !open:
			s.closed()
			return
		case event == nil: // too late, or not wanted any more
			return
		case event.Type != apiwatch.Error && reflect.TypeOf(event.Object) != s.kind:
			s.refuse(fmt.Errorf("a watch brings %T, not %s", event.Object, s.kind))
			return
		case s.listing && !s.list(ctx, *event, timer):
			return
		case s.lasts > 0 && event.Type != apiwatch.Error && !known(versionOf(event.Object)):
			s.past.horizon.lost()
			s.send(expired("what came had no version"))
			return
		case s.lasts > 0 && event.Type == apiwatch.Bookmark && s.past.horizon.missed(versionOf(event.Object)):
			s.send(expired("a bookmark has not come to the version that the resource had"))
			return
		}
		s.note(*event)
		if s.unproved && event.Type == apiwatch.Bookmark {
			if s.health.age() < listAfter {
				continue // the store would take it for proof
			}
			s.send(expired("for long, no bookmark has proved anything"))
			return
		}
		if !s.send(*event) {
			return
		}
	}
}

// askAhead asks for the version that the last bookmark has to come to, in time. It
// returns what ends that.
func (s *stream) askAhead(ctx context.Context) (end func()) {
	if s.lasts == 0 || s.past.horizon.latest == nil {
		return func() {}
	}
	ctx, cancel := context.WithCancel(ctx)
	timer := time.AfterFunc(s.lasts-askBefore, func() { s.past.horizon.ask(ctx) })
	return func() {
		timer.Stop()
		cancel()
	}
}

// note takes in what an event says of the watch.
func (s *stream) note(e apiwatch.Event) {
	switch e.Type {
	case apiwatch.Error:
		if !gone(e) {
			s.attempt.failed(apierrors.FromObject(e.Object))
		}
	case apiwatch.Bookmark:
		s.proof = true
		s.unproved = s.lasts > 0 && !s.past.horizon.vouches(versionOf(e.Object), s.reached, s.attempt.started)
		s.behind = false // else it would have ended the watch
		s.past.bookmark()
	default:
		s.proof = true
		s.behind = s.lasts > 0 && s.past.horizon.behind(versionOf(e.Object))
	}
	if s.lasts > 0 { // the objects of a list have versions of long ago
		s.reached = versionOf(e.Object)
		s.past.saw(s.reached)
	}
}

// send passes an event on. It is false when the event is not wanted any more.
func (s *stream) send(e apiwatch.Event) bool {
	select {
	case s.out <- e:
		return true
	case <-s.stopped:
		return false
	}
}

// next returns the next event. It returns nil when the time is up, which it tells,
// or when the stream was stopped. open is false when the watch ended by itself.
func (s *stream) next(up <-chan time.Time) (event *apiwatch.Event, open bool) {
	if s.over {
		s.late()
		return nil, true
	}
	select {
	case e, ok := <-s.inner.ResultChan():
		return &e, ok
	case <-s.stopped:
		return nil, true
	case <-up:
	}
	// What came just in time counts, and is the last: the timer does not tell again.
	select {
	case e, ok := <-s.inner.ResultChan():
		s.over = true
		return &e, ok
	default:
	}
	s.late()
	return nil, true
}

// late tells that the time is up, unless the watch was of no use any more.
func (s *stream) late() {
	switch {
	case s.listing:
		// The connection is none to give up, with all the watches on it, as it has just
		// brought the answer. If it brings nothing more, the next request will tell.
		s.attempt.failed(&SilentError{What: "object of a list", For: s.pause()})
		return
	case s.lasts == 0:
		return
	default:
		s.attempt.failed(&SilentError{What: "end of a watch", For: s.lasts + overdue})
	}
	s.attempt.drop()
}

// closed judges the end of a watch. One that ends when it was to end proves that
// nothing was missed, also where the API server sends no bookmarks, as for events.
func (s *stream) closed() {
	const early = time.Second // the API server counts from when the request came
	switch timely := s.attempt.endedWell() && time.Since(s.attempt.started) >= s.lasts-early; {
	case s.lasts == 0 || !timely || s.unproved:
		s.past.cut() // the next one is short
	case s.behind:
		s.past.horizon.lost()
		s.send(expired("the last event has not come to the version that the resource had"))
	case s.past.doubtful(s.proof):
		// The reflector lists anew.
		s.send(expired("a watch ended without the bookmark that others brought"))
	default:
		s.health.Proved()
	}
}

// refuse tells why the watch is of no use, also to the reflector: it would begin the
// same anew at once if the watch only ended.
func (s *stream) refuse(err error) {
	s.attempt.failed(err)
	status := apierrors.NewInternalError(err).Status()
	s.send(apiwatch.Event{Type: apiwatch.Error, Object: &status})
}
