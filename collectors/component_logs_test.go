package collectors

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"

	"github.com/kubevitals/kubevitals/collectors/componentlogs"
)

func TestComponentLogs(t *testing.T) {
	t.Parallel()
	c := componentLogs{
		pods: func() ([]SystemPod, error) { return nil, nil },
		state: func() (componentlogs.State, bool) {
			return componentlogs.State{
				Unhealthy: 22, LeftOut: 2, Bytes: 12345, Truncated: 1,
				Seen: map[componentlogs.Key]componentlogs.Seen{
					{Component: "dns", Signature: "dns_forward_timeout"}: {Lines: 7, Last: time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)},
				},
			}, true
		},
	}
	golden(t, componentLogsName, c, ComponentLogs().Metrics)
}

func TestComponentLogsAreAbsentWhileBlind(t *testing.T) {
	t.Parallel()
	c := componentLogs{
		pods:  func() ([]SystemPod, error) { return nil, errors.New("the API server is down") },
		state: func() (componentlogs.State, bool) { return componentlogs.State{}, true },
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
		got = append(got, p.Component)
	}
	if want := "[kube-apiserver other dns]"; fmt.Sprint(got) != want {
		t.Errorf("components %v, want %s", got, want)
	}
	if p := unhealthyPods(list)[2]; p.Name != "coredns-1" || fmt.Sprint(p.Containers) != "[coredns]" {
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
