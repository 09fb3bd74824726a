//go:build linux

package realnode

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	dto "github.com/prometheus/client_model/go"

	"github.com/kubevitals/kubevitals/lab/cluster"
	"github.com/kubevitals/kubevitals/lab/process"
)

// TestRealNode verifies on a real node that kubevitals runs as it is shipped, finds
// nothing where all is well, and names the cause of what really fails. The parts build
// on each other: events stay for an hour.
func TestRealNode(t *testing.T) {
	l := start(t, 1)
	api, err := l.ServeMetricsAPI(t.Context(), cluster.PodMetrics{CPU: "1m", Nodes: []string{l.node.Name}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(api.Close)
	l.install(t)
	t.Run("healthy", l.healthy)
	t.Run("service", l.scrapedOverService)
	t.Run("agent", l.agentHasData)
	for _, f := range failures() {
		t.Run(strings.ReplaceAll(f.name, " ", "_"), func(t *testing.T) { l.fails(t, f) })
	}
}

// healthy verifies that a look from outside finds nothing; that the kernel has the
// old cgroups is true of some machines.
func (l *lab) healthy(t *testing.T) {
	var last []finding
	err := cluster.Eventually(t.Context(), time.Minute, func(ctx context.Context) (err error) {
		if last, err = l.check(ctx, fromOutside); err != nil {
			return err
		}
		last = slices.DeleteFunc(last, func(f finding) bool { return f.Alert == "KubeVitalsKubeletMisconfigured" && oldCgroups() })
		if len(last) > 0 {
			return fmt.Errorf("findings: %v", last)
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}

// oldCgroups tells whether the machine has cgroup v1, of which kubelets complain.
func oldCgroups() bool {
	_, err := os.Stat("/sys/fs/cgroup/cgroup.controllers")
	return err != nil
}

// scrapedOverService verifies that a name which cluster DNS resolves leads to metrics.
func (l *lab) scrapedOverService(t *testing.T) {
	families := l.scrape(t, "kubevitals.kubevitals.svc.cluster.local", 9899)
	if ready := families["kubevitals_node_readiness_ready"]; sum(ready) != 1 {
		t.Errorf("kubevitals_node_readiness_ready is %v, want one ready node", ready)
	}
	wantCollectors(t, families)
}

// agentHasData verifies that every collector of the agent works, and has something to
// tell.
func (l *lab) agentHasData(t *testing.T) {
	families := l.scrape(t, "kubevitals-node.kubevitals.svc.cluster.local", 9898)
	wantCollectors(t, families)
	for _, collector := range []string{
		"cgroups", "connectivity", "conntrack", "container_runtime", "filesystem", "inotify", "kube_proxy", "node_apiserver", "node_dns",
	} {
		told := false
		for name := range families {
			told = told || strings.HasPrefix(name, "kubevitals_"+collector+"_")
		}
		if !told {
			t.Errorf("collector %s tells nothing", collector)
		}
	}
	for name, want := range map[string]float64{"kubevitals_container_runtime_ready": 2, "kubevitals_kube_proxy_up": 1} {
		if got := sum(families[name]); got != want {
			t.Errorf("%s is %v, want %v", name, got, want)
		}
	}
}

// wantCollectors fails unless there are collectors, and all succeed: only those that
// do not have a series of their own.
func wantCollectors(t *testing.T, families map[string]*dto.MetricFamily) {
	t.Helper()
	for _, m := range families["kubevitals_scrape_collector_success"].GetMetric() {
		if m.GetGauge().GetValue() != 1 {
			t.Errorf("a collector fails: %v", m.GetLabel())
		}
	}
	if n := len(families["kubevitals_scrape_collector_success"].GetMetric()) + int(sum(families["kubevitals_scrape_collectors"])); n < 9 {
		t.Errorf("only %v collectors", n)
	}
}

// scrape asks cluster DNS for a name, as pods do, and reads the metrics there.
func (l *lab) scrape(t *testing.T, host string, port int) map[string]*dto.MetricFamily {
	t.Helper()
	resolver := &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, network, _ string) (net.Conn, error) {
		return l.node.Dial(ctx, network, net.JoinHostPort(l.node.place.dnsAddress(), "53"))
	}}
	addresses, err := resolver.LookupHost(t.Context(), host+".")
	if err != nil {
		t.Fatal(err)
	}
	families, err := process.Scrape(t.Context(), http.DefaultClient, fmt.Sprintf("http://%s/metrics", net.JoinHostPort(addresses[0], fmt.Sprint(port))))
	if err != nil {
		t.Fatal(err)
	}
	return families
}

func sum(f *dto.MetricFamily) float64 {
	total := 0.0
	for _, m := range f.GetMetric() {
		total += m.GetGauge().GetValue()
	}
	return total
}
