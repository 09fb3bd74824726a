package health

import (
	"context"
	"errors"
	"io"
	"strconv"
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

// faultAt is when the cachedServer of a test goes wrong.
const faultAt = 5 * time.Minute

// cachedServer is an API server of one quiet object, before an etcd whose revision counts
// on. Each of its answers comes from where the test says.
type cachedServer struct {
	begun time.Time
	// revision is that of etcd, and of a consistent read.
	revision func() int
	// bookmark is the version of bookmarks of a watch from some version.
	bookmark func(from string) int
	// list is the version of a list.
	list func(o metav1.ListOptions) int
	// latest answers the question for the version.
	latest func(ctx context.Context) (string, error)
	// cut is when a watch brings its bookmark after the fault, and ends soon after; zero
	// if that is when the client has asked for.
	cut time.Duration
	// old is whether the watch brings, after the fault, the object as it was in the
	// place of the bookmark.
	old bool

	lists, exact atomic.Int64
}

func (s *cachedServer) listWatch() *cache.ListWatch {
	return &cache.ListWatch{
		ListWithContextFunc: func(_ context.Context, o metav1.ListOptions) (runtime.Object, error) {
			s.lists.Add(1)
			if o.ResourceVersion == "" {
				s.exact.Add(1)
			}
			version := strconv.Itoa(s.list(o))
			return &corev1.NodeList{ListMeta: metav1.ListMeta{ResourceVersion: version}, Items: []corev1.Node{*objectAt(1)}}, nil
		},
		WatchFuncWithContext: func(ctx context.Context, o metav1.ListOptions) (apiwatch.Interface, error) {
			if o.SendInitialEvents != nil {
				return nil, apierrors.NewInvalid(metav1.SchemeGroupVersion.WithKind("ListOptions").GroupKind(), "", nil)
			}
			ctx, cancel := context.WithCancel(ctx)
			out := make(chan apiwatch.Event)
			w := apiwatch.NewProxyWatcher(out)
			a := attemptOf(ctx)
			go func() {
				select {
				case <-w.StopChan():
				case <-ctx.Done():
				}
				cancel()
			}()
			go func() {
				defer close(out)
				defer cancel()
				mark, rest := time.Duration(*o.TimeoutSeconds-2)*time.Second, 2*time.Second
				if s.cut > 0 && time.Since(s.begun) >= faultAt {
					mark, rest = s.cut, time.Second
				}
				sleep(ctx, mark)
				kind := apiwatch.Bookmark
				if s.old && time.Since(s.begun) >= faultAt {
					kind = apiwatch.Modified
				}
				select {
				case out <- apiwatch.Event{Type: kind, Object: objectAt(s.bookmark(o.ResourceVersion))}:
				case <-ctx.Done():
				}
				sleep(ctx, rest)
				a.ended(io.EOF)
			}()
			return w, nil
		},
	}
}

// TestWatchesThatStandStill verifies when a source is listed anew, and when it is not
// available any more, because bookmarks do not come to what the resource is at.
func TestWatchesThatStandStill(t *testing.T) {
	t.Parallel()
	asked := func(from string) int { n, _ := strconv.Atoi(from); return n }
	for name, tt := range map[string]struct {
		// prepare changes a server whose caches tell of progress.
		prepare func(s *cachedServer)
		// lists are how many lists of the latest version are made from the fault on, at
		// the least and the most, in five minutes.
		lists [2]int64
		told  bool
	}{
		"progress is told": {prepare: func(*cachedServer) {}},
		"no progress is told": {lists: [2]int64{10, 20}, prepare: func(s *cachedServer) {
			s.bookmark = asked
		}},
		"a cache stands still": {lists: [2]int64{10, 20}, prepare: func(s *cachedServer) {
			stood := s.revisionAt(faultAt)
			s.bookmark = func(from string) int { return max(min(s.revision(), stood), asked(from)) }
			s.list = func(o metav1.ListOptions) int {
				if o.ResourceVersion == "" {
					return s.revision()
				}
				return min(s.revision(), stood)
			}
		}},
		"lists stand still, too": {lists: [2]int64{10, 200}, told: true, prepare: func(s *cachedServer) {
			stood := s.revisionAt(faultAt)
			s.bookmark = func(string) int { return min(s.revision(), stood) }
			s.list = func(metav1.ListOptions) int { return min(s.revision(), stood) }
		}},
		"bookmarks have no version": {lists: [2]int64{5, 20}, prepare: func(s *cachedServer) {
			s.bookmark = func(string) int {
				if time.Since(s.begun) < faultAt {
					return s.revision()
				}
				return 0
			}
		}},
		"watches end soon": {lists: [2]int64{10, 20}, prepare: func(s *cachedServer) {
			s.bookmark, s.cut = asked, 300*time.Millisecond
		}},
		"watches end soon, with progress": {prepare: func(s *cachedServer) {
			s.cut = 4 * time.Second
		}},
		"an old event instead of bookmarks": {lists: [2]int64{10, 20}, prepare: func(s *cachedServer) {
			s.bookmark, s.old = asked, true
		}},
		"a new event instead of bookmarks": {lists: [2]int64{0, 1}, prepare: func(s *cachedServer) {
			s.old = true
		}},
		"the question fails": {lists: [2]int64{10, 20}, prepare: func(s *cachedServer) {
			s.bookmark = asked
			s.latest = func(context.Context) (string, error) {
				if time.Since(s.begun) < faultAt {
					return strconv.Itoa(s.revision()), nil
				}
				return "", apierrors.NewInternalError(errors.New("etcdserver: no leader"))
			}
		}},
		"the question fails, and progress is told": {prepare: func(s *cachedServer) {
			s.latest = func(context.Context) (string, error) { return "", context.DeadlineExceeded }
		}},
		"the question is answered late": {lists: [2]int64{10, 20}, prepare: func(s *cachedServer) {
			s.bookmark = asked
			s.latest = func(ctx context.Context) (string, error) {
				sleep(ctx, askFor-300*time.Millisecond)
				return strconv.Itoa(s.revision()), ctx.Err()
			}
		}},
		"the answer has no version": {lists: [2]int64{10, 20}, prepare: func(s *cachedServer) {
			s.bookmark = asked
			s.latest = func(context.Context) (string, error) { return "", nil }
		}},
		"nothing moves at all": {prepare: func(s *cachedServer) {
			s.revision = func() int { return 1000 }
		}},
		"etcd went back": {lists: [2]int64{0, 2}, prepare: func(s *cachedServer) {
			forth := s.revision
			s.revision = func() int {
				if time.Since(s.begun) < faultAt {
					return forth()
				}
				return forth() - 100
			}
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := &cachedServer{begun: time.Now()}
				s.revision = func() int { return s.revisionAt(time.Since(s.begun)) }
				s.bookmark = func(string) int { return s.revision() }
				s.list = func(metav1.ListOptions) int { return s.revision() }
				s.latest = func(context.Context) (string, error) { return strconv.Itoa(s.revision()), nil }
				tt.prepare(s)
				_, v := follow(t, s.listWatch(), s.latest)
				time.Sleep(faultAt)
				before := s.exact.Load()
				var told time.Duration
				for at := time.Duration(0); at < 5*time.Minute; at += time.Second {
					_, err := v.List()
					if err != nil && told == 0 {
						told = at
					}
					if told > 0 && err == nil {
						t.Fatalf("%s into the fault it counts as good", at)
					}
					time.Sleep(time.Second)
				}
				if lists := s.exact.Load() - before; lists < tt.lists[0] || lists > tt.lists[1] {
					t.Errorf("%d lists of the latest version, want %d", lists, tt.lists)
				}
				if (told > 0) != tt.told || told > 30*time.Second {
					t.Errorf("told after %s", told)
				}
			})
		})
	}
}

// revisionAt counts three a second, as a cluster does in which there is one Lease.
func (*cachedServer) revisionAt(d time.Duration) int { return 1000 + 3*int(d/time.Second) }
