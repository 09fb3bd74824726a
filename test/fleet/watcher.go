package fleet

import (
	"context"
	"strconv"
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/watch"
)

// watcher is one watch. The API offers it what changes, and it sends that in its own
// time.
type watcher struct {
	api     *API
	of      *collection
	filter  filter
	queue   []watch.Event // guarded by the API's lock
	more    chan struct{}
	out     chan watch.Event
	stopped chan struct{}
	stop    sync.Once
}

var _ watch.Interface = (*watcher)(nil)

func newWatcher(a *API, of *collection, f filter) *watcher {
	return &watcher{
		api: a, of: of, filter: f,
		more: make(chan struct{}, 1), out: make(chan watch.Event, 64), stopped: make(chan struct{}),
	}
}

// ResultChan implements watch.Interface.
func (w *watcher) ResultChan() <-chan watch.Event { return w.out }

// Stop implements watch.Interface.
func (w *watcher) Stop() { w.stop.Do(func() { close(w.stopped) }) }

// offer queues a change with the API's lock held. Each watcher gets its own copy,
// because whoever reads it may keep and trim it.
func (w *watcher) offer(e watch.Event) {
	if !w.filter.matches(e.Object) {
		return
	}
	w.queue = append(w.queue, watch.Event{Type: e.Type, Object: e.Object.DeepCopyObject()})
	select {
	case w.more <- struct{}{}:
	default:
	}
}

// run sends what was queued until the watch has lasted as long as was asked for. Then
// a bookmark says that nothing was left out, as the bookmark of an API server does.
func (w *watcher) run(ctx context.Context, lasts time.Duration) {
	defer close(w.out)
	defer w.forget()
	end := time.NewTimer(lasts)
	defer end.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-w.stopped:
			return
		case <-w.more:
			if !w.send(ctx, false) {
				return
			}
		case <-end.C:
			w.send(ctx, true)
			return
		}
	}
}

func (w *watcher) send(ctx context.Context, last bool) bool {
	w.api.mu.Lock()
	events := w.queue
	w.queue = nil
	version := w.api.version
	w.api.mu.Unlock()
	if last {
		if bookmark := w.bookmark(version); bookmark != nil {
			events = append(events, watch.Event{Type: watch.Bookmark, Object: bookmark})
		}
	}
	for _, e := range events {
		select {
		case w.out <- e:
		case <-w.stopped:
			return false
		case <-ctx.Done():
			return false
		}
	}
	return true
}

func (w *watcher) bookmark(version int64) runtime.Object {
	obj, err := w.filter.row.NewObject()
	if err != nil {
		return nil
	}
	m, _ := identity(obj)
	m.SetResourceVersion(strconv.FormatInt(version, 10))
	return obj
}

func (w *watcher) forget() {
	w.api.mu.Lock()
	defer w.api.mu.Unlock()
	delete(w.of.watchers, w)
}
