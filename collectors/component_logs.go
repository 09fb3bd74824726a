package collectors

import (
	"context"
	"fmt"

	"github.com/prometheus/client_golang/prometheus"
	rbacv1 "k8s.io/api/rbac/v1"

	"github.com/kubevitals/kubevitals/collectors/componentlogs"
	"github.com/kubevitals/kubevitals/exporter"
)

const componentLogsName = "component_logs"

var (
	componentLogsSeen = exporter.NewGauge(componentLogsName, "signature_seen_timestamp_seconds",
		"Unix time of the last line with the signature in the logs of the component's unhealthy pods, in seconds; absent if none was read.",
		"component", "signature")
	componentLogsLines = exporter.NewCounter(componentLogsName, "signature_lines_total",
		"Lines with the signature that were read since the start.", "component", "signature")
	componentLogsPods = exporter.NewGauge(componentLogsName, "unhealthy_pods",
		"Pods of kube-system that are not ready or crash, whose logs are read.")
	componentLogsLeftOut = exporter.NewGauge(componentLogsName, "left_out_pods",
		"Unhealthy pods whose logs were not read in the last round because there are too many.")
	componentLogsBytes = exporter.NewCounter(componentLogsName, "read_bytes_total",
		"Bytes of logs that were read since the start.")
	componentLogsTruncated = exporter.NewCounter(componentLogsName, "truncated_total",
		"Readings of a log that met a bound, so that lines may have been missed.")
)

// ComponentLogs looks for known signs of trouble in the logs of the components
// that are not well.
func ComponentLogs() Definition {
	var o componentlogs.Options
	return Definition{
		Name: componentLogsName,
		Help: "The log of a component that is not ready or crashes shows a known cause; needs the right to read logs in kube-system, which the base manifests do not give.",
		// Off, because logs may hold what not everybody may read.
		Scope:   Cluster,
		Default: false,
		Metrics: []*exporter.Desc{
			componentLogsSeen, componentLogsLines, componentLogsPods, componentLogsLeftOut, componentLogsBytes, componentLogsTruncated,
		},
		Rules: []rbacv1.PolicyRule{
			{APIGroups: []string{""}, Resources: []string{"pods"}, Verbs: []string{"list", "watch"}},
		},
		NamespaceRules: map[string][]rbacv1.PolicyRule{
			"kube-system": {{APIGroups: []string{""}, Resources: []string{"pods/log"}, Verbs: []string{"get"}}},
		},
		Flags: func(f *Flags) {
			f.Flag("interval", "Time between two rounds of readings.").Default("1m").DurationVar(&o.Interval)
			f.Flag("pods", "Most unhealthy pods whose logs are read in one round.").Default("20").IntVar(&o.Pods)
			f.Flag("bytes", "Most bytes that are read of one container in one round.").Default("262144").Int64Var(&o.Bytes)
		},
		Configure: func(c *Config) { c.Logs = o },
		New: func(s *Sources) (exporter.Collector, error) {
			if err := o.Validate(); err != nil {
				return nil, err
			}
			return componentLogs{pods: s.SystemPods().List, state: s.ComponentLogs().State}, nil
		},
	}
}

type componentLogs struct {
	pods  func() ([]SystemPod, error)
	state func() (componentlogs.State, bool)
}

// Collect fails while it cannot be seen which pods are not well, since then no
// log is read either.
func (c componentLogs) Collect(_ context.Context, ch chan<- prometheus.Metric) error {
	if _, err := c.pods(); err != nil {
		return err
	}
	state, ok := c.state()
	if !ok {
		return fmt.Errorf("first round of logs: %w", exporter.ErrNotReady)
	}
	for k, seen := range state.Seen {
		ch <- componentLogsSeen.Sample(unix(seen.Last), k.Component, k.Signature)
		ch <- componentLogsLines.Sample(float64(seen.Lines), k.Component, k.Signature)
	}
	ch <- componentLogsPods.Sample(float64(state.Unhealthy))
	ch <- componentLogsLeftOut.Sample(float64(state.LeftOut))
	ch <- componentLogsBytes.Sample(float64(state.Bytes))
	ch <- componentLogsTruncated.Sample(float64(state.Truncated))
	return nil
}

// logComponents are the components whose logs are told apart; the logs of others
// are read as "other".
func logComponents() []string {
	return []string{
		"kube-apiserver", "kube-controller-manager", "kube-scheduler", "etcd", "kube-proxy",
		string(AddonDNS), string(AddonMetricsServer), string(AddonDashboard),
	}
}

// unhealthyPods are those of the pods whose logs are worth reading.
func unhealthyPods(pods []SystemPod) []componentlogs.Pod {
	var unhealthy []componentlogs.Pod
	for _, p := range pods {
		if p.Done || (p.Ready && p.Crash == nil) || p.Node == "" {
			continue
		}
		component := "other"
		for _, known := range logComponents() {
			if p.Component == known {
				component = known
			}
		}
		unhealthy = append(unhealthy, componentlogs.Pod{Name: p.Name, Component: component, Containers: p.Containers})
	}
	return unhealthy
}
