package health

import (
	"context"
	"errors"
	"log/slog"
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
