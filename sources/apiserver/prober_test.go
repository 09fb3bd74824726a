package apiserver

import (
	"context"
	"encoding/pem"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	coordinationv1 "k8s.io/api/coordination/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	"k8s.io/client-go/rest"

	"github.com/kubevitals/kubevitals/sources/certs/certstest"
	"github.com/kubevitals/kubevitals/sources/health"
)

// server is an API server over TLS and HTTP/2 whose answers a test can change.
type server struct {
	*httptest.Server
	handler atomic.Pointer[http.HandlerFunc]
}

func newServer(t *testing.T, handle http.HandlerFunc) *server {
	t.Helper()
	s := &server{}
	s.handler.Store(&handle)
	s.Server = httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		(*s.handler.Load())(w, r)
	}))
	s.EnableHTTP2 = true
	s.Config.HTTP2 = &http.HTTP2Config{MaxConcurrentStreams: 123}
	s.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
	s.StartTLS()
	t.Cleanup(s.Close)
	return s
}

func (s *server) address() string { return s.Listener.Addr().String() }

// config trusts the server's certificate.
func (s *server) config() *rest.Config {
	ca := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate().Raw})
	return &rest.Config{Host: s.URL, BearerToken: "secret", TLSClientConfig: rest.TLSClientConfig{CAData: ca}}
}

func healthy(w http.ResponseWriter, r *http.Request) {
	switch {
	case r.Header.Get("Authorization") != "Bearer secret":
		w.WriteHeader(http.StatusUnauthorized)
	case r.URL.Path == "/livez":
		_, _ = w.Write([]byte("[+]ping ok\n[+]etcd ok\nlivez check passed\n"))
	case r.URL.Path == "/readyz":
		_, _ = w.Write([]byte("[+]ping ok\nreadyz check passed\n"))
	case r.URL.Path == "/metrics":
		_, _ = w.Write([]byte(`apiserver_longrunning_requests{resource="configmaps",scope="resource",verb="WATCH"} 7
apiserver_longrunning_requests{resource="configmaps",scope="cluster",verb="WATCH"} 3
apiserver_longrunning_requests{resource="secrets",scope="resource",verb="WATCH"} 2
apiserver_longrunning_requests{resource="pods",scope="resource",verb="WATCH"} 9
`))
	default:
		_, _ = w.Write([]byte(`{"metadata":{"uid":"of-kube-system"}}`))
	}
}

// nothing is a cluster in which no API server announces itself.
func nothing() Discovery {
	return Discovery{
		EndpointSlices: func() ([]*discoveryv1.EndpointSlice, error) { return nil, nil },
		Leases:         func() ([]*coordinationv1.Lease, error) { return nil, nil },
	}
}

func newProber(t *testing.T, o Options, config *rest.Config, d Discovery) *Prober {
	t.Helper()
	if o.Timeout == 0 {
		o.Timeout = time.Minute
	}
	p, err := New(o, config, d, slog.New(slog.DiscardHandler), time.Now)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// round makes the first round of a run, of every kind of probe.
func round(t *testing.T, p *Prober) []Result {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { p.Run(ctx); close(done) }()
	for p.Starting() {
		time.Sleep(time.Millisecond)
	}
	cancel()
	<-done
	return p.Results()
}

func outcomes(r Result) map[string]health.Reason {
	m := map[string]health.Reason{}
	for _, probe := range r.Probes {
		m[probe.Name] = probe.Outcome
	}
	return m
}

func TestHealthyServer(t *testing.T) {
	t.Parallel()
	s := newServer(t, healthy)
	p := newProber(t, Options{WriteLease: "kubevitals/probe"}, s.config(), nothing())
	p.WantMetrics()
	p.WantStreamLimit()
	r := round(t, p)[0]
	for _, name := range []string{"livez", "readyz", "read", "write"} {
		if got := outcomes(r)[name]; got != health.Available {
			t.Errorf("%s: %s, want ok", name, got)
		}
	}
	if !r.Up || r.Server != s.address() || !slices.Equal(r.Origins, []Origin{Configured}) {
		t.Errorf("up %t, server %s, origins %v", r.Up, r.Server, r.Origins)
	}
	if len(r.Checks) != 3 || !r.CertificateExpiry.Equal(s.Certificate().NotAfter) {
		t.Errorf("checks %v, certificate until %v; want three and %v", r.Checks, r.CertificateExpiry, s.Certificate().NotAfter)
	}
	if r.StreamLimit != 123 {
		t.Errorf("stream limit %d, want 123", r.StreamLimit)
	}
	if m := r.Metrics; m.Reason != health.Available || m.Watches["configmaps"] != 7 || m.Watches["secrets"] != 2 || m.Report.Series != 4 {
		t.Errorf("metrics: %+v", m)
	}
}

func TestServerThatComesBack(t *testing.T) {
	t.Parallel()
	s := newServer(t, healthy)
	p := newProber(t, Options{}, s.config(), nothing())
	if r := round(t, p)[0]; !r.Up {
		t.Fatal("not up")
	}
	sick := http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) })
	s.handler.Store(&sick)
	if r := round(t, p)[0]; r.Up {
		t.Error("still up while every answer breaks off")
	}
	well := http.HandlerFunc(healthy)
	s.handler.Store(&well)
	if r := round(t, p)[0]; !r.Up {
		t.Error("not up again")
	}
}

