package collectors

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"

	"github.com/kubevitals/kubevitals/sources/logs"
	"github.com/kubevitals/kubevitals/sources/events"
	"github.com/kubevitals/kubevitals/sources/kubelet"
	"github.com/kubevitals/kubevitals/sources/health"
)

func TestComponentLogs(t *testing.T) {
	t.Parallel()
	forwarding := logs.Key{Component: "dns", Signature: "dns_forward_timeout"}
	c := componentLogsCollector{
		pods: func() ([]SystemPod, error) { return nil, nil },
		state: func() (logs.State, bool) {
			return logs.State{
				Unhealthy: 22, LeftOut: 2, Bytes: 12345, Truncated: 1,
				Seen:  map[logs.Key]time.Time{forwarding: time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)},
				Lines: map[logs.Key]int{forwarding: 7},
			}, true
		},
		nodes: func() (logs.State, bool) {
			return logs.State{
				Unhealthy: 3, LeftOut: 1, Bytes: 55, Truncated: 2,
				Seen: map[logs.Key]time.Time{
					{Node: "n1", Component: "kubelet", Signature: "pleg_unhealthy"}: time.Date(2026, 11, 1, 12, 1, 0, 0, time.UTC),
				},
				Lines: map[logs.Key]int{{Component: "kubelet", Signature: "pleg_unhealthy"}: 2},
			}, true
		},
	}
	golden(t, componentLogsName, c, ComponentLogs().Metrics)
}

func TestComponentLogsAreAbsentWhileBlind(t *testing.T) {
	t.Parallel()
	c := componentLogsCollector{
		pods:  func() ([]SystemPod, error) { return nil, errors.New("the API server is down") },
		state: func() (logs.State, bool) { return logs.State{}, true },
		nodes: func() (logs.State, bool) { return logs.State{}, true },
	}
	if text := string(scrapeText(t, componentLogsName, c, ComponentLogs().Metrics)); strings.Contains(text, "kubevitals_component_logs") {
		t.Error(text)
	}
}

func TestUnhealthyPods(t *testing.T) {
	t.Parallel()
	static := addonPod("component", "kube-apiserver", "control-1", false, nil)
	stranger := addonPod("component", "<script>", "node-1", false, nil)
	waiting := addonPod("k8s-app", "kube-dns", "", false, nil)
	crashing := addonPod("k8s-app", "kube-dns", "node-1", false, ended("Error", 1))
	crashing.Name, crashing.Status.ContainerStatuses[0].Name = "coredns-1", "coredns"
	done := addonPod("k8s-app", "kube-dns", "node-1", false, nil)
	done.Status.Phase = corev1.PodSucceeded
	list, err := converted(t, systemPodOf, static, stranger, waiting, crashing, done, addonPod("k8s-app", "kube-dns", "node-1", true, nil))()
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, p := range unhealthyPods(list) {
		got = append(got, slices.Sorted(maps.Values(p.Logs))...)
	}
	if want := "[kube-apiserver other dns]"; fmt.Sprint(got) != want {
		t.Errorf("components %v, want %s", got, want)
	}
	if p := unhealthyPods(list)[2]; p.Name != "coredns-1" || fmt.Sprint(p.Logs) != "map[coredns:dns]" {
		t.Errorf("pod %+v", p)
	}
}

// TestLogsAreAskedForWithinBounds goes over the wire to an API server.
func TestLogsAreAskedForWithinBounds(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, r.URL.Path+"?"+r.URL.Query().Encode())
	}))
	t.Cleanup(server.Close)
	client, err := kubernetes.NewForConfig(&rest.Config{Host: server.URL})
	if err != nil {
		t.Fatal(err)
	}
	s := &Sources{typed: client}
	log, err := s.openLog(t.Context(), "coredns-1", "coredns", time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC), 1000)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = log.Close() }()
	got, err := io.ReadAll(log)
	if err != nil {
		t.Fatal(err)
	}
	want := "/api/v1/namespaces/kube-system/pods/coredns-1/log?container=coredns&limitBytes=1000&sinceTime=2026-11-01T12%3A00%3A00Z&tailLines=2000&timestamps=true"
	if string(got) != want {
		t.Errorf("asked for %s\nwant          %s", got, want)
	}
}

// TestUnhealthyNodes: of nodes that are not ready, or whose kubelet has just
// started, the logs are asked for where the kubelet offers them.
func TestUnhealthyNodes(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)
	node := func(name string, ready corev1.ConditionStatus) *corev1.Node {
		n := &corev1.Node{Status: corev1.NodeStatus{Conditions: []corev1.NodeCondition{{Type: corev1.NodeReady, Status: ready}}}}
		n.Name = name
		return n
	}
	offers := func(name string, yes bool) kubelet.Result {
		k := kubelet.Result{Node: name}
		k.Config.Reason, k.Config.Value.SystemLogQuery = health.Available, yes
		return k
	}
	dead := offers("dead", true)
	dead.Config.Reason = health.Unreachable
	starts := map[events.Place]events.Occurrence{
		{Node: "started"}: {Count: 5, Last: now.Add(-time.Minute)}, {Node: "well"}: {Count: 1, Last: now.Add(-time.Hour)},
	}
	targets := unhealthyNodes(
		[]*corev1.Node{node("well", "True"), node("started", "True"), node("ill", "False"), node("quiet", "Unknown"), node("dead", "Unknown")},
		starts, []kubelet.Result{offers("well", true), offers("started", true), offers("ill", true), offers("quiet", false), dead},
		[]string{"kubelet"}, now)
	var got []string
	for _, target := range targets {
		got = append(got, fmt.Sprint(target.Node, len(target.Logs)))
	}
	if want := "[started1 ill1 quiet0 dead0]"; fmt.Sprint(got) != want {
		t.Errorf("targets %v, want %s", got, want)
	}
}
