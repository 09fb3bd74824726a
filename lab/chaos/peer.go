package chaos

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"strings"
	"time"

	"github.com/kubevitals/kubevitals/lab/cluster"
	"github.com/kubevitals/kubevitals/lab/process"
)

// kubeStateMetrics is the peer, for comparison.
type kubeStateMetrics struct{ binary string }

func (kubeStateMetrics) name() string { return "kube-state-metrics" }

func (k kubeStateMetrics) start(ctx context.Context, kubeconfig string, log *os.File, _ ...string) (*exec.Cmd, string, error) {
	free, err := cluster.FreePorts(ctx, 2)
	if err != nil {
		return nil, "", err
	}
	cmd := process.Command(k.binary, log, "--kubeconfig="+kubeconfig, "--resources=nodes,pods",
		"--host=127.0.0.1", fmt.Sprintf("--port=%d", free[0]),
		"--telemetry-host=127.0.0.1", fmt.Sprintf("--telemetry-port=%d", free[1]))
	if err := cmd.Start(); err != nil {
		return nil, "", err
	}
	address := fmt.Sprintf("127.0.0.1:%d", free[0])
	err = cluster.Eventually(ctx, 30*time.Second, func(ctx context.Context) error {
		c, err := (&net.Dialer{}).DialContext(ctx, "tcp", address)
		if err != nil {
			return err
		}
		return c.Close()
	})
	if err != nil {
		process.Kill(cmd)
		return nil, "", err
	}
	return cmd, "http://" + address + "/metrics", nil
}

// read finds the peer blind only when it serves nothing: it says nothing of its own sight.
func (kubeStateMetrics) read(f families, prefix string) reading {
	r := newReading(f)
	conditions, phases := f["kube_node_status_condition"].GetMetric(), f["kube_pod_status_phase"].GetMetric()
	r.blind[Nodes], r.blind[Pods] = len(conditions) == 0, len(phases) == 0
	for node, m := range of(f["kube_node_status_condition"], prefix) {
		if label(m, "condition") == "Ready" && label(m, "status") == "true" {
			r.facts[Nodes][node] = int64(value(m))
		}
	}
	nodes := map[string]string{}
	for _, m := range f["kube_pod_info"].GetMetric() {
		nodes[label(m, "namespace")+"/"+label(m, "pod")] = label(m, "node")
	}
	for _, m := range phases {
		node := nodes[label(m, "namespace")+"/"+label(m, "pod")]
		if strings.HasPrefix(node, prefix) && label(m, "phase") == "Pending" && value(m) == 1 {
			r.facts[Pods][node]++
		}
	}
	return r
}
