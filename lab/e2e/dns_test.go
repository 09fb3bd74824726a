package e2e

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"testing"
	"time"

	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"

	"github.com/kubevitals/kubevitals/lab/cluster"
)

const outside = "registry.example"

// startDNS starts an upstream, a CoreDNS that forwards to it, and a kubevitals
// that probes the latter.
func startDNS(t *testing.T, name, apiServer string) (upstream, server *cluster.CoreDNS, v *vitals) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	upstream, err := shared.StartHosts(ctx, name+"-upstream", outside, "192.0.2.1")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(upstream.Kill)
	if server, err = shared.StartCoreDNS(ctx, name, upstream.Address, apiServer); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(server.Kill)
	v, err = startVitals(ctx, name+"-kubevitals", shared.LogDir(), shared.AdminKubeconfig(),
		"--collector.disable-defaults", "--collector.dns", "--no-collector.dns.discovery",
		"--collector.dns.server="+server.Address, "--collector.dns.external-name="+outside, "--collector.dns.probe-interval=1s")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(v.stop)
	return upstream, server, v
}

// answers fails unless both probes came to one of the results.
func answers(server *cluster.CoreDNS, inside []string, forwarded []string) func(samples) error {
	return func(s samples) error {
		one := func(probe string, results []string) error {
			for _, r := range results {
				if s.sum("dns_probe_servers", "server", server.Address, "probe", probe, "result", r) == 1 {
					return nil
				}
			}
			return fmt.Errorf("probe %s is not %v", probe, results)
		}
		return errors.Join(one("cluster", inside), one("external", forwarded),
			s.want(1, "scrape_collector_success", "collector", "dns"))
	}
}

// TestDNSForwarding stops what CoreDNS forwards to, so that nothing answers. It
// does not kill it: CoreDNS asks a dead port so often that one of its sockets
// soon has that very port, and then hears itself.
func TestDNSForwarding(t *testing.T) {
	upstream, server, v := startDNS(t, "dns-forwarding", "")
	ok := []string{"ok"}
	v.eventually(t, time.Minute, answers(server, ok, ok))

	if err := upstream.Pause(); err != nil {
		t.Fatal(err)
	}
	// CoreDNS itself gives up after 5 s.
	v.eventually(t, time.Minute, answers(server, ok, []string{"servfail"}))
	v.wantAlert(t, 0, "KubeVitalsDNSForwardingFailing")
	hasMetrics(t, server, "coredns_forward_healthcheck_broken_total", "coredns_proxy_healthcheck_failures_total",
		"coredns_proxy_request_duration_seconds", "coredns_dns_responses_total", "coredns_kubernetes_rest_client_requests_total")
	if err := upstream.Resume(); err != nil {
		t.Fatal(err)
	}
	v.eventually(t, time.Minute, answers(server, ok, ok))
}

// TestDNSDown stops CoreDNS itself, first so that it hangs and then for good.
func TestDNSDown(t *testing.T) {
	_, server, v := startDNS(t, "dns-down", "")
	ok := []string{"ok"}
	v.eventually(t, time.Minute, answers(server, ok, ok))
	if err := server.Pause(); err != nil {
		t.Fatal(err)
	}
	v.eventually(t, time.Minute, answers(server, []string{"timeout"}, []string{"timeout"}))
	v.wantAlert(t, 0, "KubeVitalsDNSDown")
	if err := server.Resume(); err != nil {
		t.Fatal(err)
	}
	v.eventually(t, time.Minute, answers(server, ok, ok))
	server.Kill()
	v.eventually(t, time.Minute, answers(server, []string{"unreachable"}, []string{"unreachable"}))
	v.wantAlert(t, 0, "KubeVitalsDNSDown")
}

// TestDNSWithoutAPIServer starts CoreDNS where it reaches no API server: it
// serves after a while, and knows nothing of the cluster.
func TestDNSWithoutAPIServer(t *testing.T) {
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	dead := "http://" + l.Addr().String()
	_ = l.Close()
	_, server, v := startDNS(t, "dns-blind", dead)
	v.eventually(t, time.Minute, answers(server, []string{"servfail"}, []string{"ok"}))
	v.wantAlert(t, 0, "KubeVitalsDNSAPIServerUnreachable")
	// As the client of CoreDNS counts requests that got no answer.
	err = cluster.Eventually(t.Context(), time.Minute, func(ctx context.Context) error {
		own, err := coreDNSMetrics(ctx, server)
		if err != nil {
			return err
		}
		for _, m := range own["coredns_kubernetes_rest_client_requests_total"].GetMetric() {
			if matches(m, []string{"code", "<error>"}) && m.GetCounter().GetValue() > 0 {
				return nil
			}
		}
		return errors.New("CoreDNS counts no failed requests to the API server")
	})
	if err != nil {
		t.Fatal(err)
	}
}

// coreDNSMetrics reads what CoreDNS says of itself.
func coreDNSMetrics(ctx context.Context, server *cluster.CoreDNS) (samples, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, server.Metrics, nil)
	if err != nil {
		return nil, err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return nil, err
	}
	defer func() { _ = response.Body.Close() }()
	parser := expfmt.NewTextParser(model.UTF8Validation)
	return parser.TextToMetricFamilies(response.Body)
}

// hasMetrics fails until CoreDNS has the metrics that the mixin reads.
func hasMetrics(t *testing.T, server *cluster.CoreDNS, names ...string) {
	t.Helper()
	err := cluster.Eventually(t.Context(), time.Minute, func(ctx context.Context) error {
		own, err := coreDNSMetrics(ctx, server)
		if err != nil {
			return err
		}
		for _, name := range names {
			if own[name] == nil {
				err = errors.Join(err, fmt.Errorf("CoreDNS has no %s", name))
			}
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}
