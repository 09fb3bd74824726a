package health

import (
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
)

// wired is a client of the server, over HTTP/2 and a wire of its own.
func wired(t *testing.T, handler http.HandlerFunc, change func(*rest.Config)) (*kubernetes.Clientset, *Wire) {
	t.Helper()
	server := httptest.NewUnstartedServer(handler)
	server.EnableHTTP2 = true
	server.StartTLS()
	t.Cleanup(server.Close)
	c := &rest.Config{Host: server.URL, TLSClientConfig: rest.TLSClientConfig{Insecure: true}}
	if change != nil {
		change(c)
	}
	w := NewWire(c)
	client, err := kubernetes.NewForConfig(c)
	if err != nil {
		t.Fatal(err)
	}
	return client, w
}

// TestNoSleepOnRetryAfter verifies that an API server that is overloaded is told of
// at once, however long it asks to wait.
func TestNoSleepOnRetryAfter(t *testing.T) {
	t.Parallel()
	var requests atomic.Int32
	client, _ := wired(t, func(w http.ResponseWriter, _ *http.Request) {
		requests.Add(1)
		w.Header().Set("Retry-After", "600")
		w.WriteHeader(http.StatusTooManyRequests)
	}, nil)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	_, listing := client.CoreV1().Nodes().List(ctx, metav1.ListOptions{})
	_, watching := client.CoreV1().Nodes().Watch(ctx, metav1.ListOptions{})
	for name, err := range map[string]error{"list": listing, "watch": watching} {
		if !apierrors.IsTooManyRequests(err) || Classify(err) != Overloaded {
			t.Errorf("%s: %v", name, err)
		}
	}
	if n := requests.Load(); n != 2 {
		t.Errorf("%d requests, want one for each", n)
	}
}

// TestBrokenConnectionsAreTold verifies that an attempt learns what client-go makes
// an empty watch of, while it is still trying.
func TestBrokenConnectionsAreTold(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			_ = conn.Close()
		}
	}()
	c := &rest.Config{Host: "http://" + listener.Addr().String()}
	NewWire(c)
	client, err := kubernetes.NewForConfig(c)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	told := make(chan error, 100)
	a := newAttempt(func(err error) {
		told <- err
		cancel() // or client-go tries for ten seconds more
	})
	if w, err := client.CoreV1().Nodes().Watch(a.in(ctx), metav1.ListOptions{}); err == nil {
		w.Stop()
	}
	select {
	case err := <-told:
		if Classify(err) != Unreachable {
			t.Errorf("told %v", err)
		}
	default:
		t.Error("nothing was told")
	}
	if a.failure() == nil {
		t.Error("the attempt counts as good")
	}
}

// TestAWatchEndsCleanly verifies that an attempt tells an orderly end of a watch from
// one that was cut.
func TestAWatchEndsCleanly(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]bool{"orderly": true, "cut": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client, _ := wired(t, func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Type", "application/json")
				_, _ = w.Write([]byte(`{"type":"BOOKMARK","object":{"kind":"Node","apiVersion":"v1","metadata":{"resourceVersion":"5"}}}` + "\n"))
				w.(http.Flusher).Flush()
				if !want {
					panic(http.ErrAbortHandler)
				}
			}, nil)
			a := newAttempt(nil)
			w, err := client.CoreV1().Nodes().Watch(a.in(t.Context()), metav1.ListOptions{})
			if err != nil {
				t.Fatal(err)
			}
			for range w.ResultChan() { //nolint:revive // to its end
			}
			if a.endedWell() != want {
				t.Errorf("ended well: %t, want %t", a.endedWell(), want)
			}
		})
	}
}

// TestDroppedConnections verifies that a connection that was given up is not used
// again, and that requests on it fail at once.
func TestDroppedConnections(t *testing.T) {
	t.Parallel()
	var dials atomic.Int32
	release := make(chan bool)
	client, w := wired(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Query().Get("watch") == "true" {
			<-release // half open: nothing ever comes
			return
		}
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write([]byte(`{"kind":"NodeList","apiVersion":"v1","metadata":{},"items":[]}`))
	}, func(c *rest.Config) {
		c.Dial = func(ctx context.Context, network, address string) (net.Conn, error) {
			dials.Add(1)
			return (&net.Dialer{}).DialContext(ctx, network, address)
		}
	})
	t.Cleanup(func() { close(release) })
	list := func() {
		t.Helper()
		if _, err := client.CoreV1().Nodes().List(t.Context(), metav1.ListOptions{}); err != nil {
			t.Fatal(err)
		}
	}
	list()
	failed := make(chan error, 1)
	ctx, cancel := context.WithCancel(t.Context())
	a := newAttempt(func(err error) {
		failed <- err
		cancel()
	})
	go func() {
		if w, err := client.CoreV1().Nodes().Watch(a.in(ctx), metav1.ListOptions{}); err == nil {
			w.Stop()
		}
	}()
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(10 * time.Millisecond) {
		w.dropBefore(time.Now())
		select {
		case <-failed:
		default:
			if time.Now().After(deadline) {
				t.Fatal("the request on the dropped connection goes on")
			}
			continue
		}
		break
	}
	before := dials.Load()
	list()
	list()
	if after := dials.Load(); after != before+1 {
		t.Errorf("%d connections for what came after, want one", after-before)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.conns) != 1 {
		t.Errorf("%d connections are remembered, want one", len(w.conns))
	}
}
