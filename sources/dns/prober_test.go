package dns

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/miekg/dns"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubevitals/kubevitals/exporter"
	"github.com/kubevitals/kubevitals/sources/health"
)

// serve answers DNS questions on one port of loopback, over UDP and TCP.
func serve(t *testing.T, handle dns.HandlerFunc) string {
	t.Helper()
	var lc net.ListenConfig
	tcp, err := lc.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := tcp.Addr().String()
	udp, err := lc.ListenPacket(t.Context(), "udp", address)
	if err != nil {
		t.Skipf("the port is free for TCP and not for UDP: %v", err)
	}
	for _, s := range []*dns.Server{{PacketConn: udp, Handler: handle}, {Listener: tcp, Handler: handle}} {
		started := make(chan struct{})
		s.NotifyStartedFunc = func() { close(started) }
		go func() { _ = s.ActivateAndServe() }()
		<-started
		t.Cleanup(func() { _ = s.Shutdown() })
	}
	return address
}

// answer replies with a code and records in the form of zone files.
func answer(code int, records ...string) dns.HandlerFunc {
	return func(w dns.ResponseWriter, q *dns.Msg) {
		m := new(dns.Msg).SetRcode(q, code)
		for _, text := range records {
			record, err := dns.NewRR(text)
			if err != nil {
				panic(err)
			}
			if record.Header().Rrtype == q.Question[0].Qtype {
				m.Answer = append(m.Answer, record)
			}
		}
		_ = w.WriteMsg(m)
	}
}

func silent(dns.ResponseWriter, *dns.Msg) {}

