package health

import (
	"context"
	"log/slog"
	"time"

	"github.com/go-logr/logr"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/wait"
	apiwatch "k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/tools/cache"
)

// retry bounds how long a recovered API server can go unnoticed: the default of
// a reflector is up to 30 s, and signals would be absent for as long.
func retry() *wait.Backoff {
	return &wait.Backoff{Duration: 500 * time.Millisecond, Factor: 2, Jitter: 0.5, Steps: 5, Cap: 3 * time.Second}
}

// Target is one resource to be watched.
type Target struct {
	// Health learns of every success and failure on the wire.
	Health *Health
	// ListWatch reads the resource; Client is what it reads with.
	ListWatch *cache.ListWatch
	Client    any
	// Expected is an empty object of the resource's type.
	Expected runtime.Object
	Store    cache.ReflectorStore
	// Progress, if any, learns when there is something new.
	Progress *Progress
	// Trim takes from an object what is not kept of it. It is nil where the store makes
	// something else of objects that takes next to no memory.
	Trim func(runtime.Object)
	// Latest, if any, asks for the version that the resource has now, by a consistent
	// read: what a watch brings is held against it.
	Latest func(context.Context) (string, error)
	// Uncached says that API servers serve the resource right from etcd: its watches
	// bring no bookmarks, and there is no cache that could stand still.
	Uncached bool
}

// pageSize is what reflectors ask for by default, where they read lists in pages.
const pageSize = 500

// Run keeps the target's store up to date until ctx ends. Lists stream where
// the API server can (WatchList) and are paged otherwise.
func Run(ctx context.Context, logger *slog.Logger, t Target) {
	source := t.Health.State().Source
	log := logr.FromSlogHandler(Quiet(logger.With("watched", source).Handler()))
	observed := cache.ToListWatcherWithWatchListSemantics(observe(ctx, t), t.Client)
	reflector := cache.NewReflectorWithOptions(observed, t.Expected, t.Store, cache.ReflectorOptions{
		Name:    source,
		Logger:  &log,
		Backoff: retry(),
	})
	// The reflector reads lists that are not older than some version in one piece, since
	// caches answer them. The past makes lists of the latest version of them, which etcd
	// answers before Kubernetes 1.31.
	reflector.WatchListPageSize = pageSize
	reflector.RunWithContext(ctx)
}

// observe reports to the health what list and watch requests come to. A list
// becomes a success only when the store has taken it (Health.Listed), and so does a
// watch that begins with a list. That the server accepts a watch that resumes from a
// known version proves nothing, as client-go takes broken connections for empty
// watches: what it brings does (stream).
func observe(ctx context.Context, t Target) *cache.ListWatch {
	p := &past{progress: t.Progress, horizon: horizon{latest: t.Latest}, uncached: t.Uncached}
	fail := func(err error) {
		if ctx.Err() == nil {
			t.Health.Fail(err)
		}
	}
	return &cache.ListWatch{
		ListWithContextFunc: func(request context.Context, o metav1.ListOptions) (runtime.Object, error) {
			o = p.options(o)
			a := newAttempt(fail)
			list, err := t.ListWatch.ListWithContext(a.in(request), o)
			if err == nil {
				err = p.page(request, o, list, a.holds())
			}
			if err != nil {
				fail(err)
				return nil, err
			}
			return list, nil
		},
		WatchFuncWithContext: func(request context.Context, o metav1.ListOptions) (apiwatch.Interface, error) {
			withList := o.SendInitialEvents != nil
			lasts := time.Duration(0)
			if withList {
				o = p.options(o)
			} else {
				if !known(o.ResourceVersion) {
					// It would bring what there is, and nothing of what was deleted since the list.
					return nil, apierrors.NewResourceExpired("what came last had no version")
				}
				if t.Health.lacks() {
					return nil, apierrors.NewResourceExpired("the store lacks what came before")
				}
				if p.foreign() {
					return nil, apierrors.NewResourceExpired("versions went back, and the last watch was cut")
				}
				lasts = p.lasts(t.Health.Err() == nil)
				seconds := int64(lasts / time.Second)
				o.TimeoutSeconds = &seconds
			}
			a := newAttempt(fail)
			w, err := t.ListWatch.WatchWithContext(a.in(request), o)
			if err == nil && a.failure() != nil {
				// client-go makes an empty watch of a connection that broke off.
				w.Stop()
				w, err = nil, a.failure()
			}
			switch {
			case withList && apierrors.IsInvalid(err):
				// The API server knows no such watch; the reflector lists instead.
			case err == nil || ctx.Err() == nil:
				t.Health.Watched(err)
			}
			if err != nil {
				return nil, err
			}
			return newStream(request, w, t, p, watchRequest{options: o, attempt: a, lasts: lasts}), nil
		},
	}
}

// Quiet returns a handler that lowers client-go's own reports to debug: they
// repeat with every retry, and the health of the source tells of them once.
func Quiet(h slog.Handler) slog.Handler { return quiet{h} }

type quiet struct{ slog.Handler }

func (q quiet) Handle(ctx context.Context, r slog.Record) error {
	if !q.Enabled(ctx, r.Level) {
		return nil
	}
	r.Level = slog.LevelDebug
	return q.Handler.Handle(ctx, r)
}

func (q quiet) Enabled(ctx context.Context, _ slog.Level) bool {
	return q.Handler.Enabled(ctx, slog.LevelDebug)
}

func (q quiet) WithAttrs(attrs []slog.Attr) slog.Handler { return quiet{q.Handler.WithAttrs(attrs)} }
func (q quiet) WithGroup(name string) slog.Handler       { return quiet{q.Handler.WithGroup(name)} }
