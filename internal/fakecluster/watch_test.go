package fakecluster_test

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/dynamic"

	"github.com/kubevitals/kubevitals/internal/fakecluster"
)

// next waits for an event and names it.
func next(t *testing.T, w watch.Interface) (string, watch.Event) {
	t.Helper()
	select {
	case e, ok := <-w.ResultChan():
		if !ok {
			return "END", e
		}
		if e.Type == watch.Bookmark || e.Type == watch.Error {
			return string(e.Type), e
		}
		m, err := meta.Accessor(e.Object)
		if err != nil {
			t.Fatal(err)
		}
		return fmt.Sprintf("%s %s", e.Type, m.GetName()), e
	case <-time.After(patience):
		t.Fatal("no event came")
		return "", watch.Event{}
	}
}

func expect(t *testing.T, w watch.Interface, want ...string) {
	t.Helper()
	for _, event := range want {
		if got, _ := next(t, w); got != event {
			t.Fatalf("got %q, want %q", got, event)
		}
	}
}

func upsert(t *testing.T, c *fakecluster.Cluster, pods ...*corev1.Pod) {
	t.Helper()
	for _, p := range pods {
		if err := c.Upsert(t.Context(), p); err != nil {
			t.Fatal(err)
		}
	}
}

func TestWatchList(t *testing.T) {
	t.Parallel()
	for _, mediaType := range []string{jsonType, protobufType} {
		t.Run(mediaType, func(t *testing.T) {
			t.Parallel()
			c := serve(t, spec(pod("a", "one", ""), pod("a", "two", ""), pod("b", "three", "")), fakecluster.Options{})
			whole := true
			w, err := typed(t, c, mediaType).CoreV1().Pods("").Watch(t.Context(), metav1.ListOptions{
				SendInitialEvents: &whole, AllowWatchBookmarks: true,
				ResourceVersionMatch: metav1.ResourceVersionMatchNotOlderThan,
			})
			if err != nil {
				t.Fatal(err)
			}
			defer w.Stop()
			expect(t, w, "ADDED one", "ADDED two", "ADDED three")
			kind, e := next(t, w)
			m, err := meta.Accessor(e.Object)
			if err != nil {
				t.Fatal(err)
			}
			if kind != "BOOKMARK" || m.GetAnnotations()[metav1.InitialEventsAnnotationKey] != "true" || m.GetResourceVersion() == "" {
				t.Fatalf("want the end of the initial events, got %s %+v", kind, e.Object)
			}
			upsert(t, c, pod("b", "four", ""), pod("a", "one", "node-1"))
			if err := c.Delete(pod("a", "two", "")); err != nil {
				t.Fatal(err)
			}
			expect(t, w, "ADDED four", "MODIFIED one", "DELETED two")
		})
	}
}

// TestWatchSelectors verifies that an object comes and goes with its match.
func TestWatchSelectors(t *testing.T) {
	t.Parallel()
	c := serve(t, spec(pod("a", "one", "node-1"), pod("a", "two", "node-2")), fakecluster.Options{})
	w, err := typed(t, c, protobufType).CoreV1().Pods("").Watch(t.Context(), metav1.ListOptions{
		ResourceVersion: "0", FieldSelector: "spec.nodeName=node-1",
	})
	if err != nil {
		t.Fatal(err)
	}
	defer w.Stop()
	expect(t, w, "ADDED one")
	upsert(t, c, pod("a", "three", "node-2"), pod("a", "two", "node-1"), pod("a", "one", "node-2"))
	expect(t, w, "ADDED two", "DELETED one")
	if err := c.Delete(pod("a", "one", "")); err != nil {
		t.Fatal(err)
	}
	if err := c.Delete(pod("a", "two", "")); err != nil {
		t.Fatal(err)
	}
	expect(t, w, "DELETED two")
}

