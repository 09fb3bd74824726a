package collectors

import (
	"context"
	"fmt"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/version"

	"github.com/kubevitals/kubevitals/sources/apiserver"
	"github.com/kubevitals/kubevitals/sources/kubelet"
	"github.com/kubevitals/kubevitals/sources/pods"
)

func TestKubeletVersions(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		version string
		base    int
		single  bool
	}{
		{"v1.11.10", 3, false},
		{"v1.12.0", 3, true},
		{"v1.13.12-gke.25", 3, true},
		{"v1.14.0", 5, false},
		{"v1.30.0-eks-036c24b", 5, false},
		{"v1.36.9+k3s1", 5, false},
		{"v1.37.0-rc.1", 6, false},
		{"v1.40.2", 6, false},
		{"v2.0.0", 6, false},
	} {
		t.Run(test.version, func(t *testing.T) {
			t.Parallel()
			v, err := version.ParseGeneric(test.version)
			if err != nil {
				t.Fatal(err)
			}
			if base, single := baseWatches(v), singleConnection(v); base != test.base || single != test.single {
				t.Errorf("%d base watches, single connection %v; want %d, %v", base, single, test.base, test.single)
			}
		})
	}
}

func TestConnections(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		objects  int
		strategy string
		limit    uint32
		want     int64
	}{
		"base watches only":  {0, "Watch", 100, 1},
		"last free stream":   {94, "Watch", 100, 1},
		"one more":           {95, "Watch", 100, 2},
		"many":               {1000, "Watch", 100, 11},
		"one stream only":    {4, "Watch", 1, 10},
		"no bound":           {1000, "Watch", 1<<32 - 1, 1},
		"cache has no watch": {1000, "Cache", 100, 1},
		"get has no watch":   {1000, "Get", 100, 1},
		"unheard of":         {1000, "Pigeon", 100, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := streams{
				version: version.MajorMinor(1, 37), strategy: test.strategy, limit: test.limit,
				objects: watchedObjects{configMaps: test.objects / 2, secrets: test.objects - test.objects/2},
			}
			if got := s.connections(); got != test.want {
				t.Errorf("%d connections, want %d", got, test.want)
			}
		})
	}
}

// BenchmarkWatchStreams is one scrape of 5,000 nodes with 150,000 pods.
func BenchmarkWatchStreams(b *testing.B) {
	const nodes, podsPerNode = 5000, 30
	index := pods.New()
	var list []*corev1.Node
	var kubelets []*kubelet.Result
	var pods []any
	for n := range nodes {
		name := fmt.Sprintf("node-%04d", n)
		list = append(list, streamsNode(name, "v1.37.2"))
		kubelets = append(kubelets, streamsKubelet(name, "Watch"))
		pods = append(pods, streamsPods(name, "a", podsPerNode)...)
	}
	if err := index.Replace(pods, ""); err != nil {
		b.Fatal(err)
	}
	c := watchStreamsCollector{
		nodes:    func() ([]*corev1.Node, error) { return list, nil },
		refs:     index.NodeRefs,
		kubelets: func() []*kubelet.Result { return kubelets },
		servers:  func() []apiserver.Result { return []apiserver.Result{{Server: "10.0.0.1:6443", StreamLimit: 100}} },
	}
	for b.Loop() {
		ch := make(chan prometheus.Metric, 64)
		go func() {
			defer close(ch)
			if err := c.Collect(context.Background(), ch); err != nil {
				b.Error(err)
			}
		}()
		series := 0
		for range ch {
			series++
		}
		b.ReportMetric(float64(series), "series")
	}
}