// TestStreamLimitIsAskedForAgain verifies that a limit which could not be read is not
// put off for as long as one that was, and that the one known before stays.
func TestStreamLimitIsAskedForAgain(t *testing.T) {
	t.Parallel()
	s := newServer(t, healthy)
	now := time.Unix(1000, 0)
	p, err := New(Options{LimitInterval: time.Hour}, s.config(), nothing(), slog.New(slog.DiscardHandler), func() time.Time { return now })
	if err != nil {
		t.Fatal(err)
	}
	asked := p.instances[s.address()]
	var last limitAnswer
	for n, tt := range []struct {
		server string
		after  time.Duration
		want   limitAnswer
	}{
		{"127.0.0.1:0", 0, limitAnswer{}},
		{s.address(), time.Second, limitAnswer{123, time.Unix(1001, 0)}},
		{"127.0.0.1:0", time.Second, limitAnswer{123, time.Unix(1001, 0)}}, // not asked
		{"127.0.0.1:0", time.Hour, limitAnswer{streams: 123}},
	} {
		now = now.Add(tt.after)
		asked.tls.server = tt.server
		if last, err = readLimit(t.Context(), asked, last); err != nil || last != tt.want {
			t.Errorf("round %d: %+v, %v; want %+v", n, last, err, tt.want)
		}
	}
}

func TestOldAnswersAreNoProof(t *testing.T) {
	t.Parallel()
	s := newServer(t, healthy)
	now := time.Unix(1000, 0)
	p, err := New(Options{Timeout: time.Minute}, s.config(), nothing(), slog.New(slog.DiscardHandler), func() time.Time { return now })
	if err != nil {
		t.Fatal(err)
	}
	if r := round(t, p)[0]; !r.Up {
		t.Fatal("not up")
	}
	now = now.Add(2 * time.Minute)
	if r := p.Results()[0]; r.Up || outcomes(r)["livez"] != health.Timeout || len(r.Checks) != 0 {
		t.Errorf("after two minutes without a round: up %t, %v, %d checks", r.Up, outcomes(r), len(r.Checks))
	}
}

func TestBadOptions(t *testing.T) {
	t.Parallel()
	for name, o := range map[string]Options{
		"an endpoint": {Endpoints: []string{"::::"}},
		"a lease":     {WriteLease: "no-namespace"},
		"a duration":  {Interval: -1},
	} {
		if _, err := New(o, &rest.Config{Host: "https://127.0.0.1:1"}, nothing(), slog.New(slog.DiscardHandler), time.Now); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

func TestRunEndsWithItsContext(t *testing.T) {
	t.Parallel()
	s := newServer(t, healthy)
	p := newProber(t, Options{Interval: time.Millisecond}, s.config(), nothing())
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		p.Run(ctx)
	}()
	deadline := time.Now().Add(time.Minute)
	for !p.Results()[0].Up {
		if time.Now().After(deadline) {
			t.Fatal("never up")
		}
		time.Sleep(time.Millisecond)
	}
	cancel()
	<-done
}

// TestCertificateThatIsNotTrusted verifies that it is known when a certificate ends for
// which the server is not asked: the usual one of these has expired.
func TestCertificateThatIsNotTrusted(t *testing.T) {
	t.Parallel()
	s := newServer(t, healthy)
	config := s.config()
	config.CAData = []byte(certstest.PEM(t, time.Now().AddDate(1, 0, 0)))
	r := round(t, newProber(t, Options{}, config, nothing()))[0]
	if r.Up || outcomes(r)["read"] != health.TLS || !r.CertificateExpiry.Equal(s.Certificate().NotAfter) {
		t.Errorf("up %t, %v, certificate until %s", r.Up, outcomes(r), r.CertificateExpiry)
	}
}