func TestWatchResumes(t *testing.T) {
	t.Parallel()
	c := serve(t, spec(pod("a", "one", "")), fakecluster.Options{})
	pods := typed(t, c, protobufType).CoreV1().Pods("")
	list, err := pods.List(t.Context(), metav1.ListOptions{})
	if err != nil {
		t.Fatal(err)
	}
	upsert(t, c, pod("a", "two", ""))
	w, err := pods.Watch(t.Context(), metav1.ListOptions{ResourceVersion: list.ResourceVersion})
	if err != nil {
		t.Fatal(err)
	}
	defer w.Stop()
	expect(t, w, "ADDED two")
	upsert(t, c, pod("a", "three", ""))
	expect(t, w, "ADDED three")

	old, err := pods.Watch(t.Context(), metav1.ListOptions{ResourceVersion: "1"})
	if err != nil {
		t.Fatal(err)
	}
	defer old.Stop()
	kind, e := next(t, old)
	if err := apierrors.FromObject(e.Object); kind != "ERROR" || !apierrors.IsResourceExpired(err) {
		t.Fatalf("watch from a forgotten version: %s %v", kind, err)
	}
	expect(t, old, "END")
}

func TestWatchEnds(t *testing.T) {
	t.Parallel()
	c := serve(t, spec(), fakecluster.Options{BookmarkInterval: 10 * time.Millisecond})
	pods := typed(t, c, protobufType).CoreV1().Pods("")
	bound := int64(3)
	w, err := pods.Watch(t.Context(), metav1.ListOptions{TimeoutSeconds: &bound, AllowWatchBookmarks: true})
	if err != nil {
		t.Fatal(err)
	}
	defer w.Stop()
	expect(t, w, "BOOKMARK")
	for kind := "BOOKMARK"; kind != "END"; kind, _ = next(t, w) {
		if kind != "BOOKMARK" {
			t.Fatalf("got %s", kind)
		}
	}

	w, err = pods.Watch(t.Context(), metav1.ListOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer w.Stop()
	refusal := apierrors.NewForbidden(schema.GroupResource{Resource: "pods"}, "", errors.New("no"))
	if err := c.Refuse("pods", &refusal.ErrStatus); err != nil {
		t.Fatal(err)
	}
	expect(t, w, "ERROR", "END")
}

func TestWatchUnstructured(t *testing.T) {
	t.Parallel()
	const name = "v1beta1.metrics.k8s.io"
	c := serve(t, spec(apiService(name, "False")), fakecluster.Options{})
	client, err := dynamic.NewForConfig(c.RESTConfig())
	if err != nil {
		t.Fatal(err)
	}
	w, err := client.Resource(schema.GroupVersionResource{
		Group: "apiregistration.k8s.io", Version: "v1", Resource: "apiservices",
	}).Watch(t.Context(), metav1.ListOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer w.Stop()
	expect(t, w, "ADDED "+name)
	if err := c.Upsert(t.Context(), apiService(name, "True")); err != nil {
		t.Fatal(err)
	}
	if err := c.Delete(apiService(name, "")); err != nil {
		t.Fatal(err)
	}
	expect(t, w, "MODIFIED "+name, "DELETED "+name)
}

// TestWatchAsCurlReadsIt holds the wire format of JSON watches: one event a line.
func TestWatchAsCurlReadsIt(t *testing.T) {
	t.Parallel()
	c := serve(t, spec(pod("a", "one", "")), fakecluster.Options{})
	config := c.RESTConfig()
	response, err := httpClient(t, config).Get(config.Host + "/api/v1/namespaces/a/pods?watch=true")
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK || response.ProtoMajor != 2 || response.Header.Get("Content-Type") != jsonType {
		t.Errorf("status %d, protocol %s, content type %s", response.StatusCode, response.Proto, response.Header.Get("Content-Type"))
	}
	line, err := bufio.NewReader(response.Body).ReadBytes('\n')
	if err != nil {
		t.Fatal(err)
	}
	var event struct {
		Type   string
		Object corev1.Pod
	}
	if err := json.Unmarshal(line, &event); err != nil {
		t.Fatal(err)
	}
	if event.Type != "ADDED" || event.Object.Name != "one" || event.Object.Kind != "Pod" || event.Object.APIVersion != "v1" {
		t.Errorf("got %s", line)
	}
}
