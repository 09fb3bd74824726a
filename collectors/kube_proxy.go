package collectors

import (
	"context"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/kubevitals/kubevitals/exporter"
	"github.com/kubevitals/kubevitals/sources"
	"github.com/kubevitals/kubevitals/sources/health"
	"github.com/kubevitals/kubevitals/sources/host/kubeproxy"
)

const kubeProxyName = "kube_proxy"

var (
	proxyUp = exporter.NewGauge(kubeProxyName, "up",
		"Whether the node's kube-proxy told the health of its rules, good or bad, in the last round: 1 is yes; 0 is normal on nodes that never had one.",
		"node")
	proxyProbe = exporter.NewGauge(kubeProxyName, "probe_result",
		"Is 1 for what became of the last question to the node's kube-proxy where it got no answer; absent where it did.",
		"node", "probe", "result")
	proxyHealthy = exporter.NewGauge(kubeProxyName, "rules_healthy",
		"Whether kube-proxy says that no change has waited too long for its rules: 1 is yes.",
		"node", "ip_family")
	proxyQueued = exporter.NewGauge(kubeProxyName, "last_queued_timestamp_seconds",
		"Unix time at which kube-proxy last took note of a change, in seconds; 0 means never since it started.",
		"node", "ip_family")
	proxyApplied = exporter.NewGauge(kubeProxyName, "last_applied_timestamp_seconds",
		"Unix time at which kube-proxy last wrote its rules, in seconds; 0 means never since it started.",
		"node", "ip_family")
	proxyFailures = exporter.NewCounter(kubeProxyName, "sync_failures_total",
		"Times that the kernel's tools refused rules of kube-proxy, absent as long as they never did: restore or nftables_sync of all, partial_restore of some (all are tried next), nftables_cleanup of old ones.",
		"node", "ip_family", "kind")
	proxyMode = exporter.NewGauge(kubeProxyName, "mode",
		"Is 1 for the mode in which kube-proxy writes its rules.", "node", "mode")
	proxyTrace = exporter.NewGauge(kubeProxyName, "trace",
		"Is 1 where the node bears a trace of a kube-proxy that does not answer: a chain KUBE-SERVICES (iptables), a table kube-proxy (nftables), an interface kube-ipvs0 (ipvs), logs of its container (pod) or a service of systemd (unit); absent where there is none, and where it could not be looked at, as rules cannot without the capability NET_ADMIN.",
		"node", "trace")
)

// KubeProxy is the failure mode of a kube-proxy that is gone or does not get its
// rules written, so that Services lead to pods that are gone.
//
// The figures are metrics of kube-proxy's own. They are read and sent again because
// it serves them on loopback, where Prometheus seldom can read them.
func KubeProxy() Definition {
	var (
		o        kubeproxy.Options
		interval time.Duration
	)
	return Definition{
		Name:       kubeProxyName,
		Help:       "The node's kube-proxy is gone, or does not get its rules written: Services lead to pods that are gone.",
		Scope:      Node,
		Privileges: []Privilege{HostNetwork, HostLogs, HostUnits},
		Default:    true,
		Metrics:    []*exporter.Desc{proxyUp, proxyProbe, proxyHealthy, proxyQueued, proxyApplied, proxyFailures, proxyMode, proxyTrace},
		Flags: func(f *Flags) {
			f.Flag("health-url", "Where the node's kube-proxy serves /livez.").Default("http://127.0.0.1:10256").StringVar(&o.HealthURL)
			f.Flag("metrics-url", "Where the node's kube-proxy serves /metrics and /proxyMode.").Default("http://127.0.0.1:10249").StringVar(&o.MetricsURL)
			f.Flag("probe-interval", "Time between two rounds of questions.").Default("15s").DurationVar(&interval)
			f.Flag("probe-timeout", "Longest time that a round may take.").Default("5s").DurationVar(&o.Timeout)
		},
		Replay: true, // an answer of a process on a node
		New: func(s *sources.Sources) (exporter.Collector, error) {
			p, err := kubeproxy.New(o)
			if err != nil {
				return nil, err
			}
			traces := kubeproxy.NewFinder(s.Host().Path())
			poll := sources.PollHost(s, kubeProxyName, max(interval, o.Timeout+time.Second), func(ctx context.Context) (proxySeen, error) {
				r, err := p.Ask(ctx)
				if err != nil || r.Livez == health.Available {
					return proxySeen{Result: r}, err
				}
				return proxySeen{r, traces.Find(ctx)}, nil
			})
			return kubeProxyCollector{node: s.Host().Node(), result: poll.Get}, nil
		},
	}
}

// proxySeen is what one round found.
type proxySeen struct {
	kubeproxy.Result
	// traces are looked for only while kube-proxy does not answer.
	traces map[string]bool
}

type kubeProxyCollector struct {
	node   string
	result func() (proxySeen, error)
}

// Collect sends what the last round found. That nothing answers is a fact and no
// failure: where something else does the work of kube-proxy, nothing ever does. The
// traces tell such nodes from those where one is missed.
func (c kubeProxyCollector) Collect(_ context.Context, ch chan<- prometheus.Metric) error {
	r, err := c.result()
	if err != nil {
		return err
	}
	ch <- proxyUp.Sample(exporter.Bool(r.Livez == health.Available), c.node)
	for probe, answer := range map[string]health.Reason{"livez": r.Livez, "metrics": r.Metrics, "mode": r.Mode} {
		if answer != health.Available {
			ch <- proxyProbe.Sample(1, c.node, probe, string(answer))
		}
	}
	if r.Livez == health.Available {
		for family, healthy := range r.Healthy {
			ch <- proxyHealthy.Sample(exporter.Bool(healthy), c.node, family)
		}
	}
	if r.Metrics == health.Available {
		for family, at := range r.Queued {
			ch <- proxyQueued.Sample(at, c.node, family)
		}
		for family, at := range r.Applied {
			ch <- proxyApplied.Sample(at, c.node, family)
		}
		for f, count := range r.Failures {
			if count > 0 {
				ch <- proxyFailures.Sample(count, c.node, f.Family, f.Kind)
			}
		}
	}
	if r.Mode == health.Available {
		ch <- proxyMode.Sample(1, c.node, r.ModeName)
	}
	for trace, there := range r.traces {
		if there {
			ch <- proxyTrace.Sample(1, c.node, trace)
		}
	}
	return nil
}
