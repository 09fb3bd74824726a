package fleet

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/kubevitals/kubevitals/collectors"
	"github.com/kubevitals/kubevitals/exporter"
	"github.com/kubevitals/kubevitals/sources/etcd"
	"github.com/kubevitals/kubevitals/sources/health"
)

// probed sends what probes of the cluster find: there is nothing here that could be
// asked over a network.
type probed struct {
	definition collectors.Definition
	find       func(s sender)
}

// Collect sends what was found.
func (p probed) Collect(_ context.Context, ch chan<- prometheus.Metric) error {
	p.find(sender{p.definition, ch})
	return nil
}

// sender sends samples of a collector's metrics, by their short names.
type sender struct {
	definition collectors.Definition
	ch         chan<- prometheus.Metric
}

func (s sender) send(metric string, value float64, labels ...string) {
	name := exporter.Namespace + "_" + s.definition.Name + "_" + metric
	i := slices.IndexFunc(s.definition.Metrics, func(d *exporter.Desc) bool { return d.Name == name })
	s.ch <- s.definition.Metrics[i].Sample(value, labels...)
}

// Probed is the collector that takes the place of one that asks over a network; nil
// where it is left out.
func (c *Cluster) Probed(d collectors.Definition) exporter.Collector {
	find := map[string]func(sender){"apiserver": c.probeServers, "etcd": c.probeEtcd, "dns": c.probeDNS}[d.Name]
	if find == nil {
		return nil
	}
	return probed{d, find}
}

func (c *Cluster) probeServers(s sender) {
	for _, one := range c.plane.servers {
		s.send("up", exporter.Bool(!one.down), one.address)
		s.send("listed", 1, one.address, "endpointslice")
		s.send("certificate_expiry_timestamp_seconds", float64(c.now().Add(200*24*time.Hour).Unix()), one.address)
		outcome := "ok"
		switch {
		case one.down:
			outcome = "unreachable"
		case one.busy:
			outcome = "overloaded"
		}
		for _, probe := range []string{"livez", "readyz", "read", "write"} {
			for _, result := range []string{"ok", "failed", "denied", "unreachable", "timeout", "overloaded", "error"} {
				if c.plane.down && probe == "write" && outcome == "ok" {
					outcome = "failed"
				}
				s.send("probe_result", exporter.Bool(result == outcome), one.address, probe, result)
			}
			s.send("probe_duration_seconds", 0.02, one.address, probe)
		}
		if !one.down {
			s.send("check_ok", 1, one.address, "readyz", "etcd")
		}
	}
}

// probeEtcd is what its members say, of which each is beside an API server. One that is
// out of space answers, and has a leader.
func (c *Cluster) probeEtcd(s sender) {
	const quota = 8 << 30
	size := float64(quota) * 0.3
	if c.plane.full {
		size = quota
	}
	for _, one := range c.plane.servers {
		host, _, _ := strings.Cut(one.address, ":")
		member := host + ":2379"
		s.send("up", exporter.Bool(!one.dark), member)
		for _, probe := range []string{"health", "metrics"} {
			s.send("probe_result", exporter.Bool(!one.dark), member, probe, string(health.Available))
			s.send("probe_result", exporter.Bool(one.dark), member, probe, string(health.Timeout))
		}
		s.send("certificate_expiry_timestamp_seconds", float64(c.now().Add(200*24*time.Hour).Unix()), member)
		if one.dark {
			continue
		}
		is := etcd.Healthy
		if c.plane.full {
			is = etcd.NoSpace
		}
		for _, state := range etcd.Healths() {
			s.send("health", exporter.Bool(state == is), member, string(state))
		}
		s.send("has_leader", 1, member)
		s.send("db_size_bytes", size, member)
		s.send("db_in_use_bytes", size*0.9, member)
		s.send("db_quota_bytes", quota, member)
	}
}

// resolves tells whether any DNS server answers.
func (c *Cluster) resolves() bool {
	up, _ := c.dnsServers()
	return up > 0
}

// dnsServers are how many answer, and how many do not.
func (c *Cluster) dnsServers() (up, off float64) {
	for _, a := range c.addons {
		if a.name != "coredns" {
			continue
		}
		for _, p := range c.podsOf(a) {
			switch {
			case p.leaving:
			case isReady(p.pod) && p.on.host.Load():
				up++
			default:
				off++
			}
		}
	}
	return up, off
}

func (c *Cluster) probeDNS(s sender) {
	up, off := c.dnsServers()
	s.send("endpoints", up, "ready")
	s.send("endpoints", off, "not_ready")
	s.send("endpoints", 0, "left_out")
	for _, probe := range []string{"cluster", "external"} {
		for _, result := range []string{"ok", "timeout", "unreachable", "servfail"} {
			s.send("probe_servers", up*exporter.Bool(result == "ok"), "endpoint", "kube-system/kube-dns", probe, result)
			s.send("probe_servers", exporter.Bool((result == "ok") == (up > 0) && (result == "ok" || result == "timeout")), "service", "10.96.0.10:53", probe, result)
		}
		s.send("probe_duration_seconds", 0.004, "endpoint", "kube-system/kube-dns", probe)
	}
}
