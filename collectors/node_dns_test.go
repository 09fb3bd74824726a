package collectors

import (
	"context"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	miekg "github.com/miekg/dns"
	"k8s.io/client-go/rest"

	"github.com/kubevitals/kubevitals/sources/dns"
	"github.com/kubevitals/kubevitals/sources/health"
	"github.com/kubevitals/kubevitals/sources/host/connectivity"
)

func TestNodeDNS(t *testing.T) {
	t.Parallel()
	results := []dns.Result{
		{Server: "169.254.20.10:53", Probe: dns.Cluster, Outcome: health.Timeout, Duration: 6 * time.Second},
		{Server: "169.254.20.10:53", Probe: dns.External, Outcome: health.Available, Duration: 2 * time.Millisecond},
		{Server: "169.254.20.10:53", Probe: dns.External, Outcome: health.Available},
	}
	golden(t, nodeDNSName, nodeDNSCollector{node: "n1", results: func() ([]dns.Result, error) { return results, nil }}, NodeDNS().Metrics)
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

	s := agentSources(t, &rest.Config{Host: "http://127.0.0.1:1"}, connectivity.Options{})
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
	file := filepath.Join(t.TempDir(), "resolv.conf")
	if err := os.WriteFile(file, []byte("search a\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	s := agentSources(t, &rest.Config{Host: "http://127.0.0.1:1"}, connectivity.Options{})
	c, err := newNodeDNS(s, dns.Options{}, file)
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
