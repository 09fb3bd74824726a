package sources

import (
	"log/slog"
	"net"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/client-go/rest"

	"github.com/kubevitals/kubevitals/sources/apiserver"
	"github.com/kubevitals/kubevitals/sources/kubelet"
)

// sourcesOf are the sources of a cluster whose API server is at the address.
func sourcesOf(t *testing.T, server net.Addr) *Sources {
	t.Helper()
	s, err := NewSources(Config{
		REST:       &rest.Config{Host: "http://" + server.String()},
		APIServers: apiserver.Options{Interval: time.Hour, Timeout: 300 * time.Millisecond},
		Kubelet: kubelet.Options{
			PreferredAddressTypes: []corev1.NodeAddressType{corev1.NodeInternalIP},
			Timeout:               time.Second, StatsInterval: time.Minute, MetricsInterval: time.Minute, Concurrency: 1, AtOnce: true,
		},
		Logger: slog.New(slog.DiscardHandler), Now: time.Now,
	})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// TestNobodyWaitsForADeadCluster holds that a cluster whose only API server takes
// connections and never answers is not waited for once that is known, though its
// lists have not been read.
func TestNobodyWaitsForADeadCluster(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	s := sourcesOf(t, listener.Addr())
	s.APIServers()
	s.Kubelets()
	s.Events()
	if !s.Starting() {
		t.Error("not starting before the start")
	}
	s.Start(t.Context())
	for bound := time.Now().Add(time.Minute); s.Starting(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(bound) {
			t.Fatal("a dead cluster is waited for")
		}
	}
	s.lists[0].Succeed()
	if !s.Starting() {
		t.Error("nobody waits for an API server that lists something, and is only slow")
	}
}

func TestCountersDoNotWaitForPods(t *testing.T) {
	t.Parallel()
	s := sourcesOf(t, &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 6443})
	s.Pods()
	s.Events()
	if !s.CountersStarting() || !s.Starting() {
		t.Error("not starting before the start")
	}
	for _, h := range s.health {
		if h.State().Source != string(Pods) {
			h.Succeed()
		}
	}
	if s.CountersStarting() || !s.Starting() {
		t.Errorf("with all but pods, counters starting: %t, starting: %t; want false, true", s.CountersStarting(), s.Starting())
	}
}
