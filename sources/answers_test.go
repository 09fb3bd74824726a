package sources

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/client-go/rest"

	"github.com/kubevitals/kubevitals/sources/bounded"
	"github.com/kubevitals/kubevitals/sources/health"
	"github.com/kubevitals/kubevitals/sources/kubelet"
	"github.com/kubevitals/kubevitals/test/hostile"
)

// sourcesOf are sources of an API server that answers everything so.
func sourcesOf(t *testing.T, answer http.HandlerFunc) *Sources {
	t.Helper()
	server := httptest.NewServer(answer)
	t.Cleanup(server.Close)
	s, err := NewSources(Config{
		REST: &rest.Config{Host: server.URL},
		Kubelet: kubelet.Options{
			PreferredAddressTypes: []corev1.NodeAddressType{corev1.NodeInternalIP},
			Timeout:               time.Second, StatsInterval: time.Minute, MetricsInterval: time.Minute, Concurrency: 1,
		},
		Logger: slog.New(slog.DiscardHandler), Now: time.Now,
	})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func isJSON(w http.ResponseWriter) { w.Header().Set("Content-Type", "application/json") }

// TestAddonsDecideNoMemory verifies that whoever serves the metrics API cannot make its
// answer cost more than one source may. It runs alone: the memory of others would count.
//
//nolint:paralleltest // see above
func TestAddonsDecideNoMemory(t *testing.T) {
	for _, body := range hostile.JSON() {
		t.Run(body.Name, func(t *testing.T) {
			s := sourcesOf(t, func(w http.ResponseWriter, _ *http.Request) {
				isJSON(w)
				_, _ = io.Copy(w, body.Open())
			})
			var err error
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			peak := hostile.Peak(func() { _, err = s.readNodeMetrics(ctx) })
			if err == nil || peak > hostile.Budget {
				t.Errorf("%d MiB of memory, %v", peak>>20, err)
			}
		})
	}
}

func TestListOfAnAddon(t *testing.T) {
	t.Parallel()
	node := func(i int) string {
		return fmt.Sprintf(`{"metadata":{"name":"n%d","labels":{"a":"b"}},"timestamp":"2026-03-01T12:00:00Z","window":"10s","usage":{"cpu":"1"}}`, i)
	}
	list := func(items string) string {
		return `{"kind":"NodeMetricsList","apiVersion":"metrics.k8s.io/v1beta1","metadata":{},"items":` + items + `}`
	}
	var many []string
	for i := range addonItems + 1 {
		many = append(many, node(i))
	}
	for _, test := range []struct {
		name, body string
		nodes      int
		reason     health.Reason
	}{
		{"two nodes", list("[" + node(1) + "," + node(2) + "]"), 2, health.Available},
		{"as many as may be", list("[" + strings.Join(many[:addonItems], ",") + "]"), addonItems, health.Available},
		{"too many", list("[" + strings.Join(many, ",") + "]"), 0, health.Invalid},
		{"none", list("null"), 0, health.Available},
		{"an object that is too large", list(`[{"metadata":{"name":"n","labels":{"a":"` + strings.Repeat("b", addonItemLimit) + `"}}}]`), 0, health.Invalid},
		{"no list", `[]`, 0, health.Invalid},
		{"items that are none", list(`{}`), 0, health.Invalid},
		{"cut short", list("[" + node(1)), 0, health.Failed},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			s := sourcesOf(t, func(w http.ResponseWriter, r *http.Request) {
				if !strings.HasPrefix(r.URL.Path, "/apis/metrics.k8s.io/v1beta1/nodes") {
					w.WriteHeader(http.StatusTeapot)
				}
				isJSON(w)
				_, _ = io.WriteString(w, test.body)
			})
			got, err := s.readNodeMetrics(t.Context())
			if len(got) != test.nodes || health.Classify(err) != test.reason {
				t.Errorf("%d nodes, %v", len(got), err)
			}
		})
	}
	for code, none := range map[int]bool{http.StatusNotFound: true, http.StatusServiceUnavailable: true, http.StatusForbidden: false} {
		s := sourcesOf(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(code) })
		if got, err := s.readNodeMetrics(t.Context()); got != nil || (err == nil) != none {
			t.Errorf("%d: %v, %v", code, got, err)
		}
	}
}

// TestAnswersOfAPIServersAreBounded verifies that neither a list nor one object of a
// watch may be of any size or depth.
func TestAnswersOfAPIServersAreBounded(t *testing.T) {
	t.Parallel()
	deep := strings.Repeat("[", 1<<20)
	shapes, err := shapesOf(Resources())
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct{ name, query, kind, body string }{
		{"a list that is deep", "", "application/json", `{"items":` + deep},
		{"a watch that is deep", "?watch=true", "application/json", `{"object":` + deep},
		{"one large object of a watch", "?watch=true", "application/json", `{"object":[` + strings.Repeat("1,", objectLimit)},
		{"one large text", "", "application/json;charset=utf-8", `{"object":"` + strings.Repeat("a", objectLimit+1)},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Type", test.kind)
				_, _ = io.WriteString(w, test.body)
			}))
			t.Cleanup(server.Close)
			request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL+"/api/v1/nodes"+test.query, nil)
			if err != nil {
				t.Fatal(err)
			}
			response, err := limitedAnswers{http.DefaultTransport, shapes}.RoundTrip(request)
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = response.Body.Close() }()
			if n, err := io.Copy(io.Discard, response.Body); !bounded.Is(err) {
				t.Errorf("%d bytes, %v", n, err)
			}
		})
	}
	objects := strings.Repeat(`{"type":"ADDED","object":{"kind":"Node"}}`+"\n", 1000)
	l := answerLimits(true)
	l.Value = 100 // is of one, and not of all
	if _, err := io.ReadAll(l.Reader(strings.NewReader(objects))); err != nil {
		t.Errorf("a watch of many objects: %v", err)
	}
}
