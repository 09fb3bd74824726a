package hollow

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strconv"
	"time"

	"k8s.io/kubernetes/pkg/kubelet/cadvisor"
)

// Filesystem is what a node says of one of its filesystems.
type Filesystem struct {
	CapacityBytes  uint64 `json:"capacityBytes"`
	AvailableBytes uint64 `json:"availableBytes"`
	Inodes         uint64 `json:"inodes"`
	InodesFree     uint64 `json:"inodesFree"`
}

// Filesystems are the three that a kubelet knows. Image and container
// filesystem are one unless a runtime splits them, so there is one setting.
type Filesystems struct {
	NodeFS  Filesystem `json:"nodefs"`
	ImageFS Filesystem `json:"imagefs"`
}

// Healthy are filesystems with room.
func Healthy() Filesystems {
	const gib = 1 << 30
	return Filesystems{
		NodeFS:  Filesystem{CapacityBytes: 100 * gib, AvailableBytes: 60 * gib, Inodes: 1000000, InodesFree: 900000},
		ImageFS: Filesystem{CapacityBytes: 200 * gib, AvailableBytes: 150 * gib, Inodes: 2000000, InodesFree: 1900000},
	}
}

// Write replaces the file from which a hollow kubelet reads its filesystems, in
// one step, so that it never reads half of it.
func (f Filesystems) Write(file string) error {
	text, err := json.Marshal(f)
	if err != nil {
		return fmt.Errorf("encode filesystems: %w", err)
	}
	if err := os.WriteFile(file+".new", text, 0o600); err != nil {
		return fmt.Errorf("write filesystems: %w", err)
	}
	return os.Rename(file+".new", file)
}

const (
	nodeDevice, imageDevice = "/dev/lab-node", "/dev/lab-image"
	imageMount              = "/lab-images"
)

// machine is a cadvisor.Interface whose filesystems and memory are read from files at
// every call, so that the kubelet's real eviction manager sees them change.
type machine struct {
	name, file, memory string
	started            time.Time
}

var _ cadvisor.Interface = (*machine)(nil)

func (m *machine) Start() error { return nil }

func (m *machine) filesystems() (Filesystems, error) {
	var f Filesystems
	text, err := os.ReadFile(m.file)
	if err != nil {
		return f, fmt.Errorf("read filesystems: %w", err)
	}
	if err := json.Unmarshal(text, &f); err != nil {
		return f, fmt.Errorf("decode %s: %w", m.file, err)
	}
	return f, nil
}

func usageOf(f Filesystem, device, mount string) fsInfo {
	return fsInfo{
		Timestamp: time.Now(), Device: device, Mountpoint: mount,
		Capacity: f.CapacityBytes, Available: f.AvailableBytes, Usage: f.CapacityBytes - f.AvailableBytes,
		Inodes: &f.Inodes, InodesFree: &f.InodesFree,
	}
}

func (m *machine) RootFsInfo() (fsInfo, error) {
	f, err := m.filesystems()
	return usageOf(f.NodeFS, nodeDevice, "/"), err
}

func (m *machine) imageFS() (fsInfo, error) {
	f, err := m.filesystems()
	return usageOf(f.ImageFS, imageDevice, imageMount), err
}

func (m *machine) ImagesFsInfo(context.Context) (fsInfo, error) { return m.imageFS() }

func (m *machine) ContainerFsInfo(context.Context) (fsInfo, error) { return m.imageFS() }

func (m *machine) GetDirFsInfo(path string) (fsInfo, error) {
	if path == imageMount {
		return m.imageFS()
	}
	return m.RootFsInfo()
}

func (m *machine) info() *machineInfo {
	return &machineInfo{
		NumCores: 16, MemoryCapacity: MemoryBytes, MachineID: m.name, SystemUUID: m.name, BootID: m.name,
	}
}

func (m *machine) VersionInfo() (*versionInfo, error) {
	return &versionInfo{KernelVersion: "6.12.0", ContainerOsVersion: "lab"}, nil
}

// MemoryBytes is the memory of a node, and usualMemory what is in use of it.
const (
	MemoryBytes = 16 << 30
	usualMemory = 3 << 30
)

// inUse is how much of the memory is, in bytes.
func (m *machine) inUse() (uint64, error) {
	text, err := os.ReadFile(m.memory)
	if errors.Is(err, fs.ErrNotExist) {
		return usualMemory, nil
	}
	if err != nil {
		return 0, fmt.Errorf("read memory in use: %w", err)
	}
	bytes, err := strconv.ParseUint(string(text), 10, 64)
	if err != nil {
		return 0, fmt.Errorf("memory in use: %w", err)
	}
	return bytes, nil
}

// ContainerInfoV2 knows the root cgroup alone, whose memory the eviction
// manager wants to see.
func (m *machine) ContainerInfoV2(name string, _ requestOptions) (map[string]containerInfo, error) {
	if name != "/" {
		return map[string]containerInfo{}, nil
	}
	inUse, err := m.inUse()
	if err != nil {
		return nil, err
	}
	now := time.Now()
	sample := func(at time.Time) *containerStats {
		return &containerStats{
			Timestamp: at,
			Cpu:       &cpuStats{Usage: cpuUsage{Total: uint64(at.Sub(m.started).Nanoseconds() / 10)}},
			Memory:    &memoryStats{Usage: min(inUse+1<<30, MemoryBytes), WorkingSet: inUse, RSS: inUse - 1<<30},
		}
	}
	return map[string]containerInfo{"/": {
		Spec: containerSpec{
			CreationTime: m.started, HasCpu: true, HasMemory: true,
			Memory: memorySpec{Limit: MemoryBytes},
		},
		Stats: []*containerStats{sample(now.Add(-10 * time.Second)), sample(now)},
	}}, nil
}

func (m *machine) GetRequestedContainersInfo(string, requestOptions) (map[string]*requestedContainer, error) {
	return map[string]*requestedContainer{}, nil
}
