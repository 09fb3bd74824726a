package collectors

import (
	"context"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/kubevitals/kubevitals/exporter"
	"github.com/kubevitals/kubevitals/sources"
	"github.com/kubevitals/kubevitals/sources/dns"
	"github.com/kubevitals/kubevitals/sources/health"
)

const nodeDNSName = "node_dns"

var (
	nodeDNSProbe = exporter.NewGauge(nodeDNSName, "probe_result",
		"What became of the last lookup from the node at a server that its pods use: 1 for the result that holds; ok is 0 otherwise, and all others are absent.",
		"node", "server", "probe", "result")
	nodeDNSSeconds = exporter.NewGauge(nodeDNSName, "probe_duration_seconds",
		"Time the last lookup from the node took, whatever became of it, in seconds.",
		"node", "server", "probe")
)

// resolvConf is the agent's own and not the host's: the kubelet writes it for
// the pod, with the servers that it gives to all pods.
const resolvConf = "/etc/resolv.conf"

// NodeDNS is the failure mode of a node whose pods find no names, though others
// do: its way to the cluster's DNS or its own cache of names is broken.
func NodeDNS() Definition {
	o := dns.Options{}
	return Definition{
		Name:       nodeDNSName,
		Help:       "Pods of the node cannot resolve names, though cluster DNS works elsewhere: its way to DNS or its node-local cache is broken.",
		Scope:      Node,
		Privileges: []Privilege{HostNetwork},
		Default:    true,
		Metrics:    []*exporter.Desc{nodeDNSProbe, nodeDNSSeconds},
		Flags: func(f *Flags) {
			f.Flag("server", "DNS server that pods of the node use, as host:port; repeatable. Without any: the servers of the resolv.conf that the agent's pod got, which are the cluster's with the policy ClusterFirstWithHostNet.").
				StringsVar(&o.Servers)
			f.Flag("cluster-domain", "Domain of the cluster's names. Without any: the one in the resolv.conf of the pod, or else cluster.local.").StringVar(&o.ClusterDomain)
			f.Flag("external-name", "Name to look up that cluster DNS must forward. Empty means that forwarding is not probed.").
				StringVar(&o.ExternalName)
			f.Flag("probe-interval", "Time between two rounds of lookups.").Default("15s").DurationVar(&o.Interval)
			f.Flag("probe-timeout", "Longest time that a lookup may take; CoreDNS gives up an upstream after 5s.").Default("6s").DurationVar(&o.Timeout)
		},
		Replay: true, // questions to DNS from a node
		New:    func(s *sources.Sources) (exporter.Collector, error) { return newNodeDNS(s, o, resolvConf) },
	}
}

func newNodeDNS(s *sources.Sources, o dns.Options, file string) (exporter.Collector, error) {
	o.ResolvConf = file
	results, err := s.NodeDNS(o, file)
	if err != nil {
		return nil, err
	}
	return nodeDNSCollector{node: s.Host().Node(), results: results}, nil
}

type nodeDNSCollector struct {
	node    string
	results func() ([]dns.Result, error)
}

// Collect sends what the last round of lookups found.
func (c nodeDNSCollector) Collect(_ context.Context, ch chan<- prometheus.Metric) error {
	results, incomplete := c.results()
	if incomplete != nil && !exporter.IsIncomplete(incomplete) {
		return incomplete
	}
	sent := map[[2]string]bool{}
	for _, r := range results {
		if k := [2]string{r.Server, string(r.Probe)}; sent[k] {
			continue // a server that is named twice
		} else {
			sent[k] = true
		}
		ch <- nodeDNSSeconds.Sample(r.Duration.Seconds(), c.node, r.Server, string(r.Probe))
		nodeDNSProbe.SendState(ch, health.Available.Result(), r.Outcome.Result(), c.node, r.Server, string(r.Probe))
	}
	return incomplete
}
