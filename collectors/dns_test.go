package collectors

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/kubevitals/kubevitals/sources/dns"
	"github.com/kubevitals/kubevitals/sources/health"
)

func TestDNS(t *testing.T) {
	t.Parallel()
	result := func(origin dns.Origin, server string, cluster, external health.Reason, took time.Duration) []dns.Result {
		return []dns.Result{
			{Origin: origin, Server: server, Probe: dns.Cluster, Outcome: cluster, Duration: took},
			{Origin: origin, Server: server, Probe: dns.External, Outcome: external, Duration: 2 * took},
		}
	}
	var results []dns.Result
	for _, r := range [][]dns.Result{
		result(dns.Service, "kube-dns", health.Available, dns.ServFail, 4*time.Millisecond),
		result(dns.Endpoint, "node-1", health.Available, dns.ServFail, 2*time.Millisecond),
		result(dns.Endpoint, "node-1", health.Timeout, health.Timeout, 5*time.Second),
	} {
		results = append(results, r...)
	}
	c := dnsCollector{
		results:   func() ([]dns.Result, error) { return results, nil },
		endpoints: func() (dns.Endpoints, bool, error) { return dns.Endpoints{Ready: 2, NotReady: 1}, true, nil },
	}
	golden(t, dnsName, c, DNS().Metrics)
}

// TestDNSWithoutTheAPI checks what is said while the API server is down.
func TestDNSWithoutTheAPI(t *testing.T) {
	t.Parallel()
	c := dnsCollector{
		results: func() ([]dns.Result, error) {
			return []dns.Result{{Origin: dns.Service, Server: "kube-dns", Probe: dns.Cluster, Outcome: health.Available}}, nil
		},
		endpoints: func() (dns.Endpoints, bool, error) {
			return dns.Endpoints{}, false, errors.New("the API server is down")
		},
	}
	check := func(sample string, want bool) {
		t.Helper()
		if text := string(scrapeText(t, dnsName, c, DNS().Metrics)); strings.Contains(text, sample) != want {
			t.Errorf("%s: want %v in:\n%s", sample, want, text)
		}
	}
	check(`kubevitals_dns_probe_servers{origin="service",probe="cluster",result="ok",server="kube-dns"} 1`, true)
	check("kubevitals_dns_endpoints{", false)
	check(`kubevitals_scrape_collector_success{collector="dns"} 1`, true)

	c.results = func() ([]dns.Result, error) { return nil, errors.New("the last round is too old") }
	check("kubevitals_dns_probe_servers{", false)
	check(`kubevitals_scrape_collector_success{collector="dns"} 0`, true)
}
