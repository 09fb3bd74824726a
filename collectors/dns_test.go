package collectors

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/kubevitals/kubevitals/collectors/dnsprobe"
)

func TestDNS(t *testing.T) {
	t.Parallel()
	result := func(origin dnsprobe.Origin, server string, cluster, external dnsprobe.Outcome, took time.Duration) []dnsprobe.Result {
		return []dnsprobe.Result{
			{Origin: origin, Server: server, Probe: dnsprobe.Cluster, Outcome: cluster, Duration: took},
			{Origin: origin, Server: server, Probe: dnsprobe.External, Outcome: external, Duration: 2 * took},
		}
	}
	var results []dnsprobe.Result
	for _, r := range [][]dnsprobe.Result{
		result(dnsprobe.Service, "kube-dns", dnsprobe.OK, dnsprobe.ServFail, 4*time.Millisecond),
		result(dnsprobe.Endpoint, "node-1", dnsprobe.OK, dnsprobe.ServFail, 2*time.Millisecond),
		result(dnsprobe.Endpoint, "node-1", dnsprobe.Timeout, dnsprobe.Timeout, 5*time.Second),
	} {
		results = append(results, r...)
	}
	c := dns{
		results:   func() ([]dnsprobe.Result, error) { return results, nil },
		endpoints: func() (dnsprobe.Endpoints, bool, error) { return dnsprobe.Endpoints{Ready: 2, NotReady: 1}, true, nil },
	}
	golden(t, dnsName, c, DNS().Metrics)
}

// TestDNSWithoutTheAPI checks what is said while the API server is down.
func TestDNSWithoutTheAPI(t *testing.T) {
	t.Parallel()
	c := dns{
		results: func() ([]dnsprobe.Result, error) {
			return []dnsprobe.Result{{Origin: dnsprobe.Service, Server: "kube-dns", Probe: dnsprobe.Cluster, Outcome: dnsprobe.OK}}, nil
		},
		endpoints: func() (dnsprobe.Endpoints, bool, error) {
			return dnsprobe.Endpoints{}, false, errors.New("the API server is down")
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

	c.results = func() ([]dnsprobe.Result, error) { return nil, errors.New("the last round is too old") }
	check("kubevitals_dns_probe_servers{", false)
	check(`kubevitals_scrape_collector_success{collector="dns"} 0`, true)
}
