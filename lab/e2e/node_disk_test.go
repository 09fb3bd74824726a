package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"testing"
	"time"

	"github.com/kubevitals/kubevitals/lab/cluster"
	"github.com/kubevitals/kubevitals/lab/hollow"
)

// fsStats is what the test itself reads of /stats/summary.
type fsStats struct {
	AvailableBytes, CapacityBytes, InodesFree, Inodes float64
}

type summary struct {
	Node struct {
		FS      fsStats
		Runtime struct{ ImageFS fsStats }
	}
}

type configz struct {
	KubeletConfig struct {
		EvictionHard                map[string]string
		ImageGCHighThresholdPercent float64
	}
}

// read asks a kubelet itself, as an administrator, and not through kubevitals.
func read(ctx context.Context, k *cluster.Kubelet, path string, into any) error {
	body, err := shared.ReadKubelet(ctx, k, path)
	if err != nil {
		return err
	}
	return json.Unmarshal(body, into)
}

func TestNodeDiskAgreesWithTheKubelet(t *testing.T) {
	kubelet := shared.Kubelets()[1]
	var config configz
	if err := read(t.Context(), kubelet, "/configz", &config); err != nil {
		t.Fatal(err)
	}
	if got := config.KubeletConfig.EvictionHard["nodefs.available"]; got != "10%" {
		t.Fatalf("the kubelet's nodefs.available is %q; the figures below stand for 10%%", got)
	}
	shared.vitals.eventually(t, time.Minute, func(s samples) error {
		var disk summary
		if err := read(t.Context(), kubelet, "/stats/summary", &disk); err != nil {
			return err
		}
		node, image := disk.Node.FS, disk.Node.Runtime.ImageFS
		for _, c := range []struct {
			want   float64
			name   string
			labels []string
		}{
			{node.AvailableBytes, "node_disk_available_bytes", []string{"filesystem", "nodefs"}},
			{node.CapacityBytes, "node_disk_capacity_bytes", []string{"filesystem", "nodefs"}},
			{node.InodesFree, "node_disk_inodes_free", []string{"filesystem", "nodefs"}},
			{image.AvailableBytes, "node_disk_available_bytes", []string{"filesystem", "imagefs"}},
			{image.Inodes, "node_disk_inodes", []string{"filesystem", "imagefs"}},
			{config.KubeletConfig.ImageGCHighThresholdPercent / 100, "node_disk_image_gc_high_threshold_ratio", nil},
		} {
			if err := s.want(c.want, c.name, append(c.labels, "node", kubelet.Name)...); err != nil {
				return err
			}
		}
		for _, c := range []struct {
			want   float64
			labels []string
		}{
			{node.AvailableBytes/node.CapacityBytes - 0.10, []string{"filesystem", "nodefs", "resource", "bytes"}},
			{node.InodesFree/node.Inodes - 0.05, []string{"filesystem", "nodefs", "resource", "inodes"}},
			{image.AvailableBytes/image.CapacityBytes - 0.15, []string{"filesystem", "imagefs", "resource", "bytes"}},
		} {
			values := s.all("node_disk_headroom_ratio", append(c.labels, "node", kubelet.Name)...)
			if len(values) != 1 || math.Abs(values[0]-c.want) > 1e-6 {
				return fmt.Errorf("headroom %v is %v, want %v", c.labels, values, c.want)
			}
		}
		return s.withoutDiskPressure(kubelet.Name)
	})
}

// freeDisk undoes fillDisk, and waits until the node takes pods again.
func freeDisk(t *testing.T, kubelet *cluster.Kubelet) {
	t.Helper()
	if err := kubelet.SetFilesystems(hollow.Healthy()); err != nil {
		t.Fatal(err)
	}
	shared.vitals.eventually(t, time.Minute, func(s samples) error {
		return s.withoutDiskPressure(kubelet.Name)
	})
}

// withoutDiskPressure fails while the node is told to be under pressure, and while no
// node is known not to be.
func (s samples) withoutDiskPressure(node string) error {
	if s.sum("node_disk_pressure_nodes", "status", "false") == 0 {
		return fmt.Errorf("no node without disk pressure: %w", errAbsent)
	}
	if len(s.all("node_disk_pressure", "node", node)) > 0 {
		return fmt.Errorf("%s is under disk pressure", node)
	}
	return nil
}

// fillDisk leaves 2 % of the node's disk until the test ends.
func fillDisk(t *testing.T, kubelet *cluster.Kubelet) {
	t.Helper()
	full := hollow.Healthy()
	full.NodeFS.AvailableBytes = full.NodeFS.CapacityBytes / 50
	if err := kubelet.SetFilesystems(full); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := kubelet.SetFilesystems(hollow.Healthy()); err != nil {
			t.Error(err)
		}
	})
}
