package collectors

import (
	"strings"
	"testing"

	"github.com/kubevitals/kubevitals/sources/health"
	"github.com/kubevitals/kubevitals/sources/host/kubeproxy"
)

func kubeProxySays(r kubeproxy.Result, traces map[string]bool) kubeProxyCollector {
	return kubeProxyCollector{node: "n1", result: func() (proxySeen, error) { return proxySeen{r, traces}, nil }}
}

func TestKubeProxy(t *testing.T) {
	t.Parallel()
	golden(t, kubeProxyName, kubeProxySays(kubeproxy.Result{
		Livez: health.Available, Metrics: health.Available, Mode: health.NotFound,
		Healthy:  map[string]bool{"IPv4": false, "IPv6": true},
		Queued:   map[string]float64{"IPv4": 1700000300, "IPv6": 1700000200},
		Applied:  map[string]float64{"IPv4": 1700000000, "IPv6": 1700000240},
		Failures: map[kubeproxy.Failure]float64{{Family: "IPv4", Kind: "restore"}: 7},
	}, nil), KubeProxy().Metrics)
}

// TestKubeProxyIsNotThere: on a node without kube-proxy nothing is well or ill.
func TestKubeProxyIsNotThere(t *testing.T) {
	t.Parallel()
	text := string(scrapeText(t, kubeProxyName, kubeProxySays(kubeproxy.Result{
		Livez: health.Unreachable, Metrics: health.Unreachable, Mode: health.Unreachable,
		Healthy: map[string]bool{"IPv4": true}, Applied: map[string]float64{"IPv4": 1}, ModeName: "iptables",
	}, map[string]bool{kubeproxy.Pod: true, kubeproxy.IPVS: false}), KubeProxy().Metrics))
	for _, want := range []string{
		`up{node="n1"} 0`, `probe_result{node="n1",probe="livez",result="unreachable"} 1`, `success{collector="kube_proxy"} 1`,
		`trace{node="n1",trace="pod"} 1`,
	} {
		if !strings.Contains(text, want) {
			t.Errorf("no %s in\n%s", want, text)
		}
	}
	for _, lacks := range []string{"rules_healthy", "timestamp", "kube_proxy_mode", `trace="ipvs"`} {
		if strings.Contains(text, lacks) {
			t.Errorf("nothing is there, and it says %s:\n%s", lacks, text)
		}
	}
}
