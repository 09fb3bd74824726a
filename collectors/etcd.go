package collectors

import (
	"context"
	"fmt"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/kubevitals/kubevitals/exporter"
	"github.com/kubevitals/kubevitals/sources"
	"github.com/kubevitals/kubevitals/sources/etcd"
	"github.com/kubevitals/kubevitals/sources/health"
)

const etcdName = "etcd"

var (
	etcdUp = exporter.NewGauge(etcdName, "up",
		"Whether the member of etcd told its health in the last round of probes: 1 is yes.",
		"endpoint")
	etcdAnswer = exporter.NewGauge(etcdName, "probe_result",
		"What became of the last question for the member's health or metrics: 1 for the result that holds, which is available if it answered.",
		"endpoint", "probe", "result")
	etcdHealth = exporter.NewGauge(etcdName, "health",
		"What the member's own health check says: the state that holds is 1, all others are 0.",
		"endpoint", "state")
	etcdCheck = exporter.NewGauge(etcdName, "check_ok",
		"Whether a check behind livez or readyz that the member makes of itself passed: 1 is yes.",
		"endpoint", "probe", "check")
	etcdHasLeader = exporter.NewGauge(etcdName, "has_leader",
		"Whether the member knows a leader: 1 is yes.",
		"endpoint")
	etcdSize = exporter.NewGauge(etcdName, "db_size_bytes",
		"Size of the member's database file, which is what the quota bounds, in bytes.",
		"endpoint")
	etcdInUse = exporter.NewGauge(etcdName, "db_in_use_bytes",
		"Part of the member's database file that holds data; the rest is freed by defragmentation, in bytes.",
		"endpoint")
	etcdQuota = exporter.NewGauge(etcdName, "db_quota_bytes",
		"Size of the database file at which the member raises the alarm NOSPACE, in bytes.",
		"endpoint")
	etcdExpiry = exporter.NewGauge(etcdName, "certificate_expiry_timestamp_seconds",
		"Unix time at which the certificate expires that the member showed last, trusted or not, in seconds.",
		"endpoint")
)

// Etcd is the failure mode of an etcd that is full, slow, without leader or
// without some of its members.
//
// Size, quota and leader are metrics of etcd's own. They are read and sent again
// because Prometheus seldom can read them: etcd serves them to holders of a client
// certificate, or on the loopback of its machine. Without endpoints this collector
// sends nothing, and the signal rests on what the API servers' own metrics say.
func Etcd() Definition {
	var o etcd.Options
	return Definition{
		Name:    etcdName,
		Help:    "etcd is full, slow, without leader or without some of its members.",
		Scope:   Cluster,
		Default: true,
		Metrics: []*exporter.Desc{
			etcdUp, etcdAnswer, etcdHealth, etcdCheck, etcdHasLeader, etcdSize, etcdInUse, etcdQuota, etcdExpiry,
		},
		Flags: func(f *Flags) {
			f.Flag("endpoints", "URL of a member of etcd to probe, such as https://10.0.0.1:2379; repeatable. Without any, nothing of etcd is probed.").
				StringsVar(&o.Endpoints)
			f.Flag("ca-file", "PEM file of the authority that signed the members' certificates. Without it: the system's.").
				PlaceHolder("FILE").StringVar(&o.CAFile)
			f.Flag("cert-file", "PEM file of the client certificate to show to the members.").PlaceHolder("FILE").StringVar(&o.CertFile)
			f.Flag("key-file", "PEM file of the client certificate's key.").PlaceHolder("FILE").StringVar(&o.KeyFile)
			f.Flag("probe-interval", "Time between two rounds of probes.").Default("15s").DurationVar(&o.Interval)
			f.Flag("probe-timeout", "Longest time that a round may take.").Default("5s").DurationVar(&o.Timeout)
		},
		Configure: func(c *sources.Config) { c.Etcd = o },
		Replay:    true, // probes of each member
		New: func(s *sources.Sources) (exporter.Collector, error) {
			return etcdCollector{results: s.Etcd().Results}, nil
		},
	}
}

type etcdCollector struct{ results func() []etcd.Result }

// Collect sends what the last round of probes found. It fails until every member
// was probed once: who looks but once must not take a member that hangs for none.
func (c etcdCollector) Collect(_ context.Context, ch chan<- prometheus.Metric) error {
	for _, r := range c.results() {
		if !r.Probed {
			return fmt.Errorf("first round of probes of etcd: %w", exporter.ErrNotReady)
		}
		sendMember(ch, r)
	}
	return nil
}

func sendMember(ch chan<- prometheus.Metric, r etcd.Result) {
	ch <- etcdUp.Sample(exporter.Bool(r.Up), r.Endpoint)
	for _, reason := range health.Reasons() {
		if reason == health.Starting {
			continue // what was probed has started
		}
		ch <- etcdAnswer.Sample(exporter.Bool(r.Answer == reason), r.Endpoint, "health", string(reason))
		ch <- etcdAnswer.Sample(exporter.Bool(r.MetricsAnswer == reason), r.Endpoint, "metrics", string(reason))
	}
	if !r.CertificateExpiry.IsZero() {
		ch <- etcdExpiry.Sample(unix(r.CertificateExpiry), r.Endpoint)
	}
	if r.Up {
		for _, h := range etcd.Healths() {
			ch <- etcdHealth.Sample(exporter.Bool(r.Health == h), r.Endpoint, string(h))
		}
	}
	for _, check := range r.Checks {
		ch <- etcdCheck.Sample(exporter.Bool(check.OK), r.Endpoint, check.Probe, check.Name)
	}
	for _, m := range []struct {
		name string
		desc *exporter.Desc
	}{
		{etcd.HasLeader, etcdHasLeader}, {etcd.SizeBytes, etcdSize},
		{etcd.SizeInUseBytes, etcdInUse}, {etcd.QuotaBytes, etcdQuota},
	} {
		if v, ok := r.Metrics[m.name]; ok {
			ch <- m.desc.Sample(v, r.Endpoint)
		}
	}
}
