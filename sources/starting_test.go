package sources_test

import (
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/rest"

	"github.com/kubevitals/kubevitals/internal/fakecluster"
	"github.com/kubevitals/kubevitals/sources"
	"github.com/kubevitals/kubevitals/sources/apiserver"
	"github.com/kubevitals/kubevitals/sources/health"
	"github.com/kubevitals/kubevitals/sources/kubelet"
)

// slowServer is the API server of a cluster of one node, which leaves requests
// without an answer as long as hangs says so of their path.
func slowServer(t *testing.T, hangs func(path string) bool) *httptest.Server {
	t.Helper()
	cluster, err := fakecluster.Start(t.Context(), &fakecluster.Spec{
		Version: "v1.37.2", APIServers: []fakecluster.APIServer{{Name: "cp-1"}},
		Objects: []runtime.Object{&corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: "n1"}}},
	}, fakecluster.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(cluster.Close)
	transport, err := rest.TransportFor(cluster.RESTConfig())
	if err != nil {
		t.Fatal(err)
	}
	target, err := url.Parse(cluster.RESTConfig().Host)
	if err != nil {
		t.Fatal(err)
	}
	proxy := &httputil.ReverseProxy{
		Rewrite:   func(r *httputil.ProxyRequest) { r.SetURL(target) },
		Transport: transport, FlushInterval: -1,
		ErrorLog: slog.NewLogLogger(slog.DiscardHandler, slog.LevelError),
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for hangs(r.URL.Path) {
			select {
			case <-r.Context().Done():
				return
			case <-time.After(10 * time.Millisecond):
			}
		}
		proxy.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	return server
}

// sourcesOf are the sources of a cluster whose API server is that one.
func sourcesOf(t *testing.T, server *httptest.Server) *sources.Sources {
	t.Helper()
	s, err := sources.NewSources(sources.Config{
		REST:       &rest.Config{Host: server.URL},
		APIServers: apiserver.Options{Interval: time.Hour, Timeout: 300 * time.Millisecond},
		Kubelet: kubelet.Options{
			PreferredAddressTypes: []corev1.NodeAddressType{corev1.NodeInternalIP},
			Timeout:               time.Second, StatsInterval: time.Minute, MetricsInterval: time.Minute, Concurrency: 1, AtOnce: true,
		},
		Logger: slog.New(slog.DiscardHandler), Now: time.Now,
	})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// start starts the sources until the test ends.
func start(t *testing.T, s *sources.Sources) {
	t.Helper()
	if !s.Starting() || !s.CountersStarting() {
		t.Error("not starting before the start")
	}
	ctx, cancel := context.WithCancel(t.Context())
	t.Cleanup(func() { cancel(); s.Wait() })
	s.Start(ctx)
}

// until waits for a condition.
func until(t *testing.T, what string, met func() bool) {
	t.Helper()
	for bound := time.Now().Add(time.Minute); !met(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(bound) {
			t.Fatalf("not within a minute: %s", what)
		}
	}
}

func available(s *sources.Sources, source string) bool {
	for _, state := range s.States() {
		if state.Source == source {
			return state.Reason == health.Available
		}
	}
	return false
}

// TestADeadClusterIsNotWaitedFor verifies that a cluster whose only API server takes
// connections and never answers is not waited for once that is known, though its
// lists have not been read.
func TestADeadClusterIsNotWaitedFor(t *testing.T) {
	t.Parallel()
	s := sourcesOf(t, slowServer(t, func(string) bool { return true }))
	servers := s.APIServers()
	s.Kubelets()
	s.Events()
	start(t, s)
	until(t, "a dead cluster is not waited for", func() bool { return !s.Starting() && !s.CountersStarting() })
	if !servers.Down() {
		t.Error("the API server is not waited for before it is known to be down")
	}
}

// TestASlowAPIServerIsWaitedFor verifies that one which answers no probe in time, but
// lists something, is waited for: it is only slow.
func TestASlowAPIServerIsWaitedFor(t *testing.T) {
	t.Parallel()
	var healed atomic.Bool
	s := sourcesOf(t, slowServer(t, func(path string) bool {
		return !healed.Load() && !strings.HasPrefix(path, "/api/v1/nodes")
	}))
	servers := s.APIServers()
	s.Nodes()
	s.Events()
	start(t, s)
	until(t, "the probes fail and the nodes are listed", func() bool { return servers.Down() && available(s, "nodes") })
	if !s.Starting() || !s.CountersStarting() {
		t.Errorf("starting: %t, counters: %t; want both while events are on their way", s.Starting(), s.CountersStarting())
	}
	healed.Store(true)
	until(t, "all is read", func() bool { return !s.Starting() && !s.CountersStarting() })
}

// TestCountersDoNotWaitForPods verifies that the list of all pods, which takes longest,
// is waited for by those who want all that there is and not for counters.
func TestCountersDoNotWaitForPods(t *testing.T) {
	t.Parallel()
	var listed atomic.Bool
	s := sourcesOf(t, slowServer(t, func(path string) bool { return path == "/api/v1/pods" && !listed.Load() }))
	s.Pods()
	s.Events()
	start(t, s)
	until(t, "counters may begin", func() bool { return !s.CountersStarting() })
	if !available(s, "events") || !s.Starting() {
		t.Errorf("events available: %t, starting: %t; want both", available(s, "events"), s.Starting())
	}
	listed.Store(true)
	until(t, "all is read", func() bool { return !s.Starting() })
	if !available(s, "pods") {
		t.Error("the pods are waited for, and were not read")
	}
}
