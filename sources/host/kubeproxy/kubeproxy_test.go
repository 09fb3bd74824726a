package kubeproxy

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kubevitals/kubevitals/sources/health"
)

// page is what one path answers.
type page struct {
	status int
	body   string
}

func serve(t *testing.T, pages map[string]page) string {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p, ok := pages[r.URL.Path]
		if !ok {
			p.status = http.StatusNotFound
		}
		w.WriteHeader(p.status)
		_, _ = w.Write([]byte(p.body))
	}))
	t.Cleanup(s.Close)
	return s.URL
}

func ask(t *testing.T, o Options) Result {
	t.Helper()
	if o.Timeout == 0 {
		o.Timeout = time.Minute
	}
	p, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	r, err := p.Ask(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// The bodies are in the form of kube-proxy 1.37 (pkg/proxy/healthcheck and
// pkg/proxy/metrics).
const (
	livezBody   = `{"lastUpdated":"2026-11-20T10:00:00Z","currentTime":"2026-11-20T10:05:00Z","healthy":false,"status":{"IPv4":{"lastUpdated":"2026-11-20T10:00:00Z","healthy":false},"IPv6":{"lastUpdated":"2026-11-20T10:04:00Z","healthy":true}}}`
	metricsBody = `# TYPE kubeproxy_sync_proxy_rules_last_timestamp_seconds gauge
kubeproxy_sync_proxy_rules_last_timestamp_seconds{ip_family="IPv4"} 1.7e+09
kubeproxy_sync_proxy_rules_last_timestamp_seconds{ip_family="IPv6"} 1.70000024e+09
kubeproxy_sync_proxy_rules_last_queued_timestamp_seconds{ip_family="IPv4"} 1.7000003e+09
kubeproxy_sync_proxy_rules_last_queued_timestamp_seconds{ip_family="IPv6"} 0
kubeproxy_sync_proxy_rules_iptables_restore_failures_total{ip_family="IPv4"} 7
kubeproxy_sync_proxy_rules_iptables_partial_restore_failures_total{ip_family="IPv4"} 2
kubeproxy_sync_proxy_rules_nftables_sync_failures_total{ip_family="IPv6"} 1
kubeproxy_sync_proxy_rules_nftables_cleanup_failures_total{ip_family="IPv6"} 0
`
)

func TestBehind(t *testing.T) {
	t.Parallel()
	got := ask(t, Options{
		HealthURL:  serve(t, map[string]page{"/livez": {503, livezBody}}),
		MetricsURL: serve(t, map[string]page{"/metrics": {200, metricsBody}, "/proxyMode": {200, "iptables"}}),
	})
	want := Result{
		Livez: health.Available, Metrics: health.Available, Mode: health.Available, ModeName: "iptables",
		Healthy: map[string]bool{"IPv4": false, "IPv6": true},
		Applied: map[string]float64{"IPv4": 1.7e9, "IPv6": 1.70000024e9},
		Queued:  map[string]float64{"IPv4": 1.7000003e9, "IPv6": 0},
		Failures: map[Failure]float64{
			{"IPv4", "restore"}: 7, {"IPv4", "partial_restore"}: 2, {"IPv6", "nftables_sync"}: 1, {"IPv6", "nftables_cleanup"}: 0,
		},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("result (-want +got):\n%s", diff)
	}
}

func TestAnswersOfOthers(t *testing.T) {
	t.Parallel()
	// Versions before 1.32 tell no families apart.
	old := `{"lastUpdated":"2026-11-20T10:00:00Z","currentTime":"2026-11-20T10:05:00Z"}`
	tests := []struct {
		name                 string
		pages                map[string]page
		livez, metrics, mode health.Reason
		healthy              map[string]bool
		modeName             string
	}{
		{
			"an old one", map[string]page{
				"/livez": {503, old}, "/proxyMode": {200, "userspace"},
				"/metrics": {200, "kubeproxy_sync_proxy_rules_last_timestamp_seconds 1\n"},
			},
			health.Available, health.Available, health.Available, map[string]bool{All: false}, "other",
		},
		{"one without livez", nil, health.NotFound, health.NotFound, health.NotFound, nil, ""},
		{
			"another program", map[string]page{"/livez": {200, "ok"}, "/metrics": {200, "go_goroutines 1\n"}, "/proxyMode": {500, ""}},
			health.Invalid, health.Invalid, health.Failed, nil, "",
		},
		{
			"a page", map[string]page{"/livez": {200, "{}"}, "/metrics": {200, "<html>"}},
			health.Invalid, health.Invalid, health.NotFound, nil, "",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			url := serve(t, tt.pages)
			r := ask(t, Options{HealthURL: url, MetricsURL: url})
			if r.Livez != tt.livez || r.Metrics != tt.metrics || r.Mode != tt.mode {
				t.Errorf("livez %s, metrics %s, mode %s; want %s, %s, %s", r.Livez, r.Metrics, r.Mode, tt.livez, tt.metrics, tt.mode)
			}
			if diff := cmp.Diff(tt.healthy, r.Healthy); diff != "" || r.ModeName != tt.modeName {
				t.Errorf("mode %q, healthy (-want +got):\n%s", r.ModeName, diff)
			}
		})
	}
}

func TestNoKubeProxyThere(t *testing.T) {
	t.Parallel()
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	url := "http://" + l.Addr().String()
	_ = l.Close()
	if r := ask(t, Options{HealthURL: url, MetricsURL: url}); r.Livez != health.Unreachable || r.Mode != health.Unreachable {
		t.Errorf("%+v, want unreachable", r)
	}
}

func TestHangs(t *testing.T) {
	t.Parallel()
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0") // no process accepts
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	url := "http://" + l.Addr().String()
	if r := ask(t, Options{HealthURL: url, MetricsURL: url, Timeout: 200 * time.Millisecond}); r.Livez != health.Timeout || r.Metrics != health.Timeout {
		t.Errorf("%+v, want timeout", r)
	}
	p, err := New(Options{HealthURL: url, MetricsURL: url})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := p.Ask(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v, want that of the context", err)
	}
}

func TestBadOptions(t *testing.T) {
	t.Parallel()
	for _, o := range []Options{{Timeout: -1}, {HealthURL: "127.0.0.1:1"}, {MetricsURL: "http://127.0.0.1:1/metrics"}, {HealthURL: "https://127.0.0.1:1"}} {
		if _, err := New(o); err == nil {
			t.Errorf("%+v is taken", o)
		}
	}
}
