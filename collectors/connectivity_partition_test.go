package collectors

import (
	"bufio"
	"context"
	"fmt"
	"log/slog"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/alecthomas/kingpin/v2"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"k8s.io/client-go/rest"

	"github.com/kubevitals/kubevitals/exporter"
	"github.com/kubevitals/kubevitals/sources"
)

// agentVariable makes the test binary an agent: its value are its flags.
const agentVariable = "KUBEVITALS_TEST_AGENT"

// TestConnectivityAgent is not a test but an agent in a network namespace, with
// the collector as the program runs it. For each line on its standard input it
// writes its metrics.
func TestConnectivityAgent(t *testing.T) {
	flags := os.Getenv(agentVariable)
	if flags == "" {
		t.Skip("it is what TestConnectivityPartitions starts")
	}
	app := kingpin.New("agent", "")
	node := app.Flag("host.node", "").String()
	selection := Register(app, []Definition{Connectivity()})
	if _, err := app.Parse(strings.Fields(flags)); err != nil {
		t.Fatal(err)
	}
	config := sources.Config{
		REST: &rest.Config{Host: "http://127.0.0.1:1"}, Logger: slog.New(slog.DiscardHandler), Now: time.Now,
		Host: sources.HostConfig{Root: "/", Node: *node}, Kubelet: unusedKubelets(),
	}
	selection.Configure(&config)
	sources, err := sources.NewSources(config)
	if err != nil {
		t.Fatal(err)
	}
	named, err := selection.Build(sources)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	sources.Start(ctx)
	defer sources.Wait()
	defer cancel()
	frame := exporter.NewFrame(named, config.Logger)
	for lines := bufio.NewScanner(os.Stdin); lines.Scan(); {
		registry := prometheus.NewPedanticRegistry()
		registry.MustRegister(frame.Bind(ctx))
		w := httptest.NewRecorder()
		promhttp.HandlerFor(registry, promhttp.HandlerOpts{}).ServeHTTP(w, httptest.NewRequestWithContext(ctx, "GET", "/metrics", nil))
		fmt.Printf("%s\nEND\n", w.Body)
	}
}

// TestConnectivityPartitions cuts a real network in one direction after another,
// and expects that pair and that direction to be named, and no other.
func TestConnectivityPartitions(t *testing.T) {
	t.Parallel()
	f := newFabric(t, "cut")
	f.start()
	f.expect()

	const opening = " tcp flags & (syn | ack) == syn"
	for direction, match := range map[string]string{
		"node_to_node": "ip saddr 10.77.0.1 ip daddr 10.77.0.2",
		"node_to_pod":  "ip saddr 10.77.0.1 ip daddr 10.77.2.2",
		"pod_to_node":  "ip saddr 10.77.1.2 ip daddr 10.77.0.2",
		"pod_to_pod":   "ip saddr 10.77.1.2 ip daddr 10.77.2.2",
	} {
		f.drop(2, match+opening)
		f.expect("n1 " + direction + " n2 timeout")
		f.mend(2)
		f.expect()
	}

	// Node 1 has lost its route to the pods of node 2: nothing gets there from it
	// and its pods, which are not even told, and no answer either.
	f.in("n1", "ip route replace blackhole 10.77.2.0/24")
	f.expect("n1 node_to_pod n2 no_route", "n1 pod_to_pod n2 timeout", "n2 pod_to_node n1 timeout", "n2 pod_to_pod n1 timeout")
	f.in("n1", "ip route replace 10.77.2.0/24 via 10.77.0.2")
	f.expect()

	// Node 3 is cut off.
	f.in("bridge", "ip link set port3 down")
	var cut []string
	for _, direction := range []string{"node_to_node", "node_to_pod", "pod_to_node", "pod_to_pod"} {
		for _, other := range []string{"n1", "n2"} {
			cut = append(cut, other+" "+direction+" n3", "n3 "+direction+" "+other)
		}
	}
	f.expectWithout(cut)
	f.in("bridge", "ip link set port3 up")
	f.expect()
}

// expectWithout waits until exactly these paths are cut, whatever the kernel says.
func (f *fabric) expectWithout(cut []string) {
	f.t.Helper()
	slices.Sort(cut)
	var got []string
	for end := time.Now().Add(3 * time.Minute); time.Now().Before(end); time.Sleep(100 * time.Millisecond) {
		got = nil
		bad, _ := f.paths()
		for _, p := range bad {
			for _, result := range []string{" timeout", " no_route"} {
				if path, ok := strings.CutSuffix(p, result); ok {
					got = append(got, path)
				}
			}
		}
		if slices.Equal(got, cut) {
			return
		}
	}
	f.t.Fatalf("cut are %q\nwant: %q", got, cut)
}

// TestConnectivityMTU lets the way to node 2 carry smaller packets than its ends
// believe, and drops what is too large without a word, as switches and tunnels do.
func TestConnectivityMTU(t *testing.T) {
	t.Parallel()
	f := newFabric(t, "mtu")
	f.start()
	f.expect()
	f.in("bridge", "ip link set port2 mtu 1400")
	var bad []string
	for _, direction := range []string{"node_to_node", "node_to_pod", "pod_to_node", "pod_to_pod"} {
		for _, other := range []string{"n1", "n3"} {
			bad = append(bad, other+" "+direction+" n2 large_failed", "n2 "+direction+" "+other+" large_failed")
		}
	}
	f.expect(bad...)
	f.in("bridge", "ip link set port2 mtu 1500")
	f.expect()
}
