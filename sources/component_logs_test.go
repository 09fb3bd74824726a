package sources

import (
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"

	"k8s.io/client-go/rest"

	"github.com/kubevitals/kubevitals/sources/events"
	"github.com/kubevitals/kubevitals/sources/health"
	"github.com/kubevitals/kubevitals/sources/kubelet"
	"github.com/kubevitals/kubevitals/test/objects"
)

func TestUnhealthyPods(t *testing.T) {
	t.Parallel()
	static := objects.AddonPod("component", "kube-apiserver", "control-1", false, nil)
	stranger := objects.AddonPod("component", "<script>", "node-1", false, nil)
	waiting := objects.AddonPod("k8s-app", "kube-dns", "", false, nil)
	crashing := objects.AddonPod("k8s-app", "kube-dns", "node-1", false, objects.Ended("Error", 1))
	crashing.Name, crashing.Status.ContainerStatuses[0].Name = "coredns-1", "coredns"
	done := objects.AddonPod("k8s-app", "kube-dns", "node-1", false, nil)
	done.Status.Phase = corev1.PodSucceeded
	var list []SystemPod
	for _, pod := range []*corev1.Pod{static, stranger, waiting, crashing, done, objects.AddonPod("k8s-app", "kube-dns", "node-1", true, nil)} {
		p, err := SystemPodOf(pod)
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, p)
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
	client, err := newClients(&rest.Config{Host: server.URL}, Resources())
	if err != nil {
		t.Fatal(err)
	}
	s := &Sources{clients: client}
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
	offers := func(name string, yes bool) *kubelet.Result {
		k := &kubelet.Result{Node: name}
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
		starts, []*kubelet.Result{offers("well", true), offers("started", true), offers("ill", true), offers("quiet", false), dead},
		[]string{"kubelet"}, now)
	var got []string
	for _, target := range targets {
		got = append(got, fmt.Sprint(target.Node, len(target.Logs)))
	}
	if want := "[started1 ill1 quiet0 dead0]"; fmt.Sprint(got) != want {
		t.Errorf("targets %v, want %s", got, want)
	}
}
