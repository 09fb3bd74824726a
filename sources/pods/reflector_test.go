package pods

import (
	"context"
	"fmt"
	"log/slog"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	apiwatch "k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/cache"

	"github.com/kubevitals/kubevitals/sources/health"
)

// announced tells of every change that the reflector made to the index.
type announced struct {
	*Index
	changes chan string
}

func (a announced) Add(obj any) error    { return a.tell("add", a.Index.Add(obj)) }
func (a announced) Update(obj any) error { return a.tell("update", a.Index.Update(obj)) }
func (a announced) Delete(obj any) error { return a.tell("delete", a.Index.Delete(obj)) }
func (a announced) Replace(objs []any, version string) error {
	what := "replace with nothing"
	if len(objs) > 0 {
		what = fmt.Sprintf("replace with %d %T", len(objs), objs[0])
	}
	return a.tell(what, a.Index.Replace(objs, version))
}

func (a announced) tell(what string, err error) error {
	if err != nil {
		what = err.Error()
	}
	a.changes <- what
	return err
}

// reflect feeds an index from the server until the test ends.
func reflect(t *testing.T, s *podServer) announced {
	t.Helper()
	s.events = make(chan metav1.WatchEvent)
	server := httptest.NewServer(s)
	client, err := kubernetes.NewForConfig(&rest.Config{Host: server.URL, QPS: -1})
	must(t, err)
	pods := client.CoreV1().Pods(metav1.NamespaceAll)
	store := announced{New(), make(chan string, 16)}
	h := health.NewHealth("pods", time.Now)
	store.SetHealth(h)
	ctx, cancel := context.WithCancel(t.Context())
	var run sync.WaitGroup
	run.Go(func() {
		health.Run(ctx, slog.New(slog.DiscardHandler), health.Target{
			Health: h, Client: client, Expected: &corev1.Pod{}, Store: store,
			ListWatch: Paged(&cache.ListWatch{
				ListWithContextFunc: func(ctx context.Context, o metav1.ListOptions) (runtime.Object, error) {
					return pods.List(ctx, o)
				},
				WatchFuncWithContext: pods.Watch,
			}),
		})
	})
	t.Cleanup(func() {
		cancel()
		run.Wait()
		server.Close()
	})
	return store
}

func expect(t *testing.T, a announced, want string) {
	t.Helper()
	select {
	case got := <-a.changes:
		if got != want {
			t.Fatalf("the reflector did %q, want %q", got, want)
		}
	case <-time.After(2 * time.Minute):
		t.Fatalf("the reflector did nothing for 2 minutes, want %q", want)
	}
}

func many(count int) []*corev1.Pod {
	var pods []*corev1.Pod
	for n := range count {
		pods = append(pods, simple(fmt.Sprint("pod-", n), fmt.Sprint("node-", n%2), corev1.PodRunning, fmt.Sprint("config-", n)))
	}
	return pods
}

func TestReflectorLists(t *testing.T) {
	t.Parallel()
	const page = "limit=500"
	for name, test := range map[string]struct {
		server *podServer
		lists  []string
	}{
		"streamed":          {&podServer{streams: true}, nil},
		"paged":             {&podServer{}, []string{page, "continue=500&" + page, "continue=1000&" + page}},
		"pages that expire": {&podServer{expires: true}, []string{page, "continue=500&" + page, ""}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test.server.pods = many(1204)
			index := reflect(t, test.server)
			expect(t, index, "replace with 1204 *pods.packed")
			if diff := cmp.Diff(map[string]counts{"node-0": {602, 0}, "node-1": {602, 0}}, nodeRefs(t, index.Index)); diff != "" {
				t.Errorf("counts after the list (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(test.lists, test.server.lists()); diff != "" {
				t.Errorf("list requests (-want +got):\n%s", diff)
			}
		})
	}
}

func TestReflectorWatches(t *testing.T) {
	t.Parallel()
	for name, streams := range map[string]bool{"after a streamed list": true, "after a paged list": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := &podServer{pods: many(2), streams: streams}
			index := reflect(t, server)
			expect(t, index, "replace with 2 *pods.packed")
			for _, step := range []struct {
				event metav1.WatchEvent
				does  string
				want  map[string]counts
			}{
				{event(apiwatch.Added, simple("new", "node-0", corev1.PodPending, "x", "y")), "add", map[string]counts{"node-0": {3, 0}, "node-1": {1, 0}}},
				{event(apiwatch.Modified, terminating(simple("new", "node-0", corev1.PodRunning, "x", "y"))), "update", map[string]counts{"node-0": {3, 0}, "node-1": {1, 0}}},
				{event(apiwatch.Modified, terminating(simple("new", "node-0", corev1.PodSucceeded, "x", "y"))), "update", map[string]counts{"node-0": {1, 0}, "node-1": {1, 0}}},
				{event(apiwatch.Deleted, simple("pod-1", "node-1", corev1.PodRunning, "config-1")), "delete", map[string]counts{"node-0": {1, 0}}},
			} {
				server.events <- step.event
				expect(t, index, step.does)
				if diff := cmp.Diff(step.want, nodeRefs(t, index.Index)); diff != "" {
					t.Fatalf("counts after %s (-want +got):\n%s", step.does, diff)
				}
			}
		})
	}
}
