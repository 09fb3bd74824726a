package sources

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/framer"
	apiwatch "k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/tools/cache"

	"github.com/kubevitals/kubevitals/sources/bounded"
	"github.com/kubevitals/kubevitals/sources/health"
	"github.com/kubevitals/kubevitals/sources/pods"
	"github.com/kubevitals/kubevitals/test/hostile"
)

// readingOf reads what a hostile body is about from an API server that answers so.
func readingOf(t *testing.T, body hostile.Body, answer http.HandlerFunc) *cache.ListWatch {
	t.Helper()
	c := sourcesOf(t, answer).clients
	if strings.HasPrefix(body.Name, "Pods") {
		row, list, _ := Resources().Find(Pods)
		return pods.Paged(c.listWatch(row, "v1", list, pods.New().Transformer()))
	}
	row, list, _ := Resources().Find(Nodes)
	return c.ListWatch(row, "v1", list)
}

// TestWatchesDecideNoMemory verifies that no object of a watch takes more memory than one
// source may, whatever it is made of. It runs alone: the memory of others would count.
//
//nolint:paralleltest // see above
func TestWatchesDecideNoMemory(t *testing.T) {
	for _, body := range hostile.Watches() {
		t.Run(body.Name, func(t *testing.T) {
			text, err := io.ReadAll(body.Open())
			if err != nil {
				t.Fatal(err)
			}
			reading := readingOf(t, body, func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Type", "application/vnd.kubernetes.protobuf;stream=watch")
				_, _ = w.Write(text)
			})
			peak := hostile.Peak(func() {
				w, err := reading.WatchWithContext(t.Context(), metav1.ListOptions{ResourceVersion: "1"})
				if err != nil {
					t.Error(err)
					return
				}
				defer w.Stop()
				if e := <-w.ResultChan(); e.Type != apiwatch.Error {
					t.Errorf("taken for an object: %s %T", e.Type, e.Object)
				}
			})
			t.Logf("%d MiB of memory", peak>>20)
			if peak > hostile.Budget {
				t.Errorf("%d MiB of memory", peak>>20)
			}
		})
	}
}

// TestTheLargestObject verifies that an object which is as large as may be is taken, and
// takes no more than a source may.
//
//nolint:paralleltest // its memory is measured
func TestTheLargestObject(t *testing.T) {
	node := &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: "n", Annotations: map[string]string{"a": strings.Repeat("b", objectLimit-1<<10)}}}
	var frame bytes.Buffer
	if _, err := framer.NewLengthDelimitedFrameWriter(&frame).Write(eventOf(t, apiwatch.Added, node)); err != nil {
		t.Fatal(err)
	}
	reading := readingOf(t, hostile.Body{}, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/vnd.kubernetes.protobuf;stream=watch")
		_, _ = w.Write(frame.Bytes())
	})
	peak := hostile.Peak(func() {
		w, err := reading.WatchWithContext(t.Context(), metav1.ListOptions{ResourceVersion: "1"})
		if err != nil {
			t.Error(err)
			return
		}
		defer w.Stop()
		if e := <-w.ResultChan(); e.Type != apiwatch.Added {
			t.Errorf("%s %v", e.Type, e.Object)
		}
	})
	if peak > hostile.Budget {
		t.Errorf("%d MiB of memory", peak>>20)
	}
	t.Logf("%d MiB of memory", peak>>20)
}

// TestListsDecideNoMemory verifies the same of lists: objects are decoded one by one. What
// looks like nodes is kept, up to the bound.
//
//nolint:paralleltest // see above
func TestListsDecideNoMemory(t *testing.T) {
	for _, body := range hostile.Lists() {
		t.Run(body.Name, func(t *testing.T) {
			reading := readingOf(t, body, func(w http.ResponseWriter, _ *http.Request) { _, _ = io.Copy(w, body.Open()) })
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			var err error
			peak := hostile.Peak(func() { _, err = reading.ListWithContext(ctx, metav1.ListOptions{}) })
			t.Logf("%d MiB of memory, %v", peak>>20, err)
			budget := int64(hostile.Budget)
			if strings.HasSuffix(body.Name, "one name again and again") {
				budget += bounded.ListHeld + bounded.ListHeld/8
			}
			if health.Classify(err) != health.Invalid || peak > budget {
				t.Errorf("%d MiB of memory, %v", peak>>20, err)
			}
		})
	}
}

// TestAWatchIsToldAsInvalid verifies that the reason is that of the bound, and not that
// something could not be decoded.
func TestAWatchIsToldAsInvalid(t *testing.T) {
	t.Parallel()
	text, err := io.ReadAll(hostile.Watches()[0].Open())
	if err != nil {
		t.Fatal(err)
	}
	s := sourcesOf(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Query().Get("watch") == "" {
			<-r.Context().Done()
			return
		}
		w.Header().Set("Content-Type", "application/vnd.kubernetes.protobuf;stream=watch")
		_, _ = w.Write(text)
		<-r.Context().Done()
	})
	nodes := s.Nodes()
	ctx, cancel := context.WithCancel(t.Context())
	defer s.Wait()
	defer cancel()
	s.Start(ctx)
	for deadline := time.Now().Add(30 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		_, err := nodes.List()
		if health.Classify(err) == health.Invalid && strings.Contains(err.Error(), "larger than") {
			return
		}
		if time.Now().After(deadline) {
			t.Fatal(err)
		}
	}
}
