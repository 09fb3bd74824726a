package kubelet

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/client-go/rest"

	"github.com/kubevitals/kubevitals/sources/health"
)

// The same over sockets: what the other tests see through pipes and made-up
// time is also right where both are real.
func TestPollerOverSockets(t *testing.T) {
	t.Parallel()
	good := startTLS(t, serve)
	bad := startTLS(t, func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "Forbidden", http.StatusForbidden) })
	at := func(name string, address string, port int32) *corev1.Node {
		x := node(name)
		x.Status.Addresses[0].Address = address
		x.Status.DaemonEndpoints.KubeletEndpoint.Port = port
		return x
	}
	var portGood, portBad int32
	fmt.Sscan(port(t, good.Listener.Addr()), &portGood)
	fmt.Sscan(port(t, bad.Listener.Addr()), &portBad)
	c := &cluster{}
	c.set(nil, at("bad", "127.0.0.1", portBad), at("good", "127.0.0.1", portGood), &corev1.Node{})
	o := testOptions()
	o.InsecureSkipVerify, o.CAFile = false, caOf(t, good)
	o.StatsInterval, o.MetricsInterval = 20*time.Millisecond, 20*time.Millisecond
	p, err := NewPoller(o, &rest.Config{}, c.list, slog.New(slog.DiscardHandler), time.Now)
	if err != nil {
		t.Fatal(err)
	}
	p.WantStats()
	p.WantConfig()
	p.WantMetrics()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	var run sync.WaitGroup
	run.Go(func() { p.Run(ctx) })
	want := []health.Reason{health.Unreachable, health.Forbidden, health.Available}
	for ctx.Err() == nil {
		var got []health.Reason
		for _, r := range p.Results() {
			got = append(got, r.Stats.Reason)
		}
		if slices.Equal(got, want) {
			break
		}
		time.Sleep(time.Millisecond)
	}
	if ctx.Err() != nil {
		t.Errorf("want %v in the end, got %+v", want, p.Results())
	}
	cancel()
	run.Wait()
}

func BenchmarkResults5000Kubelets(b *testing.B) {
	c := &cluster{}
	var nodes []*corev1.Node
	for i := range 5000 {
		nodes = append(nodes, node(fmt.Sprintf("node-%d", i)))
	}
	c.set(nil, nodes...)
	p, err := NewPoller(testOptions(), &rest.Config{}, c.list, slog.New(slog.DiscardHandler), time.Now)
	if err != nil {
		b.Fatal(err)
	}
	p.WantStats()
	p.refresh(time.Now())
	b.ReportAllocs()
	for b.Loop() {
		if len(p.Results()) != 5000 {
			b.Fatal("results are missing")
		}
	}
}

func TestRefusedOptions(t *testing.T) {
	t.Parallel()
	empty := filepath.Join(t.TempDir(), "empty.pem")
	if err := os.WriteFile(empty, []byte("no certificate"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func(*Options){
		"no address types":       func(o *Options) { o.PreferredAddressTypes = nil },
		"CA file and insecure":   func(o *Options) { o.CAFile, o.InsecureSkipVerify = "x", true },
		"port":                   func(o *Options) { o.Port = 70000 },
		"timeout":                func(o *Options) { o.Timeout = 0 },
		"interval":               func(o *Options) { o.StatsInterval = 0 },
		"concurrency":            func(o *Options) { o.Concurrency = 0 },
		"missing CA file":        func(o *Options) { o.InsecureSkipVerify, o.CAFile = false, "/nowhere/ca.pem" },
		"CA file without a cert": func(o *Options) { o.InsecureSkipVerify, o.CAFile = false, empty },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := testOptions()
			change(&o)
			if _, err := NewPoller(o, &rest.Config{}, nil, nil, time.Now); err == nil {
				t.Error("accepted")
			}
		})
	}
}
