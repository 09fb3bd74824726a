package collectors

import (
	"context"
	"slices"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/kubevitals/kubevitals/exporter"
	"github.com/kubevitals/kubevitals/sources"
	"github.com/kubevitals/kubevitals/sources/apiserver"
	"github.com/kubevitals/kubevitals/sources/health"
)

const apiServerName = "apiserver"

var (
	apiServerUp = exporter.NewGauge(apiServerName, "up",
		"Whether the API server answered at all, over verified TLS and in time: 1 is yes.",
		"server")
	apiServerListed = exporter.NewGauge(apiServerName, "listed",
		"Whether the API server is known from that origin: 1 is yes.",
		"server", "origin")
	apiServerProbe = exporter.NewGauge(apiServerName, "probe_result",
		"What the last probe of the API server came to: the result that holds is 1, all others are 0.",
		"server", "probe", "result")
	apiServerProbeSeconds = exporter.NewGauge(apiServerName, "probe_duration_seconds",
		"Time the last probe of the API server took, in seconds.",
		"server", "probe")
	apiServerCheck = exporter.NewGauge(apiServerName, "check_ok",
		"Whether a check that the API server makes of itself passed: 1 is yes.",
		"server", "probe", "check")
	apiServerExpiry = exporter.NewGauge(apiServerName, "certificate_expiry_timestamp_seconds",
		"Unix time at which the certificate that the API server showed last expires, trusted or not, in seconds.",
		"server")
	apiServerLease = exporter.NewGauge(apiServerName, "identity_lease_renew_timestamp_seconds",
		"Unix time at which the API server last renewed its identity Lease, in seconds.",
		"server", "hostname")
	apiServerRejected = exporter.NewCounter(apiServerName, "rejected_requests_total",
		"Number of requests that the API server refused with 429 since it was started, because the priority level had too many, as it counts them itself; absent for flow schemas of which none was.",
		"server", "priority_level", "flow_schema")
	apiServerRejecting = exporter.NewGauge(apiServerName, "rejecting_servers",
		"Number of API servers by whether they have refused requests since they were started: none, some, or unknown where their metrics could not be read.",
		"rejected")
)

// APIServer is the failure mode of an API server that cannot be reached, or is
// reached and cannot do its work.
func APIServer() Definition {
	var o apiserver.Options
	return Definition{
		Name:    apiServerName,
		Help:    "An API server is unreachable, or reachable and unable to read or write.",
		Scope:   Cluster,
		Default: true,
		Metrics: []*exporter.Desc{
			apiServerUp, apiServerListed, apiServerProbe, apiServerProbeSeconds,
			apiServerCheck, apiServerExpiry, apiServerLease, apiServerRejected, apiServerRejecting,
		},
		Counted: map[*exporter.Desc]*exporter.Desc{apiServerRejected: apiServerRejecting},
		Reads:   []sources.Read{sources.APIServers, sources.APIServerMetrics},
		Flags: func(f *Flags) {
			f.Flag("endpoints", "API server to probe beside those that are found, as host:port; repeatable.").StringsVar(&o.Endpoints)
			f.Flag("probe-interval", "Time between two rounds of probes.").Default("5s").DurationVar(&o.Interval)
			f.Flag("probe-timeout", "Longest time that a probe may take.").Default("3s").DurationVar(&o.Timeout)
			f.Flag("write-probe-lease", "Lease, as namespace/name, to renew through each API server in order to probe writes; never created. Empty means no writes.").
				Default("kubevitals/kubevitals-write-probe").StringVar(&o.WriteLease)
			f.Flag("write-interval", "Time between two write probes of an API server.").Default("10s").DurationVar(&o.WriteInterval)
		},
		Configure: func(c *sources.Config) {
			c.APIServers.Endpoints, c.APIServers.WriteLease = o.Endpoints, o.WriteLease
			c.APIServers.Interval, c.APIServers.WriteInterval, c.APIServers.Timeout = o.Interval, o.WriteInterval, o.Timeout
		},
		Replay: true, // probes of each API server: whether and how fast it answers
		New: func(s *sources.Sources) (exporter.Collector, error) {
			p := s.APIServers()
			p.WantMetrics()
			return apiServerCollector{results: p.Results, leases: p.Leases, leftOut: p.LeftOut}, nil
		},
	}
}

type apiServerCollector struct {
	results func() []apiserver.Result
	leases  func() []apiserver.LeaseState
	leftOut func() int
}

// Collect sends what the last round of probes found. It needs no view of the
// cluster: the configured API server is always probed.
func (c apiServerCollector) Collect(_ context.Context, ch chan<- prometheus.Metric) error {
	results := c.results()
	for _, r := range results {
		for _, origin := range apiserver.Origins() {
			if slices.Contains(r.Origins, origin) {
				ch <- apiServerListed.Sample(1, r.Server, string(origin))
			}
		}
		if !r.Probed() {
			continue
		}
		ch <- apiServerUp.Sample(exporter.Bool(r.Up), r.Server)
		sendProbes(ch, r)
		for _, check := range r.Checks {
			ch <- apiServerCheck.Sample(exporter.Bool(check.OK), r.Server, check.Probe, check.Name)
		}
		if !r.CertificateExpiry.IsZero() {
			ch <- apiServerExpiry.Sample(unix(r.CertificateExpiry), r.Server)
		}
	}
	for _, lease := range c.leases() {
		ch <- apiServerLease.Sample(unix(lease.Renewed), lease.Server, lease.Hostname)
	}
	sendRejected(ch, results)
	ch <- exporter.LeftOut(c.leftOut())
	return nil
}

// sendRejected tells what API servers have refused, which they count themselves.
func sendRejected(ch chan<- prometheus.Metric, results []apiserver.Result) {
	tally := exporter.NewTally(apiServerRejected, "none", "some")
	for _, r := range results {
		switch {
		case r.Metrics.Reason != health.Available:
			tally.Count(exporter.UnknownState)
			continue
		case len(r.Metrics.Rejected) == 0:
			tally.Count("none")
		default:
			tally.Count("some")
		}
		for flow, n := range r.Metrics.Rejected {
			ch <- apiServerRejected.Sample(n, r.Server, flow.Level, flow.Schema)
		}
	}
	tally.Send(ch, apiServerRejecting)
}

func sendProbes(ch chan<- prometheus.Metric, r apiserver.Result) {
	for _, p := range r.Probes {
		for _, outcome := range apiserver.Outcomes() {
			ch <- apiServerProbe.Sample(exporter.Bool(p.Outcome.Result() == outcome.Result()), r.Server, p.Name, outcome.Result())
		}
		ch <- apiServerProbeSeconds.Sample(p.Duration.Seconds(), r.Server, p.Name)
	}
}

// unix is a time as metrics carry it.
func unix(t time.Time) float64 { return float64(t.UnixMilli()) / 1000 }
