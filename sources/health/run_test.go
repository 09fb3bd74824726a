package health

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	apiwatch "k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/tools/cache"
)

// asked is a request to watch, and what was known of the source when it came.
type asked struct {
	withList bool
	reason   Reason
}

// watched runs a view of nodes, which can be listed, until the test ends. It hands
// out the requests to watch, each of which waits for what answers it.
func watched(t *testing.T) (h *Health, requests <-chan asked, answers chan<- func() (apiwatch.Interface, error)) {
	t.Helper()
	h = NewHealth("nodes", time.Now)
	in, out := make(chan asked), make(chan func() (apiwatch.Interface, error))
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan bool)
	t.Cleanup(func() { cancel(); <-ended })
	lw := &cache.ListWatch{
		ListWithContextFunc: func(context.Context, metav1.ListOptions) (runtime.Object, error) {
			return &corev1.NodeList{ListMeta: metav1.ListMeta{ResourceVersion: "7"}, Items: []corev1.Node{*node("a")}}, nil
		},
		WatchFuncWithContext: func(ctx context.Context, o metav1.ListOptions) (apiwatch.Interface, error) {
			select {
			case in <- asked{o.SendInitialEvents != nil, h.State().Reason}:
				return (<-out)()
			case <-ctx.Done():
				return nil, ctx.Err()
			}
		},
	}
	go func() {
		defer close(ended)
		Run(ctx, slog.New(slog.DiscardHandler), Target{Health: h, ListWatch: lw, Expected: &corev1.Node{}, Store: NewView(h, Trim[*corev1.Node])})
	}()
	return h, in, out
}

func TestAListDoesNotHideThatTheWatchIsRefused(t *testing.T) {
	t.Parallel()
	_, requests, answers := watched(t)
	refused := func() (apiwatch.Interface, error) {
		return nil, apierrors.NewForbidden(schema.GroupResource{Resource: "nodes"}, "", errors.New("no"))
	}
	for i, want := range []asked{{true, Starting}, {false, Forbidden}, {true, Forbidden}, {false, Forbidden}} {
		if got := <-requests; got != want {
			t.Errorf("request %d: %+v, want %+v", i, got, want)
		}
		answers <- refused
	}
}

// An API server that cannot begin a watch with a list is not to blame for it.
func TestListsThatDoNotStream(t *testing.T) {
	t.Parallel()
	_, requests, answers := watched(t)
	for i, want := range []asked{{true, Starting}, {false, Available}} {
		if got := <-requests; got != want {
			t.Errorf("request %d: %+v, want %+v", i, got, want)
		}
		answers <- func() (apiwatch.Interface, error) {
			return nil, apierrors.NewInvalid(schema.GroupKind{Kind: "ListOptions"}, "", nil)
		}
	}
}

// TestTheEndIsNoFault verifies that a watch that breaks off because the program ends
// is no fault of the source, which would be logged as one, and is one before.
func TestTheEndIsNoFault(t *testing.T) {
	t.Parallel()
	for ends, want := range map[bool]Reason{true: Available, false: Failed} {
		ctx, end := context.WithCancel(t.Context())
		h, events := NewHealth("nodes", time.Now), make(chan apiwatch.Event, 1)
		h.Succeed()
		w, err := observe(ctx, Target{Health: h, ListWatch: &cache.ListWatch{
			WatchFuncWithContext: func(context.Context, metav1.ListOptions) (apiwatch.Interface, error) {
				return apiwatch.NewProxyWatcher(events), nil
			},
		}}).WatchWithContext(ctx, metav1.ListOptions{ResourceVersion: "7"})
		if err != nil {
			t.Fatal(err)
		}
		if ends {
			end()
		}
		status := apierrors.NewInternalError(errors.New("unable to decode an event from the watch stream: context canceled")).Status()
		events <- apiwatch.Event{Type: apiwatch.Error, Object: &status}
		<-w.ResultChan()
		if got := h.State().Reason; got != want {
			t.Errorf("%q when the program ends: %v; want %q", got, ends, want)
		}
		w.Stop()
		end()
	}
}

// TestAgesAreOfTheMonotonicClock verifies that what ages are reckoned from bears a
// reading of the monotonic clock, too: whoever sets the clock of the machine back then
// keeps no source fresh.
func TestAgesAreOfTheMonotonicClock(t *testing.T) {
	t.Parallel()
	h := NewHealth("nodes", time.Now).Expire(MaxAge)
	h.Succeed()
	const monotonic = " m=" // so says the documentation of Time.String
	if last := h.State().LastSuccess; !strings.Contains(last.String(), monotonic) || strings.Contains(last.Round(0).String(), monotonic) {
		t.Errorf("the last success is at %s", last)
	}
}
