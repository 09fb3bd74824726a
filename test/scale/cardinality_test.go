package main

import (
	"bytes"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/kubevitals/kubevitals/sources/health"
	"github.com/kubevitals/kubevitals/sources/pods"
)

func TestSignalOf(t *testing.T) {
	t.Parallel()
	for line, want := range map[string]string{
		`kubevitals_node_disk_pressure{node="n1"} 0`:             "node_disk",
		`kubevitals_apiserver_up{server="s"} 1`:                  "apiserver",
		`kubevitals_scrape_collector_success{collector="x"} 1`:   "sources",
		`kubevitals_kubelet_available{node="n1"} 1`:              "sources",
		`kubevitals_watch_streams_apiserver_watches{server="s"}`: "watch_streams",
		`go_goroutines 5`: "process",
	} {
		if got := signalOf(line); got != want {
			t.Errorf("%s belongs to %q, want %q", line, got, want)
		}
	}
}

func TestWriteCardinality(t *testing.T) {
	t.Parallel()
	f := fleet{nodes: someNodes, pods: 1200, hpas: someHPAs}
	before := counts{"node_disk": 275, "autoscaling": 100}
	growth := map[string]counts{"N": {"node_disk": 270}, "H": {"autoscaling": 100}, "P": {}}
	var out bytes.Buffer
	if err := writeCardinality(&out, f, before, growth); err != nil {
		t.Error(err)
	}
	for _, want := range []string{"27·N + 5", "5·H + 0", "27·N + 0·P + 5·H + 5"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("no %q in:\n%s", want, &out)
		}
	}
	growth["P"]["node_disk"] = 7
	if err := writeCardinality(&out, f, before, growth); err == nil || !strings.Contains(err.Error(), "node_disk") {
		t.Errorf("a signal that grows with the pods: %v", err)
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
