package collectors

import (
	"bytes"
	"errors"
	"log/slog"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubevitals/kubevitals/sources/health"
	"github.com/kubevitals/kubevitals/sources/kubelet"
)

const diskGiB = 1 << 30

// diskNode is a node with the given status of its condition DiskPressure.
func diskNode(name string, pressure corev1.ConditionStatus) *corev1.Node {
	n := &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: name}}
	n.Status.Conditions = []corev1.NodeCondition{{Type: corev1.NodeReady, Status: corev1.ConditionFalse}}
	if pressure != "" {
		n.Status.Conditions = append(n.Status.Conditions, corev1.NodeCondition{Type: corev1.NodeDiskPressure, Status: pressure})
	}
	return n
}

func diskFS(available, capacity, inodesFree, inodes uint64) *kubelet.Filesystem {
	return &kubelet.Filesystem{
		Bytes:  &kubelet.Room{Available: available, Capacity: capacity},
		Inodes: &kubelet.Room{Available: inodesFree, Capacity: inodes},
	}
}

func kubeletSays[T any](value T) kubelet.Fetched[T] {
	return kubelet.Fetched[T]{Value: value, Reason: health.Available}
}

func evictAt(thresholds map[string]string) kubelet.Fetched[kubelet.Config] {
	return kubeletSays(kubelet.Config{EvictionHard: thresholds, ImageGCHighPercent: 85, ImageGCLowPercent: 80})
}

// kubeletDefaults are the thresholds of a kubelet on Linux by default.
func kubeletDefaults() map[string]string {
	return map[string]string{
		"memory.available": "100Mi",
		"nodefs.available": "10%", "nodefs.inodesFree": "5%",
		"imagefs.available": "15%", "imagefs.inodesFree": "5%",
	}
}

// diskFixture has one node for each case, named after it.
func diskFixture() ([]*corev1.Node, []*kubelet.Result) {
	oneDisk := diskFS(50*diskGiB, 100*diskGiB, 900, 1000)
	images := diskFS(20*diskGiB, 200*diskGiB, 900, 2000)
	broken := kubelet.Fetched[kubelet.Summary]{Reason: health.Timeout}
	nodes := []*corev1.Node{
		diskNode("one-disk", corev1.ConditionFalse),
		diskNode("image-disk-full", corev1.ConditionTrue),
		diskNode("image-disk-split", corev1.ConditionFalse),
		diskNode("absolute-thresholds", corev1.ConditionFalse),
		diskNode("thresholds-off", corev1.ConditionFalse),
		diskNode("no-inode-limit", corev1.ConditionFalse),
		diskNode("bad-threshold", corev1.ConditionFalse),
		diskNode("stats-failed", corev1.ConditionUnknown),
		diskNode("config-failed", corev1.ConditionFalse),
		diskNode("just-started", ""),
		diskNode("no-answer-yet", corev1.ConditionFalse),
	}
	return nodes, []*kubelet.Result{
		{Node: "one-disk", Config: evictAt(kubeletDefaults()),
			Stats: kubeletSays(kubelet.Summary{NodeFS: oneDisk, ImageFS: oneDisk, ContainerFS: oneDisk})},
		// 20 of 200 GiB left is above nodefs' 10% and below imagefs' 15%.
		{Node: "image-disk-full", Config: evictAt(kubeletDefaults()),
			Stats: kubeletSays(kubelet.Summary{NodeFS: oneDisk, ImageFS: images, ContainerFS: images})},
		{Node: "image-disk-split", Config: evictAt(kubeletDefaults()),
			Stats: kubeletSays(kubelet.Summary{NodeFS: oneDisk, ImageFS: images, ContainerFS: oneDisk})},
		// The kubelet ignores what a configuration says of containerfs.
		{Node: "absolute-thresholds", Config: evictAt(map[string]string{"nodefs.available": "25Gi", "nodefs.inodesFree": "100", "containerfs.available": "60Gi"}),
			Stats: kubeletSays(kubelet.Summary{NodeFS: oneDisk, ContainerFS: oneDisk})},
		{Node: "thresholds-off", Config: evictAt(map[string]string{"nodefs.available": "0%", "imagefs.available": "100%"}),
			Stats: kubeletSays(kubelet.Summary{NodeFS: oneDisk, ImageFS: images})},
		{Node: "no-inode-limit", Config: evictAt(kubeletDefaults()),
			Stats: kubeletSays(kubelet.Summary{NodeFS: diskFS(50*diskGiB, 100*diskGiB, 0, 0)})},
		{Node: "bad-threshold", Config: evictAt(map[string]string{"nodefs.available": "plenty", "nodefs.inodesFree": "5%"}),
			Stats: kubeletSays(kubelet.Summary{NodeFS: oneDisk, ContainerFS: oneDisk})},
		{Node: "stats-failed", Config: evictAt(kubeletDefaults()), Stats: broken},
		{Node: "config-failed", Config: kubelet.Fetched[kubelet.Config]{Reason: health.Forbidden},
			Stats: kubeletSays(kubelet.Summary{NodeFS: oneDisk})},
		{Node: "just-started", Config: kubeletSays(kubelet.Config{ImageGCHighPercent: -1, ImageGCLowPercent: -1}),
			Stats: kubeletSays(kubelet.Summary{NodeFS: &kubelet.Filesystem{}})},
		{Node: "deleted-meanwhile", Config: evictAt(kubeletDefaults()), Stats: kubeletSays(kubelet.Summary{NodeFS: oneDisk})},
	}
}

func TestNodeDisk(t *testing.T) {
	t.Parallel()
	nodes, results := diskFixture()
	golden(t, "node_disk", &nodeDiskCollector{
		nodes:    func() ([]*corev1.Node, error) { return nodes, nil },
		kubelets: func() []*kubelet.Result { return results },
		logger:   slog.New(slog.DiscardHandler),
	}, NodeDisk().Metrics)
}

func TestNodeDiskWithoutNodes(t *testing.T) {
	t.Parallel()
	blind := errors.New("nodes cannot be seen")
	_, results := diskFixture()
	c := &nodeDiskCollector{
		nodes:    func() ([]*corev1.Node, error) { return nil, blind },
		kubelets: func() []*kubelet.Result { return results },
	}
	ch := make(chan prometheus.Metric, 1000)
	if err := c.Collect(t.Context(), ch); !errors.Is(err, blind) {
		t.Errorf("error %v, want %v", err, blind)
	}
	if len(ch) > 0 {
		t.Errorf("%d samples", len(ch))
	}
}

func TestBadThresholdIsLoggedOnce(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	nodes, results := diskFixture()
	c := &nodeDiskCollector{
		nodes:    func() ([]*corev1.Node, error) { return nodes, nil },
		kubelets: func() []*kubelet.Result { return results },
		logger:   slog.New(slog.NewTextHandler(&out, nil)),
	}
	collect := func(want int, when string) {
		t.Helper()
		if err := c.Collect(t.Context(), make(chan prometheus.Metric, 1000)); err != nil {
			t.Fatal(err)
		}
		if got := strings.Count(out.String(), "node=bad-threshold"); got != want {
			t.Errorf("%d warnings %s, want %d:\n%s", got, when, want, &out)
		}
	}
	// Also concerns the containerfs, but is one threshold.
	collect(1, "at first")
	collect(1, "when nothing changed")
	for _, r := range results {
		if r.Node == "bad-threshold" {
			r.Config.Value.EvictionHard["nodefs.available"] = "even more"
		}
	}
	collect(2, "for another value")
}
