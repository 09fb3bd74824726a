package health

import (
	"context"
	"io"
	"log/slog"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	apiwatch "k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/tools/cache"
)

// server answers lists at once and watches as behave says, with the number of the
// watch and for how long it was asked for. What behave sends ends with its return.
type server struct {
	behave func(ctx context.Context, n int, lasts time.Duration, send func(apiwatch.EventType, string)) error
	// Reflectors count from goroutines of their own, and sleeping on virtual time
	// orders nothing for the race detector.
	watches, lists atomic.Int64
}

func (s *server) listWatch() *cache.ListWatch {
	return &cache.ListWatch{
		ListWithContextFunc: func(context.Context, metav1.ListOptions) (runtime.Object, error) {
			s.lists.Add(1)
			return &corev1.NodeList{ListMeta: metav1.ListMeta{ResourceVersion: "7"}, Items: []corev1.Node{*node("a")}}, nil
		},
		WatchFuncWithContext: func(ctx context.Context, o metav1.ListOptions) (apiwatch.Interface, error) {
			if o.SendInitialEvents != nil {
				return nil, apierrors.NewInvalid(metav1.SchemeGroupVersion.WithKind("ListOptions").GroupKind(), "", nil)
			}
			n := int(s.watches.Add(1))
			out := make(chan apiwatch.Event)
			ctx, cancel := context.WithCancel(ctx)
			w := apiwatch.NewProxyWatcher(out)
			go func() {
				select {
				case <-w.StopChan():
				case <-ctx.Done():
				}
				cancel()
			}()
			a := attemptOf(ctx)
			go func() {
				defer close(out)
				defer cancel()
				err := s.behave(ctx, n, time.Duration(*o.TimeoutSeconds)*time.Second, func(kind apiwatch.EventType, version string) {
					obj := node("a")
					obj.ResourceVersion = version
					select {
					case out <- apiwatch.Event{Type: kind, Object: obj}:
					case <-ctx.Done():
					}
				})
				a.ended(err)
			}()
			return w, nil
		},
	}
}

// run keeps a view of the server's nodes on virtual time until the test ends.
func (s *server) run(t *testing.T) (*Health, *View[*corev1.Node]) {
	t.Helper()
	return follow(t, s.listWatch(), nil)
}

// follow keeps a view of nodes until the test ends. latest asks for their version, unless
// it is nil.
func follow(t *testing.T, lw *cache.ListWatch, latest func(context.Context) (string, error)) (*Health, *View[*corev1.Node]) {
	t.Helper()
	return followTarget(t, Target{ListWatch: lw, Latest: latest})
}

// followTarget keeps a view of nodes, read as the target says, until the test ends.
func followTarget(t *testing.T, target Target) (*Health, *View[*corev1.Node]) {
	t.Helper()
	h := NewHealth("nodes", time.Now).Expire(MaxAge)
	v := NewView(h, Trim[*corev1.Node])
	target.Health, target.Expected, target.Store = h, &corev1.Node{}, v
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan bool)
	go func() {
		defer close(done)
		Run(ctx, slog.New(slog.DiscardHandler), target)
	}()
	t.Cleanup(func() { cancel(); <-done })
	return h, v
}

// sleep waits until the context or the time ends.
func sleep(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}

