package collectors

import (
	"log/slog"
	"net"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/client-go/rest"

	"github.com/kubevitals/kubevitals/collectors/apiprobe"
	"github.com/kubevitals/kubevitals/collectors/kubelet"
)

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
	s, err := NewSources(Config{
		REST:       &rest.Config{Host: "http://" + listener.Addr().String()},
		APIServers: apiprobe.Options{Interval: time.Hour, Timeout: 300 * time.Millisecond},
		Kubelet: kubelet.Options{
			PreferredAddressTypes: []corev1.NodeAddressType{corev1.NodeInternalIP},
			Timeout:               time.Second, StatsInterval: time.Minute, MetricsInterval: time.Minute, Concurrency: 1, AtOnce: true,
		},
		Logger: slog.New(slog.DiscardHandler), Now: time.Now,
	})
	if err != nil {
		t.Fatal(err)
	}
	s.APIServers()
	s.Kubelets()
	if !s.Starting() {
		t.Error("not starting before the start")
	}
	s.Start(t.Context())
	for bound := time.Now().Add(time.Minute); s.Starting(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(bound) {
			t.Fatal("a dead cluster is waited for")
		}
	}
}
