//go:build linux

package realnode

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"

	dto "github.com/prometheus/client_model/go"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubevitals/kubevitals/lab/cluster"
	"github.com/kubevitals/kubevitals/lab/process"
)

// TestRealNode verifies on a real node that kubevitals runs as it is shipped, finds
// nothing where all is well, and names the cause of what really fails. The parts build
// on each other: events stay for an hour.
//
//nolint:tparallel // see above
func TestRealNode(t *testing.T) {
	t.Parallel()
	l := start(t, 1)
	api, err := l.ServeMetricsAPI(t.Context(), cluster.PodMetrics{CPU: "1m", Nodes: []string{l.node.Name}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(api.Close)
	l.install(t)
	l.startPrometheus(t)
	t.Run("cgroups", l.inItsCgroups)
	t.Run("kernel parameters", l.keepsParameters)
	t.Run("healthy", l.healthy)
	t.Run("service", l.scrapedOverService)
	t.Run("agent", l.agentHasData)
	t.Run("commands", l.commands)
	t.Run("manifests", l.manifestsInForce)
	l.failAll(t, podFailures(), networkFailures())
	t.Run("prometheus", l.prometheusScrapes)
	l.failAll(t, runtimeFailures())
	// Before a full disk, which may cost any pod, Prometheus as well.
	t.Run("prometheus saw it", l.prometheusSaw)
	// A kubelet that has just been started refuses even pods that run while a disk is
	// full, so that none is before this.
	l.failAll(t, resourceFailures())
	t.Run("kubevitals was not evicted", l.notEvicted)
	l.failAll(t, kubeletFailures())
	writeTable(t, l.rows)
}

// metrics are those of a scrape, by name.
type metrics = map[string]*dto.MetricFamily

// healthy verifies that a look from outside finds nothing.
func (l *lab) healthy(t *testing.T) {
	var last []finding
	err := cluster.Eventually(t.Context(), waitForPods, func(ctx context.Context) error {
		stdout, err := l.look(ctx, fromOutside)
		if last, err = findings(stdout, err); err != nil {
			return err
		}
		if last = ofTheCluster(last); len(last) > 0 {
			return fmt.Errorf("findings: %v", last)
		}
		if blind := unavailable(stdout); len(blind) > 0 {
			return fmt.Errorf("unavailable: %v", blind)
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}

// ofTheCluster leaves out what is true of this machine: old cgroups, and that it may be
// busy.
func ofTheCluster(all []finding) []finding {
	return slices.DeleteFunc(all, func(f finding) bool {
		return f.Alert == "KubeVitalsKubeletMisconfigured" && oldCgroups() || f.Alert == "KubeVitalsAPIServerSlow"
	})
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
	wantCollectors(t, families, leastCollectors)
}

// agentHasData verifies that every collector of the agent works, and has something to
// tell.
func (l *lab) agentHasData(t *testing.T) {
	families := l.scrape(t, "kubevitals-node.kubevitals.svc.cluster.local", 9898)
	wantCollectors(t, families, leastCollectors)
	l.wantTold(t, families)
	for name, want := range map[string]float64{"kubevitals_container_runtime_ready": 2, "kubevitals_kube_proxy_up": 1} {
		if got := sum(families[name]); got != want {
			t.Errorf("%s is %v, want %v", name, got, want)
		}
	}
}

// wantTold fails unless each collector of the agents on nodes tells something, but for those
// that are off, which must not.
func (l *lab) wantTold(t *testing.T, families metrics, off ...string) {
	t.Helper()
	for _, collector := range l.collectors(t, "node") {
		told := false
		for name := range families {
			told = told || strings.HasPrefix(name, "kubevitals_"+collector+"_")
		}
		if told == slices.Contains(off, collector) {
			t.Errorf("collector %s tells something: %t, want %t", collector, told, !told)
		}
	}
}

// leastCollectors are on in each kubevitals as it is shipped.
const leastCollectors = 9

// wantCollectors fails unless there are so many collectors, and all succeed: only those
// that do not have a series of their own.
func wantCollectors(t *testing.T, families metrics, least int) {
	t.Helper()
	for _, m := range families["kubevitals_scrape_collector_success"].GetMetric() {
		if m.GetGauge().GetValue() != 1 {
			t.Errorf("a collector fails: %v", m.GetLabel())
		}
	}
	if n := len(families["kubevitals_scrape_collector_success"].GetMetric()) + int(sum(families["kubevitals_scrape_collectors"])); n < least {
		t.Errorf("only %v collectors", n)
	}
}

// collectorFlag is, in the help of the program, one that switches a collector on, or the
// end of what is said of it.
var collectorFlag = regexp.MustCompile(`--\[no-\]collector\.(\w+) |\(scope (\w+), default: on\)`)

// collectors are the names of those of a scope that run by default, as the program says.
func (l *lab) collectors(t *testing.T, scope string) []string {
	t.Helper()
	help, err := exec.CommandContext(t.Context(), l.binary, "--help").Output()
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	last := ""
	for _, m := range collectorFlag.FindAllStringSubmatch(strings.Join(strings.Fields(string(help)), " "), -1) {
		if m[1] != "" {
			last = m[1]
		} else if m[2] == scope {
			names = append(names, last)
		}
	}
	if len(names) == 0 {
		t.Fatalf("the program says of no collectors of scope %s", scope)
	}
	return names
}

// scrape asks cluster DNS for a name, as pods do, and reads the metrics there.
func (l *lab) scrape(t *testing.T, host string, port int) metrics {
	t.Helper()
	resolver := &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, network, _ string) (net.Conn, error) {
		return l.node.Dial(ctx, network, net.JoinHostPort(l.node.place.dnsAddress(), "53"))
	}}
	addresses, err := resolver.LookupHost(t.Context(), host+".")
	if err != nil {
		t.Fatal(err)
	}
	families, err := process.Scrape(t.Context(), l.reader, fmt.Sprintf("https://%s/metrics", net.JoinHostPort(addresses[0], fmt.Sprint(port))))
	if err != nil {
		t.Fatal(err)
	}
	return families
}

// scrapeAgent reads the metrics of the agent of that name on the node.
func (l *lab) scrapeAgent(ctx context.Context, name string) (metrics, error) {
	pods, err := l.Client().CoreV1().Pods(ownNamespace).List(ctx, metav1.ListOptions{
		LabelSelector: "app.kubernetes.io/name=" + name, FieldSelector: "spec.nodeName=" + l.node.Name,
	})
	if err != nil {
		return nil, err
	}
	if len(pods.Items) != 1 {
		return nil, fmt.Errorf("%d pods of %s on %s", len(pods.Items), name, l.node.Name)
	}
	port := map[bool]string{true: "9898", false: "9899"}[pods.Items[0].Spec.HostNetwork]
	return process.Scrape(ctx, l.reader, fmt.Sprintf("https://%s/metrics", net.JoinHostPort(pods.Items[0].Status.PodIP, port)))
}

func sum(f *dto.MetricFamily) float64 {
	total := 0.0
	for _, m := range f.GetMetric() {
		total += m.GetGauge().GetValue()
	}
	return total
}
