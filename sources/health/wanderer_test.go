package health

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	apiwatch "k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/tools/cache"
)

// fault is what is wrong with the wandering server.
type fault int

const (
	none           fault = iota
	frozen               // watches bring nothing, new ones neither
	frozenOld            // those that exist never bring anything again; new ones are served
	closedAtOnce         // watches end as soon as they begin
	closedEarly          // they end in their midst
	refusing             // every request is refused
	stalling             // requests are not answered, and given up in time
	stuck                // requests are not answered, nothing gives them up, and they break off in the end
	noBookmarks          // watches bring events only
	compacted            // watches cannot be resumed
	listsUnending        // lists that stream do not end
	late                 // events come one by one, each after some seconds
	standing             // what watches and lists of any version come from stands still
	standingMute         // and what version there is, is not answered
	standingShort        // and watches end after a second, with a bookmark
	standingCut          // and they are cut as soon as they begin
	standingSilent       // and they bring nothing, and end in time
	farAhead             // and bookmarks are of a version to which nothing comes
	ahead                // and they are of one to which it comes some time
	disordered           // after each change, the object comes as it was before
	faults               // how many there are
)

// String returns the name of the fault.
func (f fault) String() string {
	return [...]string{
		"none", "frozen", "frozenOld", "closedAtOnce", "closedEarly", "refusing", "stalling", "stuck", "noBookmarks", "compacted",
		"listsUnending", "late", "standing", "standingMute", "standingShort", "standingCut", "standingSilent", "farAhead", "ahead", "disordered",
	}[f]
}

// wanderer is an API server of one object whose version counts up, with the faults of
// a schedule.
type wanderer struct {
	streams bool // lists, too

	mu      sync.Mutex
	now     fault
	epoch   int           // counts changes of the fault
	changed chan struct{} // closed at each of them
	version int
	// stood is the version of the cache since it stands still.
	stood int
	// since is when each version came to be.
	since []time.Time
}

func newWanderer(streams bool) *wanderer {
	return &wanderer{streams: streams, changed: make(chan struct{}), version: 1, since: []time.Time{{}, time.Now()}}
}

func (w *wanderer) set(f fault) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.now, w.epoch, w.stood = f, w.epoch+1, w.version
	close(w.changed)
	w.changed = make(chan struct{})
}

// bump makes a new version.
func (w *wanderer) bump() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.version++
	w.since = append(w.since, time.Now())
}

func (w *wanderer) state() (now fault, epoch, version int, changed chan struct{}) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.now, w.epoch, w.version, w.changed
}

// cached is the version that the cache has.
func (w *wanderer) cached() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.now.stands() {
		return w.stood
	}
	return w.version
}

func (f fault) stands() bool { return f >= standing && f <= ahead }

// latest is the version that a consistent read gives.
func (w *wanderer) latest(ctx context.Context) (string, error) {
	if err := w.admit(ctx); err != nil {
		return "", err
	}
	if now, _, _, _ := w.state(); now == standingMute {
		return "", apierrors.NewInternalError(errors.New("etcdserver: no leader"))
	}
	_, _, version, _ := w.state()
	return strconv.Itoa(version), nil
}

// outdated is for how long a version has not been the latest any more.
func (w *wanderer) outdated(resourceVersion string) time.Duration {
	version, _ := strconv.Atoi(resourceVersion)
	w.mu.Lock()
	defer w.mu.Unlock()
	if version >= w.version {
		return 0
	}
	return time.Since(w.since[version+1])
}

func objectAt(version int) *corev1.Node {
	n := node("a")
	n.ResourceVersion = strconv.Itoa(version)
	return n
}

// admit is what becomes of a request before it is served. As the wire does, it gives
// a request up that is not answered.
func (w *wanderer) admit(ctx context.Context) error {
	deadline := time.After(answerWithin)
	for {
		now, _, _, changed := w.state()
		if now == stuck {
			deadline = nil
		}
		switch now {
		case refusing:
			err := apierrors.NewGenericServerResponse(http.StatusServiceUnavailable, "get", corev1.Resource("nodes"), "", "", 0, true)
			attemptOf(ctx).note(nil, nil)
			return err
		case stalling, stuck:
		default:
			attemptOf(ctx).note(nil, nil)
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-changed:
			if now == stuck {
				return errors.New("connection reset")
			}
		case <-deadline:
			err := &SilentError{What: "answer", For: answerWithin}
			attemptOf(ctx).note(nil, err)
			return err
		}
	}
}

func (w *wanderer) listWatch() *cache.ListWatch {
	return &cache.ListWatch{
		ListWithContextFunc: func(ctx context.Context, o metav1.ListOptions) (runtime.Object, error) {
			if err := w.admit(ctx); err != nil {
				return nil, err
			}
			_, _, version, _ := w.state()
			if o.ResourceVersion != "" {
				version = w.cached()
			}
			return &corev1.NodeList{ListMeta: metav1.ListMeta{ResourceVersion: strconv.Itoa(version)}, Items: []corev1.Node{*objectAt(version)}}, nil
		},
		WatchFuncWithContext: func(ctx context.Context, o metav1.ListOptions) (apiwatch.Interface, error) {
			if o.SendInitialEvents != nil && !w.streams {
				return nil, apierrors.NewInvalid(metav1.SchemeGroupVersion.WithKind("ListOptions").GroupKind(), "", nil)
			}
			if err := w.admit(ctx); err != nil {
				return nil, err
			}
			if now, _, _, _ := w.state(); now == compacted && o.SendInitialEvents == nil {
				return nil, apierrors.NewResourceExpired("too old")
			}
			out := make(chan apiwatch.Event)
			proxy := apiwatch.NewProxyWatcher(out)
			ctx, cancel := context.WithCancel(ctx)
			context.AfterFunc(ctx, cancel)
			go func() {
				select {
				case <-proxy.StopChan():
				case <-ctx.Done():
				}
				cancel()
			}()
			a := attemptOf(ctx)
			go func() {
				defer close(out)
				defer cancel()
				a.ended(w.stream(ctx, o, out))
			}()
			return proxy, nil
		},
	}
}
