package nodeapiserver

import (
	"context"
	"encoding/pem"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"
	"time"

	"k8s.io/client-go/rest"

	"github.com/kubevitals/kubevitals/sources/health"
)

func prober(t *testing.T, c *rest.Config, timeout time.Duration) *Prober {
	t.Helper()
	p, err := New(c, timeout, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// trusting is the configuration of a client that trusts the server.
func trusting(s *httptest.Server) *rest.Config {
	return &rest.Config{Host: s.URL, TLSClientConfig: rest.TLSClientConfig{CAData: pemOf(s)}, BearerToken: "secret"}
}

func TestAnswers(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		status int
		want   health.Reason
	}{
		{"well", 200, health.Available},
		{"not well", 500, health.Failed},
		{"overloaded", 429, health.Overloaded},
		{"unknown token", 401, health.Unauthorized},
		{"no right", 403, health.Forbidden},
		{"another program", 404, health.NotFound},
		{"a redirection", 302, health.Failed},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.URL.Path != "/livez" || r.Header.Get("Authorization") != "Bearer secret" {
					t.Errorf("asked for %s with %q", r.URL.Path, r.Header.Get("Authorization"))
				}
				w.Header().Set("Location", "http://192.0.2.1/")
				w.WriteHeader(tt.status)
				_, _ = w.Write([]byte("ok"))
			}))
			defer s.Close()
			p := prober(t, trusting(s), time.Minute)
			for range 2 { // a kept connection would have no stages the second time
				r, err := p.Ask(t.Context())
				if err != nil || !r.Answered || r.Reason != tt.want {
					t.Fatalf("%+v, %v; want %s", r, err, tt.want)
				}
				if len(r.Took) != len(Stages()) {
					t.Errorf("stages %v", r.Took)
				}
			}
		})
	}
}

// TestForeignAnswers verifies that an answer of a cache, one without a date and a page of a
// proxy are none of the API server.
func TestForeignAnswers(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		key, value, body string
		want             health.Reason
	}{
		"of a cache":     {"Age", "9", "ok", health.Stale},
		"without a date": {"Date", "", "ok", health.Invalid},
		"a page":         {"Content-Type", "text/html", "ok", health.Invalid},
		"another text":   {"Content-Type", "text/plain", "Welcome", health.Invalid},
		"its own":        {"Content-Type", "text/plain", "ok", health.Available},
	} {
		s := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header()[tt.key] = []string{tt.value}
			_, _ = w.Write([]byte(tt.body))
		}))
		t.Cleanup(s.Close)
		r, err := prober(t, trusting(s), time.Minute).Ask(t.Context())
		if err != nil || r.Reason != tt.want || r.Answered != (tt.want == health.Available) {
			t.Errorf("%s: %+v, %v; want %s", name, r, err, tt.want)
		}
	}
}

// listen gives every connection to handle, and closes them in the end.
func listen(t *testing.T, handle func(net.Conn)) string {
	t.Helper()
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			defer func() { _ = c.Close() }()
			handle(c)
		}
	}()
	t.Cleanup(func() { _ = l.Close(); <-done })
	return "https://" + l.Addr().String()
}

func TestSilence(t *testing.T) {
	t.Parallel()
	untrusted := httptest.NewTLSServer(http.NotFoundHandler())
	t.Cleanup(untrusted.Close)
	hanging := httptest.NewTLSServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }))
	t.Cleanup(hanging.Close)
	closed, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_ = closed.Close()
	short := 2 * time.Second // and long enough for what goes before, on a slow machine
	tests := []struct {
		name    string
		config  *rest.Config
		timeout time.Duration
		want    health.Reason
		passed  []Stage
	}{
		{"no server listens", &rest.Config{Host: "https://" + closed.Addr().String()}, time.Minute, health.Unreachable, nil},
		{"the connection goes nowhere", &rest.Config{Host: listen(t, func(net.Conn) {})}, short, health.Timeout, []Stage{Connect}},
		{"the connection is cut off", &rest.Config{Host: listen(t, func(c net.Conn) { _ = c.Close() })}, time.Minute, health.Unreachable, []Stage{Connect}},
		{"not TLS", &rest.Config{Host: listen(t, func(c net.Conn) { _, _ = c.Write([]byte("HTTP/1.1 400 Bad Request\r\n\r\n")) })}, time.Minute, health.TLS, []Stage{Connect}},
		{"another authority", &rest.Config{Host: untrusted.URL}, time.Minute, health.TLS, []Stage{Connect}},
		{"no answer", trusting(hanging), short, health.Timeout, []Stage{Connect, Handshake}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r, err := prober(t, tt.config, tt.timeout).Ask(t.Context())
			if err != nil || r.Answered || r.Reason != tt.want {
				t.Errorf("%+v, %v; want %s", r, err, tt.want)
			}
			for _, s := range Stages() {
				if _, passed := r.Took[s]; passed != slices.Contains(tt.passed, s) {
					t.Errorf("stage %s passed: %v, want %v", s, passed, tt.passed)
				}
			}
		})
	}
}

func TestEndOfContext(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := prober(t, &rest.Config{Host: "https://127.0.0.1:1"}, time.Minute).Ask(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v, want that of the context", err)
	}
}

func TestBadOptions(t *testing.T) {
	t.Parallel()
	for _, c := range []*rest.Config{
		{Host: "https://a:b:c"},
		{Host: "https://127.0.0.1:1", TLSClientConfig: rest.TLSClientConfig{CAData: []byte("no certificate")}},
	} {
		if _, err := New(c, time.Minute, time.Now); err == nil {
			t.Errorf("%+v is taken", c)
		}
	}
	if _, err := New(&rest.Config{Host: "https://127.0.0.1:1"}, 0, time.Now); err == nil {
		t.Error("a time-out of 0 is taken")
	}
}

func pemOf(s *httptest.Server) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate().Raw})
}
