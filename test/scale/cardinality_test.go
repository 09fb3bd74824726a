package main

import (
	"bytes"
	"cmp"
	"fmt"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/kubevitals/kubevitals/exporter"
	"github.com/kubevitals/kubevitals/sources/health"
	"github.com/kubevitals/kubevitals/sources/pods"
)

func TestSignalOf(t *testing.T) {
	t.Parallel()
	for line, want := range map[string]string{
		"kubevitals_node_disk_pressure":              "node_disk",
		"kubevitals_apiserver_up":                    "apiserver",
		"kubevitals_scrape_collector_success":        "sources",
		"kubevitals_kubelet_available":               "sources",
		"kubevitals_watch_streams_apiserver_watches": "watch_streams",
		"go_goroutines":                              "process",
	} {
		if got := signalOf(line); got != want {
			t.Errorf("%s belongs to %q, want %q", line, got, want)
		}
	}
}

func TestGrowth(t *testing.T) {
	t.Parallel()
	g := growth{
		fleet:  fleet{nodes: someNodes, pods: 1200, hpas: someHPAs},
		counts: counts{"node_disk": 275, "autoscaling": 100},
		more:   map[string]counts{"N": {"node_disk": 270}, "H": {"autoscaling": 100}, "P": {}},
	}
	var out bytes.Buffer
	if err := g.write(&out); err != nil {
		t.Error(err)
	}
	for _, want := range []string{"27·N + 5", "5·H + 0", "27·N + 0·P + 5·H + 5"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("no %q in:\n%s", want, &out)
		}
	}
	for most, want := range map[budget]string{
		{27, 33, 5}: "",
		{26, 33, 5}: "a healthy node has 27 series, of which it may have 26",
		{27, 32, 5}: "a healthy node with a second disk has 33 series, of which it may have 32",
		{27, 33, 1}: "a healthy autoscaler has 5 series, of which it may have 1",
	} {
		if err := g.within(most, 6); fmt.Sprint(err) != cmp.Or(want, "<nil>") {
			t.Errorf("%+v: %v, want %q", most, err, want)
		}
	}
	g.more["P"]["node_disk"] = 7
	if err := g.write(&out); err == nil || !strings.Contains(err.Error(), "node_disk") {
		t.Errorf("a signal that grows with the pods: %v", err)
	}
}

// TestSameEverywhere verifies that a state which all nodes share is found, and nothing
// that differs, is measured, deviates or is of no node.
func TestSameEverywhere(t *testing.T) {
	t.Parallel()
	families, err := exporter.Parse(strings.NewReader(`
same{node="a",limit="pods"} 1
same{node="b",limit="pods"} 1
same{node="a",limit="other"} 1
same{node="b",limit="other"} 0
deviates{node="a"} 1
measured{node="a"} 7
measured{node="b"} 7
nodes{state="ok"} 1
kubevitals_node_readiness_ready{node="a"} 1
kubevitals_node_readiness_ready{node="b"} 1
`))
	if err != nil {
		t.Fatal(err)
	}
	if err := sameEverywhere(families, 2); fmt.Sprint(err) != "same{pods} is the same state on all 2 healthy nodes" {
		t.Error(err)
	}
}

// TestHealthyFleet runs the real binary on a small healthy fleet: no state is told of each
// node, and no node costs more than it may.
func TestHealthyFleet(t *testing.T) {
	t.Parallel()
	s := settings{binary: built(t), converge: 2 * time.Minute, arguments: []string{"--log.level=error", "--collector.dns.probe-interval=1s"}}
	f := fleet{nodes: 3, pods: 30, hpas: 1, apiServers: 1, apiServerSeries: 100, secondDisk: true}
	families, err := seriesOf(t.Context(), s, f, t.Output())
	if err != nil {
		t.Fatal(err)
	}
	if err := sameEverywhere(families, f.nodes); err != nil {
		t.Error(err)
	}
	perNode := map[string]int{}
	for _, family := range families {
		family.Each(func(labels []string, _ float64) {
			if node := family.Label(labels, "node"); node != "" {
				perNode[node]++
			}
		})
	}
	for node, n := range perNode {
		if most := int(budgets().secondDisk); n > most || n < 10 {
			t.Errorf("%s has %d series, of which it may have %d", node, n, most)
		}
	}
	if len(perNode) != f.nodes {
		t.Errorf("%d nodes are told of, want %d", len(perNode), f.nodes)
	}
}

// TestSickFleet verifies that every node of a sick fleet has pods in all states:
// otherwise more pods would bring more states, and the formula would be wrong.
func TestSickFleet(t *testing.T) {
	t.Parallel()
	f := fleet{nodes: 3, pods: 3 * podsPerNode, sick: true, apiServers: 1}
	index := pods.New()
	index.SetHealth(health.NewHealth("pods", time.Now))
	var objects []any
	for _, o := range f.spec(time.Now()).Objects {
		if p, ok := o.(*corev1.Pod); ok {
			objects = append(objects, p)
		}
	}
	if err := index.Replace(objects, "1"); err != nil {
		t.Fatal(err)
	}
	type state struct {
		node    string
		waiting pods.Waiting
		gone    bool
	}
	seen := map[state]bool{}
	if err := index.Each(func(p pods.Pod) { seen[state{p.Node, p.Waiting, !p.Deletion.IsZero()}] = true }); err != nil {
		t.Fatal(err)
	}
	for i := range f.nodes {
		for _, w := range []pods.Waiting{
			pods.NotWaiting, pods.NotPickedUp, pods.Sandbox, pods.Image, pods.ContainerSetup,
			pods.InitFailing, pods.Starting,
		} {
			if !seen[state{nodeName(i), w, false}] {
				t.Errorf("no pod on %s waits for %q", nodeName(i), w)
			}
		}
		if !seen[state{nodeName(i), pods.NotWaiting, true}] {
			t.Errorf("no pod on %s is being deleted", nodeName(i))
		}
	}
}
