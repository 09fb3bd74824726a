package fleet

import (
	"fmt"
	"io"
	"strings"
	"sync/atomic"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/kubevitals/kubevitals/sources/health"
	"github.com/kubevitals/kubevitals/sources/kubelet"
)

// bodies answer for the kubelets, which are asked while the model goes on.
type bodies struct {
	machines *atomic.Pointer[map[string]*machine]
	// strangers is whether kubelets know nobody: they ask an API server who asks them, and
	// remember what it said for a while.
	strangers *atomic.Bool
}

// logins is for how long a kubelet remembers who somebody is.
const logins = 2 * time.Minute

func newBodies() bodies {
	b := bodies{machines: &atomic.Pointer[map[string]*machine]{}, strangers: &atomic.Bool{}}
	b.machines.Store(&map[string]*machine{})
	return b
}

// publish takes over which machines there are, and what the metrics server has of them.
func (b bodies) publish(c *Cluster) {
	all := make(map[string]*machine, len(c.machines))
	for _, m := range c.machines {
		all[m.node.Name] = m
	}
	b.machines.Store(&all)
	b.strangers.Store(!c.plane.gone.IsZero() && c.now().Sub(c.plane.gone) > logins)
	if c.now().Unix()%60 != 0 || c.addonReady("metrics-server") == 0 {
		return
	}
	for _, m := range c.machines {
		if m.system == virtual || !m.kubelet.Load() {
			continue
		}
		figures := &unstructured.Unstructured{Object: map[string]any{
			"apiVersion": "metrics.k8s.io/v1beta1", "kind": "NodeMetrics",
			"metadata": map[string]any{"name": m.node.Name}, "timestamp": c.now().UTC().Format("2006-01-02T15:04:05Z"),
		}}
		c.API.Put(nodeMetrics, figures)
	}
}

const (
	linuxConfig   = `{"kubeletconfig":{"cgroupsPerQOS":true,"cgroupDriver":"systemd","imageGCHighThresholdPercent":85,"imageGCLowThresholdPercent":80,"evictionHard":{"imagefs.available":"15%","imagefs.inodesFree":"5%","memory.available":"100Mi","nodefs.available":"10%","nodefs.inodesFree":"5%"},"configMapAndSecretChangeDetectionStrategy":"Watch","enforceNodeAllocatable":["pods"],"kubeReserved":{"cpu":"200m","memory":"1Gi"}}}`
	windowsConfig = `{"kubeletconfig":{"cgroupsPerQOS":false,"imageGCHighThresholdPercent":85,"imageGCLowThresholdPercent":80,"evictionHard":{"imagefs.available":"15%","memory.available":"500Mi","nodefs.available":"10%"},"configMapAndSecretChangeDetectionStrategy":"Watch","enforceNodeAllocatable":[],"kubeReserved":{"cpu":"200m","memory":"2Gi"}}}`
)

// Kubelet is what the kubelet of a node answers to a request for the path. It may be
// called at any time.
func (c *Cluster) Kubelet(node, path string) (io.ReadCloser, error) {
	m := (*c.bodies.machines.Load())[node]
	switch {
	case m == nil || !m.host.Load():
		return nil, &kubelet.NoAnswer{Reason: health.Timeout, Reach: kubelet.NoRoute}
	case !m.kubelet.Load():
		return nil, &kubelet.NoAnswer{Reason: health.Unreachable, Reach: kubelet.Refused}
	case c.bodies.strangers.Load():
		return nil, &kubelet.NoAnswer{Reason: health.Unauthorized, Reach: kubelet.Answers}
	case m.system == virtual:
		return nil, &kubelet.NoAnswer{Reason: health.NotFound, Reach: kubelet.Answers}
	}
	body := m.metrics()
	switch path {
	case "/configz":
		if body = linuxConfig; m.system == windows {
			body = windowsConfig
		}
	case "/stats/summary":
		body = m.summary()
	}
	return io.NopCloser(strings.NewReader(body)), nil
}

func (m *machine) metrics() string {
	return fmt.Sprintf("# TYPE kubelet_node_name gauge\nkubelet_node_name{node=%q} 1\n# TYPE process_start_time_seconds gauge\nprocess_start_time_seconds %d\n"+
		"# TYPE process_resident_memory_bytes gauge\nprocess_resident_memory_bytes 1.1e+08\n", m.node.Name, m.started.Load())
}

func (m *machine) summary() string {
	const capacity, inodes = 200_000_000_000, 12_000_000
	left := 1000 - m.used.Load()
	room := fmt.Sprintf(`"availableBytes":%d,"capacityBytes":%d`, capacity/1000*left, int64(capacity))
	if m.system != windows {
		room += fmt.Sprintf(`,"inodesFree":%d,"inodes":%d`, inodes/1000*(600+left*2/5), inodes)
	}
	return fmt.Sprintf(`{"node":{"nodeName":%q,"fs":{%s},"runtime":{"imageFs":{%s},"containerFs":{%s}}},"pods":[]}`, m.node.Name, room, room, room)
}

// drift lets a disk fill and empty as images and logs come and go.
func (c *Cluster) drift(m *machine) {
	used := m.used.Load()
	if c.faults.fullDisk == m {
		return
	}
	towards := int64(0)
	if used > 600 {
		towards = -2
	} else if used < 400 {
		towards = 2
	}
	m.used.Store(min(max(used+towards+int64(c.random.IntN(9))-4, 200), 680))
}
