package health

import (
	"context"
	"io"
	"strconv"
	"sync/atomic"
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
	// mute is whether watches bring nothing after the fault.
	mute bool
	// bare is whether there is no cache at all: watches bring events and never bookmarks.
	bare bool
	// slow is how long a list takes after the fault.
	slow time.Duration
	// uncached is whether API servers have no cache of the resource.
	uncached bool
	// old is whether the watch brings, after the fault, the object as it was in the
	// place of the bookmark.
	old bool

	// exact are the lists of the latest version, and unpaged those of them that ask for
	// all in one piece.
	lists, exact, unpaged atomic.Int64
}

func (s *cachedServer) listWatch() *cache.ListWatch {
	return &cache.ListWatch{
		ListWithContextFunc: func(ctx context.Context, o metav1.ListOptions) (runtime.Object, error) {
			if time.Since(s.begun) >= faultAt {
				sleep(ctx, s.slow)
			}
			s.lists.Add(1)
			if o.ResourceVersion == "" {
				s.exact.Add(1)
			}
			if o.ResourceVersion == "" && o.Limit == 0 {
				s.unpaged.Add(1)
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
				if s.bare {
					mark, rest = rest, mark // and some time passes until the end
				}
				if s.cut > 0 && time.Since(s.begun) >= faultAt {
					mark, rest = s.cut, time.Second
				}
				if s.mute && time.Since(s.begun) >= faultAt {
					if s.cut == 0 {
						mark += rest
					}
					sleep(ctx, mark)
					a.ended(io.EOF)
					return
				}
				sleep(ctx, mark)
				kind := apiwatch.Bookmark
				if s.bare || s.old && time.Since(s.begun) >= faultAt {
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

// revisionAt counts three a second, as a cluster does in which there is one Lease.
func (*cachedServer) revisionAt(d time.Duration) int { return 1000 + 3*int(d/time.Second) }
