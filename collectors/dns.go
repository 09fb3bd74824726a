package collectors

import (
	"context"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/kubevitals/kubevitals/exporter"
	"github.com/kubevitals/kubevitals/sources"
	"github.com/kubevitals/kubevitals/sources/dns"
	"github.com/kubevitals/kubevitals/sources/health"
)

const dnsName = "dns"

var (
	dnsServers = exporter.NewGauge(dnsName, "probe_servers",
		"Number of DNS servers whose last answer to the probe came to that result; server is a Service, a node or an address.",
		"origin", "server", "probe", "result")
	dnsSeconds = exporter.NewGauge(dnsName, "probe_duration_seconds",
		"Time the last answer to the probe took, in seconds; the longest where several DNS servers run on one node.",
		"origin", "server", "probe")
	dnsEndpoints = exporter.NewGauge(dnsName, "endpoints",
		"Number of DNS servers behind the Service: ready, not_ready, and left_out of the ready ones because only 50 are probed.",
		"state")
)

// DNS watches for a cluster DNS that does not answer, cannot forward, or knows
// nothing of the cluster.
func DNS() Definition {
	o := dns.Options{ResolvConf: resolvConf}
	return Definition{
		Name:    dnsName,
		Help:    "Cluster DNS does not answer, cannot forward to its upstream, or does not know the cluster because it cannot reach the API server.",
		Scope:   Cluster,
		Default: true,
		Metrics: []*exporter.Desc{dnsServers, dnsSeconds, dnsEndpoints},
		Reads:   []sources.Read{sources.DNSServices, sources.DNSEndpoints},
		Flags: func(f *Flags) {
			f.Flag("discovery", "Probe the Services of kube-system with the label k8s-app=kube-dns and the endpoints behind them. Switch it off where kubevitals does not reach the addresses of Services and pods.").
				Default("true").BoolVar(&o.Discover)
			f.Flag("server", "DNS server to probe beside those that are found, as host:port; repeatable.").StringsVar(&o.Servers)
			f.Flag("cluster-domain", "Domain of the cluster's names. Without any: the one in the resolv.conf of the pod, or else cluster.local.").StringVar(&o.ClusterDomain)
			f.Flag("external-name", "Name to look up that cluster DNS must forward, such as that of a registry you depend on. Empty means that forwarding is not probed.").
				StringVar(&o.ExternalName)
			f.Flag("probe-interval", "Time between two rounds of probes.").Default("10s").DurationVar(&o.Interval)
			f.Flag("probe-timeout", "Longest time that a probe may take; CoreDNS gives up an upstream after 5s.").Default("6s").DurationVar(&o.Timeout)
		},
		Configure: func(c *sources.Config) { c.DNS = o },
		Replay:    true, // questions to DNS servers, which are not there in a dump
		New: func(s *sources.Sources) (exporter.Collector, error) {
			p := s.DNS()
			return dnsCollector{results: p.Results, endpoints: p.Endpoints}, nil
		},
	}
}

type dnsCollector struct {
	results   func() ([]dns.Result, error)
	endpoints func() (count dns.Endpoints, known bool, err error)
}

// Collect sends what the last round of probes found, whether or not the cluster
// can be seen: servers that were found before are probed while the API is down.
// Only the count of endpoints needs the present state of the cluster.
func (c dnsCollector) Collect(_ context.Context, ch chan<- prometheus.Metric) error {
	results, incomplete := c.results()
	if incomplete != nil && !exporter.IsIncomplete(incomplete) {
		return incomplete
	}
	sendDNS(ch, results)
	count, known, err := c.endpoints()
	if err != nil || !known {
		return incomplete //nolint:nilerr // the source reports itself, and must not take the probes along
	}
	ch <- dnsEndpoints.Sample(float64(count.Ready), "ready")
	ch <- dnsEndpoints.Sample(float64(count.NotReady), "not_ready")
	ch <- dnsEndpoints.Sample(float64(count.LeftOut), "left_out")
	return incomplete
}

// dnsKey is what the results of one place have in common.
type dnsKey struct {
	origin dns.Origin
	server string
	probe  dns.Probe
}

// sendDNS adds up what has the same labels.
func sendDNS(ch chan<- prometheus.Metric, results []dns.Result) {
	counts := map[dnsKey]map[health.Reason]int{}
	longest := map[dnsKey]float64{}
	for _, r := range results {
		k := dnsKey{r.Origin, r.Server, r.Probe}
		if counts[k] == nil {
			counts[k] = map[health.Reason]int{}
		}
		counts[k][r.Outcome]++
		longest[k] = max(longest[k], r.Duration.Seconds())
	}
	for k, count := range counts {
		for _, outcome := range dns.Outcomes() {
			ch <- dnsServers.Sample(float64(count[outcome]), string(k.origin), k.server, string(k.probe), outcome.Result())
		}
		ch <- dnsSeconds.Sample(longest[k], string(k.origin), k.server, string(k.probe))
	}
}
