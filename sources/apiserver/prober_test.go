package apiserver

import (
	"context"
	"encoding/pem"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	coordinationv1 "k8s.io/api/coordination/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"

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
		_, _ = w.Write([]byte("{}"))
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

func TestSickServers(t *testing.T) {
	t.Parallel()
	status := func(code int, body string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(code)
			_, _ = w.Write([]byte(body))
		}
	}
	tests := []struct {
		name   string
		handle http.HandlerFunc
		want   health.Reason
		up     bool
		checks int
	}{
		{"a failing check", status(500, "[+]ping ok\n[-]etcd failed: reason withheld\nlivez check failed\n"), Unhealthy, true, 4},
		{"no rights", status(403, ""), health.Forbidden, true, 0},
		{"no such path", status(404, ""), health.NotFound, true, 0},
		{"too much to do", status(429, ""), health.Overloaded, true, 0},
		{"a redirect elsewhere", func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "https://127.0.0.1:1/", http.StatusFound)
		}, Unhealthy, true, 0},
		{"a connection that breaks off", func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, health.Failed, false, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := newServer(t, tt.handle)
			r := round(t, newProber(t, Options{}, s.config(), nothing()))[0]
			got := outcomes(r)["livez"]
			if tt.want == health.Failed { // how the break shows depends on the protocol
				if got == health.Available {
					t.Error("livez is ok")
				}
			} else if got != tt.want {
				t.Errorf("livez: %s, want %s", got, tt.want)
			}
			if r.Up != tt.up || len(r.Checks) != tt.checks {
				t.Errorf("up %t and %d checks, want %t and %d", r.Up, len(r.Checks), tt.up, tt.checks)
			}
		})
	}
}

func TestUnreachableServers(t *testing.T) {
	t.Parallel()
	hang := make(chan struct{})
	hung := newServer(t, func(http.ResponseWriter, *http.Request) { <-hang })
	t.Cleanup(func() { close(hang) })
	killed := newServer(t, healthy)
	tests := []struct {
		name   string
		config *rest.Config
		before func()
		// within is short only where nothing comes in time.
		within time.Duration
		want   health.Reason
	}{
		{"killed", killed.config(), killed.Close, time.Minute, health.Unreachable},
		{"hung", hung.config(), func() {}, 200 * time.Millisecond, health.Timeout},
		{"an unknown authority", &rest.Config{Host: newServer(t, healthy).URL}, func() {}, time.Minute, health.TLS},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			p := newProber(t, Options{Timeout: tt.within}, tt.config, nothing())
			tt.before()
			r := round(t, p)[0]
			if r.Up || outcomes(r)["livez"] != tt.want || outcomes(r)["read"] != tt.want {
				t.Errorf("up %t, outcomes %v; want %s", r.Up, outcomes(r), tt.want)
			}
		})
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

func lease(address string) *coordinationv1.Lease {
	renewed := metav1.NewMicroTime(time.Unix(500, 0))
	return &coordinationv1.Lease{
		ObjectMeta: metav1.ObjectMeta{
			Name: "apiserver-x", Labels: map[string]string{identityLabel: "kube-apiserver", hostnameLabel: "control-2"},
			Annotations: map[string]string{peerAddressAnnotation: address},
		},
		Spec: coordinationv1.LeaseSpec{RenewTime: &renewed},
	}
}

func slice(t *testing.T, address string) *discoveryv1.EndpointSlice {
	t.Helper()
	tcp, err := net.ResolveTCPAddr("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	name, port := "https", int32(tcp.Port)
	return &discoveryv1.EndpointSlice{
		Ports:     []discoveryv1.EndpointPort{{Name: &name, Port: &port}},
		Endpoints: []discoveryv1.Endpoint{{Addresses: []string{tcp.IP.String()}}},
	}
}

func TestDiscovery(t *testing.T) {
	t.Parallel()
	main, second := newServer(t, healthy), newServer(t, healthy)
	now := time.Unix(1000, 0)
	slices, leases := []*discoveryv1.EndpointSlice{slice(t, second.address())}, []*coordinationv1.Lease{lease(second.address())}
	var down error
	p, err := New(Options{Endpoints: []string{"127.0.0.1:1"}}, main.config(), Discovery{
		EndpointSlices: func() ([]*discoveryv1.EndpointSlice, error) { return slices, down },
		Leases:         func() ([]*coordinationv1.Lease, error) { return leases, down },
	}, slog.New(slog.DiscardHandler), func() time.Time { return now })
	if err != nil {
		t.Fatal(err)
	}
	find := func(address string) *Result {
		for _, r := range round(t, p) {
			if r.Server == address {
				return &r
			}
		}
		return nil
	}
	// httptest's certificates name 127.0.0.1, so the found one verifies by address.
	r := find(second.address())
	if r == nil || !r.Up || len(r.Origins) != 2 {
		t.Fatalf("the second server: %+v", r)
	}
	if got := p.Leases(); len(got) != 1 || got[0].Hostname != "control-2" || got[0].Server != second.address() {
		t.Errorf("leases: %+v", got)
	}
	if r := find("127.0.0.1:1"); r == nil || r.Up {
		t.Errorf("the server of the flag: %+v", r)
	}
	// While nothing can be read, what was known is probed, however long.
	down = errors.New("the API server is dead")
	now = now.Add(10 * time.Minute)
	if find(second.address()) == nil {
		t.Error("a server is forgotten because its announcement cannot be read")
	}
	// What is announced no more is forgotten after a while.
	down, slices, leases = nil, nil, nil
	if find(second.address()) == nil {
		t.Error("a server is forgotten at once")
	}
	now = now.Add(2 * forgetAfter)
	if find(second.address()) != nil {
		t.Error("a server that is not announced any more is still probed")
	}
	if find(main.address()) == nil || find("127.0.0.1:1") == nil {
		t.Error("a configured server was forgotten")
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

func FuzzParseChecks(f *testing.F) {
	f.Add([]byte("[+]ping ok\n[-]etcd failed: reason withheld\n[+]log excluded: ok\nwarn: some\nlivez check failed\n"))
	f.Add([]byte("[+]\n[-] \n[+]a"))
	f.Fuzz(func(t *testing.T, body []byte) {
		seen := map[string]bool{}
		for _, c := range parseChecks("livez", body) {
			if c.Name == "" || seen[c.Name] || strings.ContainsAny(c.Name, " \n") {
				t.Errorf("check %q", c.Name)
			}
			seen[c.Name] = true
		}
	})
}
