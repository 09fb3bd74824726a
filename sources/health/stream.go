package health

import (
	"context"
	"fmt"
	"reflect"
	"sync"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
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
	// some is whether anything came that the API server sends only once all before
	// it was sent.
	some bool
	// reached is the version that the watch has come to.
	reached string
	// proved is whether its last bookmark proved that nothing was missed, and unproved
	// whether it proved nothing.
	proved, unproved bool
	// behind is whether the last event should have been of a later version.
	behind bool
	// listing is whether objects of a list are still to come, after so many.
	listing bool
	objects int
	// trim is that of the target, and held how many bytes of memory the list takes.
	trim func(runtime.Object)
	held int64
	// changes is whether the list is followed by changes already: its end is due, and
	// changes, which a busy cluster has all the time, do not put it off.
	changes bool
	// over is whether the time is up.
	over bool
	// back is closed when the resource is found to be at an earlier version than what
	// was seen of it.
	back chan struct{}

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
		trim:    t.Trim,
		out:     make(chan apiwatch.Event), stopped: make(chan struct{}), back: make(chan struct{}),
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
		}
		if !s.judge(ctx, *event) {
			return
		}
		s.note(*event)
		if s.unproved && event.Type == apiwatch.Bookmark {
			if s.old() {
				s.send(expired("for long, no bookmark has proved anything"))
				return
			}
			continue // the store would take it for proof
		}
		if !s.send(*event) {
			return
		}
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
	case <-s.back:
		e := expired("the resource is at an earlier version than what was seen of it")
		return &e, true
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

// refuse tells why the watch is of no use, also to the reflector: it would begin the
// same anew at once if the watch only ended.
func (s *stream) refuse(err error) {
	s.attempt.failed(err)
	status := apierrors.NewInternalError(err).Status()
	s.send(apiwatch.Event{Type: apiwatch.Error, Object: &status})
}