// TestFreshness verifies on virtual time how long what was seen last counts as true
// for each way in which a watch may fail without an error, and how soon it does
// again.
func TestFreshness(t *testing.T) {
	t.Parallel()
	const fault, healed = 5 * time.Minute, 8 * time.Minute
	for name, tt := range map[string]struct {
		// broken is how watches behave between fault and healed.
		broken func(ctx context.Context, send func(apiwatch.EventType, string))
		// stays says that nothing is wrong with it.
		stays bool
	}{
		"frozen": {broken: func(ctx context.Context, _ func(apiwatch.EventType, string)) { <-ctx.Done() }},
		// Lists go on, so that nothing is old.
		"closed at once": {stays: true, broken: func(context.Context, func(apiwatch.EventType, string)) {}},
		"closed early":   {broken: func(ctx context.Context, _ func(apiwatch.EventType, string)) { sleep(ctx, 3*time.Second) }},
		"late events": {broken: func(ctx context.Context, send func(apiwatch.EventType, string)) {
			for ctx.Err() == nil {
				sleep(ctx, 11*time.Second)
				send(apiwatch.Modified, "8")
			}
		}},
		"busy and orderly": {stays: true, broken: func(ctx context.Context, send func(apiwatch.EventType, string)) {
			for range 3 {
				sleep(ctx, time.Second)
				send(apiwatch.Bookmark, "9")
			}
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				begun := time.Now()
				s := &server{behave: func(ctx context.Context, _ int, lasts time.Duration, send func(apiwatch.EventType, string)) error {
					if at := time.Since(begun); at >= fault && at < healed {
						tt.broken(ctx, send)
						return context.Canceled
					}
					// It freezes in the midst of a watch as well.
					sleep(ctx, lasts-2*time.Second)
					if at := time.Since(begun); at >= fault && at < healed {
						tt.broken(ctx, send)
						return context.Canceled
					}
					send(apiwatch.Bookmark, "8")
					sleep(ctx, 2*time.Second)
					return io.EOF
				}}
				h, v := s.run(t)
				var told, well time.Duration
				for at := time.Since(begun); at < healed+time.Minute; at = time.Since(begun) {
					_, err := v.List()
					switch {
					case at > time.Second && at < fault && err != nil:
						t.Fatalf("after %s, before anything is wrong: %v", at, err)
					case at >= fault && told == 0 && err != nil:
						told = at - fault
					case at >= fault && at < healed && told > 0 && err == nil:
						t.Fatalf("%s into the fault it counts as good", at-fault)
					case at >= healed && well == 0 && err == nil:
						well = at - healed
					}
					time.Sleep(100 * time.Millisecond)
				}
				if tt.stays {
					if told != 0 {
						t.Errorf("told after %s: %v", told, h.State())
					}
					return
				}
				if told == 0 || told > MaxAge+time.Second {
					t.Errorf("told after %s, want at most %s", told, MaxAge)
				}
				if well > 15*time.Second {
					t.Errorf("good again %s after the end", well)
				}
			})
		})
	}
}

// TestAQuietWatchWithoutBookmarks verifies that an orderly end is proof enough, as
// API servers send no bookmarks of events.
func TestAQuietWatchWithoutBookmarks(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &server{behave: func(ctx context.Context, _ int, lasts time.Duration, _ func(apiwatch.EventType, string)) error {
			sleep(ctx, lasts)
			return io.EOF
		}}
		h, _ := s.run(t)
		for range 600 {
			time.Sleep(time.Second)
			if state := h.State(); state.Reason != Available {
				t.Fatalf("%+v", state)
			}
		}
		if s.watches.Load() > 40 {
			t.Errorf("%d watches in 10 minutes", s.watches.Load())
		}
	})
}

// TestWatchesThatWaitForTheFuture verifies that watches that end in time, but lack
// the bookmarks that earlier ones brought, make for a new list, as after etcd went
// back to an earlier state; and that the source is not listed for ever where
// bookmarks have ended for good.
func TestWatchesThatWaitForTheFuture(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		begun := time.Now()
		s := &server{behave: func(ctx context.Context, _ int, lasts time.Duration, send func(apiwatch.EventType, string)) error {
			sleep(ctx, lasts-2*time.Second)
			if time.Since(begun) < time.Minute {
				send(apiwatch.Bookmark, "8")
			}
			sleep(ctx, 2*time.Second)
			return io.EOF
		}}
		h, _ := s.run(t)
		time.Sleep(time.Minute)
		if s.lists.Load() != 1 {
			t.Errorf("%d lists while all is well, want 1", s.lists.Load())
		}
		time.Sleep(40 * time.Second)
		if s.lists.Load() < 2 {
			t.Error("no list though bookmarks ended")
		}
		for range 600 {
			time.Sleep(time.Second)
			if state := h.State(); state.Reason != Available {
				t.Fatalf("%+v", state)
			}
		}
		if s.lists.Load() != 1+maxDoubts {
			t.Errorf("%d lists, want %d", s.lists.Load(), 1+maxDoubts)
		}
	})
}
