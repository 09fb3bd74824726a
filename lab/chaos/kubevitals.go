package chaos

import (
	"context"
	"iter"
	"os"
	"os/exec"
	"strings"

	dto "github.com/prometheus/client_model/go"

	"github.com/kubevitals/kubevitals/lab/process"
)

// kubevitals is the product, run with the settings that users have.
type kubevitals struct {
	binary    string
	kubeletCA string
}

func (kubevitals) name() string { return "kubevitals" }

func (k kubevitals) start(ctx context.Context, kubeconfig string, log *os.File, flags ...string) (*exec.Cmd, string, error) {
	return process.Kubevitals(ctx, k.binary, log, nil, append([]string{"--kubeconfig=" + kubeconfig, "--kubelet.ca-file=" + k.kubeletCA}, flags...)...)
}

func (kubevitals) read(f families, prefix string) reading {
	r := newReading(f)
	nodes, pods, disks := f["kubevitals_node_readiness_ready"], f["kubevitals_pending_pods_pods"], f["kubevitals_node_disk_available_bytes"]
	r.blind[Nodes] = !r.known(Nodes, f["kubevitals_source_available"], "source", "nodes") || nodes == nil
	r.blind[Pods] = !r.known(Pods, f["kubevitals_source_available"], "source", "pods") || pods == nil
	for node, m := range of(nodes, prefix) {
		r.facts[Nodes][node] = int64(value(m))
	}
	for node, m := range of(pods, prefix) {
		if value(m) > 0 {
			r.facts[Pods][node] += int64(value(m))
		}
	}
	for node, m := range of(disks, prefix) {
		if label(m, "filesystem") == "nodefs" {
			r.facts[Disk][node] = int64(value(m))
		}
	}
	stats := r.known(Disk, f["kubevitals_kubelet_available"], "node", prefix+steady, "endpoint", "stats_summary")
	r.blind[Disk] = !stats || len(r.facts[Disk]) == 0
	r.ofEtcd(f)
	r.ofDNS(f)
	return r
}

// ofEtcd takes what is told of the one member of etcd that the trial has.
func (r reading) ofEtcd(f families) {
	for _, m := range f["kubevitals_etcd_db_in_use_bytes"].GetMetric() {
		r.facts[Size][member] = int64(value(m))
	}
	answer := ""
	for _, m := range f["kubevitals_etcd_probe_result"].GetMetric() {
		if label(m, "probe") == "metrics" && value(m) == 1 {
			answer = label(m, "result")
		}
	}
	r.blind[Size] = answer != "available" || len(r.facts[Size]) == 0
	if answer != "available" {
		r.reasons[Size][answer] = true
	}
}

// ofDNS takes what is told of the one DNS server that the trial has. That it does not
// answer is a fact, and no blindness.
func (r reading) ofDNS(f families) {
	for _, m := range f["kubevitals_dns_probe_servers"].GetMetric() {
		if label(m, "origin") != "flag" || label(m, "probe") != "cluster" {
			continue
		}
		switch result := label(m, "result"); {
		case value(m) == 0:
		case result == "ok":
			r.facts[Names][dnsServer] = 1
		default:
			r.facts[Names][dnsServer] = 0
			r.reasons[Names][result] = true
		}
	}
	r.blind[Names] = len(r.facts[Names]) == 0
}

// known tells whether what bears the labels calls itself available, and notes why not.
func (r reading) known(topic Topic, f *dto.MetricFamily, labels ...string) bool {
	for _, m := range f.GetMetric() {
		matches := true
		for i := 0; i < len(labels); i += 2 {
			matches = matches && label(m, labels[i]) == labels[i+1]
		}
		if !matches {
			continue
		}
		if value(m) == 1 {
			return true
		}
		r.reasons[topic][label(m, "reason")] = true
	}
	return false
}

func newReading(f families) reading {
	r := reading{
		facts: facts{}, blind: map[Topic]bool{}, reasons: map[Topic]map[string]bool{},
	}
	for _, topic := range []Topic{Nodes, Pods, Disk, Size, Names} {
		r.facts[topic], r.reasons[topic] = map[string]int64{}, map[string]bool{}
	}
	for _, m := range f["go_goroutines"].GetMetric() {
		r.goroutines = int(value(m))
	}
	return r
}

// of are the series of nodes whose names begin with the prefix.
func of(f *dto.MetricFamily, prefix string) iter.Seq2[string, *dto.Metric] {
	return func(yield func(string, *dto.Metric) bool) {
		for _, m := range f.GetMetric() {
			if node := label(m, "node"); strings.HasPrefix(node, prefix) && !yield(node, m) {
				return
			}
		}
	}
}

func label(m *dto.Metric, name string) string {
	for _, l := range m.Label {
		if l.GetName() == name {
			return l.GetValue()
		}
	}
	return ""
}

func value(m *dto.Metric) float64 {
	return m.GetGauge().GetValue() + m.GetUntyped().GetValue() + m.GetCounter().GetValue()
}
