package collectors

import (
	"errors"
	"strings"
	"testing"

	"github.com/kubevitals/kubevitals/sources/host/filesystem"
)

func TestFilesystem(t *testing.T) {
	t.Parallel()
	c := filesystemCollector{node: "n1", results: func() ([]filesystem.Result, error) {
		return []filesystem.Result{
			{Root: "kubelet", Readable: true, Known: true, Space: filesystem.Space{Bytes: 1 << 30, Available: 1 << 25, Inodes: 65536, InodesFree: 1024}},
			{Root: "containerd", Readable: true, Known: true, ReadOnly: true, Space: filesystem.Space{Bytes: 1 << 30, Available: 1 << 29}},
			{Root: "docker", Readable: true, Space: filesystem.Space{}},
			{Root: "crio"},
			{Root: "pod_logs", Hangs: true},
		}, nil
	}}
	golden(t, filesystemName, c, Filesystem().Metrics)
}

func TestFilesystemIsAbsentWhileBlind(t *testing.T) {
	t.Parallel()
	c := filesystemCollector{node: "n1", results: func() ([]filesystem.Result, error) { return nil, errors.New("no such folder") }}
	if text := string(scrapeText(t, filesystemName, c, Filesystem().Metrics)); strings.Contains(text, "kubevitals_filesystem") {
		t.Error(text)
	}
}
