package collectors

import (
	"context"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	miekg "github.com/miekg/dns"

	"github.com/kubevitals/kubevitals/sources/dns"
	"github.com/kubevitals/kubevitals/sources/health"
)

func TestNodeDNS(t *testing.T) {
	t.Parallel()
	results := []dns.Result{
		{Server: "169.254.20.10:53", Probe: dns.Cluster, Outcome: dns.Timeout, Duration: 6 * time.Second},
		{Server: "169.254.20.10:53", Probe: dns.External, Outcome: dns.OK, Duration: 2 * time.Millisecond},
		{Server: "169.254.20.10:53", Probe: dns.External, Outcome: dns.OK},
	}
	golden(t, nodeDNSName, nodeDNSCollector{node: "n1", results: func() ([]dns.Result, error) { return results, nil }}, NodeDNS().Metrics)
}

func resolvConfFile(t *testing.T, text string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "resolv.conf")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

func TestNameServers(t *testing.T) {
	t.Parallel()
	got, err := nameServers(resolvConfFile(t, "search default.svc.cluster.local svc.cluster.local\nnameserver 169.254.20.10\nnameserver fd00::a\nnameserver 10.96.0.10\nnameserver 10.0.0.4\noptions ndots:5\n"))
	if diff := cmp.Diff([]string{"169.254.20.10:53", "[fd00::a]:53", "10.96.0.10:53"}, got); err != nil || diff != "" {
		t.Errorf("%v, servers (-want +got):\n%s", err, diff)
	}
	for file, want := range map[string]health.Reason{
		resolvConfFile(t, "search a\n"):           health.NotFound,
		filepath.Join(t.TempDir(), "resolv.conf"): health.Failed,
	} {
		if _, err := nameServers(file); health.Classify(err) != want {
			t.Errorf("%s: %v, want %s", file, err, want)
		}
	}
}

// TestNodeDNSAsksARealServer goes the whole way, from a flag to a sample.
func TestNodeDNSAsksARealServer(t *testing.T) {
	t.Parallel()
	conn, err := (&net.ListenConfig{}).ListenPacket(t.Context(), "udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := &miekg.Server{PacketConn: conn, Handler: miekg.HandlerFunc(func(w miekg.ResponseWriter, q *miekg.Msg) {
		_ = w.WriteMsg(new(miekg.Msg).SetRcode(q, miekg.RcodeServerFailure))
	})}
	started := make(chan struct{})
	server.NotifyStartedFunc = func() { close(started) }
	go func() { _ = server.ActivateAndServe() }()
	<-started
	defer func() { _ = server.Shutdown() }()

	s := &Sources{config: Config{Host: HostConfig{Node: "n1"}, Logger: slog.New(slog.DiscardHandler), Now: time.Now}}
	c, err := newNodeDNS(s, dns.Options{Servers: []string{conn.LocalAddr().String()}}, "/does/not/exist")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	s.Start(ctx)
	defer s.Wait()
	defer cancel()
	deadline := time.Now().Add(time.Minute)
	for {
		text := string(scrapeText(t, nodeDNSName, c, NodeDNS().Metrics))
		if strings.Contains(text, `probe="cluster",result="servfail",server="`+conn.LocalAddr().String()+`"} 1`) {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("no answer of the server:\n%s", text)
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// TestNodeDNSWithoutServers: blindness is reported by the source.
func TestNodeDNSWithoutServers(t *testing.T) {
	t.Parallel()
	s := &Sources{config: Config{Logger: slog.New(slog.DiscardHandler), Now: time.Now}}
	c, err := newNodeDNS(s, dns.Options{}, resolvConfFile(t, "search a\n"))
	if err != nil {
		t.Fatal(err)
	}
	states := s.States()
	if len(states) != 1 || states[0].Source != "resolv_conf" || states[0].Reason != health.NotFound {
		t.Errorf("sources %+v", states)
	}
	if text := string(scrapeText(t, nodeDNSName, c, NodeDNS().Metrics)); strings.Contains(text, "kubevitals_node_dns_") {
		t.Errorf("blind, and it says\n%s", text)
	}
}
