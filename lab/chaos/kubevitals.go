package chaos

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"

	dto "github.com/prometheus/client_model/go"
)

// kubevitals is the product, run with the settings that users have.
type kubevitals struct {
	binary    string
	kubeletCA string
}

func (k kubevitals) start(ctx context.Context, kubeconfig string, log *os.File) (*exec.Cmd, string, error) {
	cmd := command(k.binary, log, "--kubeconfig="+kubeconfig, "--kubelet.ca-file="+k.kubeletCA,
		"--web.listen-address=127.0.0.1:0", "--log.level=debug")
	cmd.Stdout = nil
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, "", err
	}
	if err := cmd.Start(); err != nil {
		return nil, "", err
	}
	line, err := firstLine(ctx, out)
	_, url, ok := strings.Cut(line, "kubevitals serves ")
	if err != nil || !ok {
		kill(cmd)
		return nil, "", fmt.Errorf("it did not start: %q", line)
	}
	return cmd, url, nil
}

func (kubevitals) read(f families, prefix string) reading {
	r := newReading(f)
	r.blindNodes = !known(f, "nodes", r) || f["kubevitals_node_readiness_ready"] == nil
	r.blindPods = !known(f, "pods", r) || f["kubevitals_pending_pods_pods"] == nil
	for _, m := range f["kubevitals_node_readiness_ready"].GetMetric() {
		if node := label(m, "node"); strings.HasPrefix(node, prefix) {
			r.ready[node] = value(m) == 1
		}
	}
	for _, m := range f["kubevitals_pending_pods_pods"].GetMetric() {
		if node := label(m, "node"); strings.HasPrefix(node, prefix) && value(m) > 0 {
			r.pending[node] += int(value(m))
		}
	}
	return r
}

// known tells whether the source calls itself available, and notes why not.
func known(f families, source string, r reading) bool {
	for _, m := range f["kubevitals_source_available"].GetMetric() {
		if label(m, "source") != source {
			continue
		}
		if value(m) == 1 {
			return true
		}
		r.reasons[label(m, "reason")] = true
	}
	return false
}

func newReading(f families) reading {
	r := reading{facts: facts{ready: map[string]bool{}, pending: map[string]int{}}, reasons: map[string]bool{}}
	for _, m := range f["go_goroutines"].GetMetric() {
		r.goroutines = int(value(m))
	}
	return r
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