func closedPort(t *testing.T) string {
	t.Helper()
	udp, err := (&net.ListenConfig{}).ListenPacket(t.Context(), "udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = udp.Close() }()
	return udp.LocalAddr().String()
}

func newProber(t *testing.T, o Options, d Discovery, now func() time.Time) *Prober {
	t.Helper()
	if o.Timeout == 0 {
		o.Timeout = time.Minute
	}
	p, err := New(o, d, slog.New(slog.DiscardHandler), now)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// round makes the first round of a run.
func round(t *testing.T, p *Prober) ([]Result, error) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { p.Run(ctx); close(done) }()
	defer func() { cancel(); <-done }()
	for p.Starting() {
		time.Sleep(time.Millisecond)
	}
	return p.Results()
}

// TestRoundAsksEveryServerBothQuestions finds servers in every way.
func TestRoundAsksEveryServerBothQuestions(t *testing.T) {
	t.Parallel()
	names := func(w dns.ResponseWriter, q *dns.Msg) {
		switch q.Question[0].Name {
		case "kubernetes.default.svc.my.domain.":
			answer(dns.RcodeSuccess, "kubernetes.default.svc.my.domain. 5 IN A 10.96.0.1")(w, q)
		case "outside.example.":
			answer(dns.RcodeServerFailure)(w, q)
		default:
			answer(dns.RcodeRefused)(w, q)
		}
	}
	flag, service, endpoint := serve(t, names), serve(t, names), serve(t, names)
	var down atomic.Bool
	unless := func() error {
		if down.Load() {
			return errors.New("the API server is down")
		}
		return nil
	}
	d := Discovery{
		Services: func() ([]*corev1.Service, error) { return []*corev1.Service{dnsService(t, service)}, unless() },
		EndpointSlices: func() ([]*discoveryv1.EndpointSlice, error) {
			return []*discoveryv1.EndpointSlice{dnsSlice(t, endpoint)}, unless()
		},
	}
	o := Options{Discover: true, Servers: []string{flag}, ClusterDomain: "my.domain", ExternalName: "outside.example"}
	p := newProber(t, o, d, time.Now)
	if _, err := p.Results(); !errors.Is(err, exporter.ErrNotReady) {
		t.Errorf("before the first round: %v, want ErrNotReady", err)
	}
	for _, isDown := range []bool{false, true} {
		down.Store(isDown)
		results, err := round(t, p)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, r := range results {
			got = append(got, fmt.Sprint(r.Origin, " ", r.Server, " ", r.Probe, " ", r.Outcome.Result()))
		}
		want := []string{
			"endpoint node-1 cluster ok", "endpoint node-1 external servfail",
			"flag " + flag + " cluster ok", "flag " + flag + " external servfail",
			"service kube-dns cluster ok", "service kube-dns external servfail",
		}
		if strings.Join(got, "\n") != strings.Join(want, "\n") {
			t.Errorf("API server down: %v: results\n%s\nwant\n%s", isDown, strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
		_, known, err := p.Endpoints()
		if known == isDown || (err != nil) != isDown {
			t.Errorf("API server down: %v: endpoints known %v, %v", isDown, known, err)
		}
	}
}

// TestOldResultsAreNotBelieved verifies that the answers of a process that stood
// still are not told as those of now.
func TestOldResultsAreNotBelieved(t *testing.T) {
	t.Parallel()
	var ahead atomic.Int64
	p := newProber(t, Options{Servers: []string{serve(t, answer(dns.RcodeSuccess))}, Interval: time.Hour}, Discovery{}, func() time.Time {
		return time.Now().Add(time.Duration(ahead.Load()))
	})
	go p.Run(t.Context())
	for p.Starting() {
		time.Sleep(time.Millisecond)
	}
	if results, err := p.Results(); err != nil || len(results) != 1 {
		t.Fatalf("results %v, %v: want one, since no name to forward is given", results, err)
	}
	ahead.Store(int64(3 * time.Hour))
	if _, err := p.Results(); health.Classify(err) != health.Stale {
		t.Errorf("three hours later: %v, want stale", err)
	}
}

// TestRunEndsWithItsContext also proves that a round that was cut off leaves no
// results behind.
func TestRunEndsWithItsContext(t *testing.T) {
	t.Parallel()
	asked := make(chan struct{}, 1)
	hang := serve(t, func(dns.ResponseWriter, *dns.Msg) {
		select {
		case asked <- struct{}{}:
		default:
		}
	})
	p := newProber(t, Options{Servers: []string{hang}, Timeout: time.Hour}, Discovery{}, time.Now)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { p.Run(ctx); close(done) }()
	<-asked
	cancel()
	select {
	case <-done:
	case <-time.After(time.Minute):
		t.Fatal("Run goes on though its context ended")
	}
	if _, err := p.Results(); !errors.Is(err, exporter.ErrNotReady) {
		t.Errorf("results after a round that was cut off: %v", err)
	}
}

func TestBadOptions(t *testing.T) {
	t.Parallel()
	for _, o := range []Options{
		{Servers: []string{"10.0.0.1"}},
		{Servers: []string{":53"}},
		{Interval: -time.Second},
		{Timeout: -time.Second},
		{ClusterDomain: "a..b"},
		{ExternalName: strings.Repeat("a", 64) + ".example"},
	} {
		if _, err := New(o, Discovery{}, slog.New(slog.DiscardHandler), time.Now); err == nil {
			t.Errorf("%+v is taken", o)
		}
	}
}

func hostPort(t *testing.T, address string) (string, int32) {
	t.Helper()
	a, err := net.ResolveUDPAddr("udp", address)
	if err != nil {
		t.Fatal(err)
	}
	return a.IP.String(), int32(a.Port) //nolint:gosec // a port
}

func dnsService(t *testing.T, address string) *corev1.Service {
	t.Helper()
	ip, port := hostPort(t, address)
	return &corev1.Service{
		ObjectMeta: metav1.ObjectMeta{Name: "kube-dns"},
		Spec: corev1.ServiceSpec{ClusterIPs: []string{ip}, Ports: []corev1.ServicePort{
			{Name: "dns", Port: port, Protocol: corev1.ProtocolUDP},
			{Name: "metrics", Port: 9153, Protocol: corev1.ProtocolTCP},
		}},
	}
}

func dnsSlice(t *testing.T, address string) *discoveryv1.EndpointSlice {
	t.Helper()
	ip, port := hostPort(t, address)
	return &discoveryv1.EndpointSlice{
		Ports: []discoveryv1.EndpointPort{
			{Port: &port, Protocol: new(corev1.ProtocolUDP)},
			{Port: new(int32(9153)), Protocol: new(corev1.ProtocolTCP)},
		},
		Endpoints: []discoveryv1.Endpoint{{Addresses: []string{ip}, NodeName: new("node-1")}},
	}
}
