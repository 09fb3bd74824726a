package fakecluster_test

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/cache"

	"github.com/kubevitals/kubevitals/internal/fakecluster"
)

// follow runs a reflector over all pods until the test ends.
func follow(t *testing.T, client *kubernetes.Clientset) cache.Store {
	t.Helper()
	pods := client.CoreV1().Pods("")
	lw := &cache.ListWatch{
		ListWithContextFunc: func(ctx context.Context, o metav1.ListOptions) (runtime.Object, error) {
			return pods.List(ctx, o)
		},
		WatchFuncWithContext: func(ctx context.Context, o metav1.ListOptions) (watch.Interface, error) {
			return pods.Watch(ctx, o)
		},
	}
	store := cache.NewStore(cache.MetaNamespaceKeyFunc)
	reflector := cache.NewReflectorWithOptions(cache.ToListWatcherWithWatchListSemantics(lw, client), &corev1.Pod{}, store, cache.ReflectorOptions{
		Backoff: &wait.Backoff{Duration: 10 * time.Millisecond, Factor: 2, Steps: 5, Cap: 100 * time.Millisecond},
	})
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		reflector.RunWithContext(ctx)
	}()
	t.Cleanup(func() {
		stop()
		<-ended
	})
	return store
}

// eventually waits until the store has these keys.
func eventually(t *testing.T, store cache.Store, want ...string) {
	t.Helper()
	var got []string
	err := wait.PollUntilContextTimeout(t.Context(), 5*time.Millisecond, patience, true, func(context.Context) (bool, error) {
		got = store.ListKeys()
		slices.Sort(got)
		return slices.Equal(got, want), nil
	})
	if err != nil {
		t.Fatalf("got %v, want %v", got, want)
	}
}

func TestReflectorFollows(t *testing.T) {
	t.Parallel()
	for _, mediaType := range []string{jsonType, protobufType} {
		t.Run(mediaType, func(t *testing.T) {
			t.Parallel()
			c := serve(t, spec(pod("a", "one", ""), pod("a", "two", "")), fakecluster.Options{})
			store := follow(t, typed(t, c, mediaType))
			eventually(t, store, "a/one", "a/two")
			upsert(t, c, pod("a", "three", ""))
			if err := c.Delete(pod("a", "one", "")); err != nil {
				t.Fatal(err)
			}
			eventually(t, store, "a/three", "a/two")
		})
	}
}

// TestReflectorOfManyObjects streams more than one HTTP/2 window.
func TestReflectorOfManyObjects(t *testing.T) {
	t.Parallel()
	s := spec()
	var want []string
	for i := range 3000 {
		p := pod("a", fmt.Sprintf("p-%04d", i), "node-1")
		p.Annotations = map[string]string{"note": fmt.Sprintf("%0512d", i)}
		s.Objects, want = append(s.Objects, p), append(want, "a/"+p.Name)
	}
	c := serve(t, s, fakecluster.Options{})
	store := follow(t, typed(t, c, protobufType))
	eventually(t, store, want...)
	upsert(t, c, pod("b", "last", ""))
	eventually(t, store, append(want, "b/last")...)
}

// TestReflectorSurvivesRestart verifies that a reflector comes back after the API
// server was down, and learns what it missed.
func TestReflectorSurvivesRestart(t *testing.T) {
	t.Parallel()
	c := serve(t, spec(pod("a", "one", ""), pod("a", "two", "")), fakecluster.Options{})
	address := c.APIServerAddress("cp-1")
	client := typed(t, c, protobufType)
	store := follow(t, client)
	eventually(t, store, "a/one", "a/two")
	for _, fault := range []fakecluster.Fault{fakecluster.Dead, fakecluster.Untrusted} {
		if err := c.SetAPIServer(t.Context(), "cp-1", fault); err != nil {
			t.Fatal(err)
		}
		if _, err := client.CoreV1().Pods("").List(t.Context(), metav1.ListOptions{}); err == nil {
			t.Fatalf("an API server that is %s answered", fault)
		}
	}
	upsert(t, c, pod("a", "three", ""))
	if err := c.Delete(pod("a", "one", "")); err != nil {
		t.Fatal(err)
	}
	if err := c.SetAPIServer(t.Context(), "cp-1", fakecluster.Healthy); err != nil {
		t.Fatal(err)
	}
	if got := c.APIServerAddress("cp-1"); got != address {
		t.Errorf("address was %s and is %s", address, got)
	}
	eventually(t, store, "a/three", "a/two")
}
