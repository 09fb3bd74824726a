package collectors

import (
	"context"
	"fmt"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/kubevitals/kubevitals/exporter"
	"github.com/kubevitals/kubevitals/sources"
	"github.com/kubevitals/kubevitals/sources/host/filesystem"
)

const filesystemName = "filesystem"

var (
	filesystemState = exporter.NewGauge(filesystemName, "state",
		"What the kernel said when it was asked for the file system of the root: 1 for the state that holds; ok is 0 otherwise, and the others are absent; hangs means that it has not answered in time, failed that it answered with an error.",
		"node", "root", "state")
	filesystemFree = exporter.NewGauge(filesystemName, "free_ratio",
		"Share of the bytes or inodes of the file system that is left to those who are not root; one that holds several roots is told of under the first, and inodes without a limit are not told of.",
		"node", "root", "resource")
	filesystemReadOnly = exporter.NewGauge(filesystemName, "read_only",
		"Is 1 where nothing can be written to the file system; absent where that can be, and where the mounts of the host cannot be read.",
		"node", "root")
)

// Filesystem is the failure mode of a disk that is full, read-only or dead while
// the kubelet cannot say so.
//
// node_disk tells of the same disks by what the kubelet says of them, with its
// thresholds of eviction. This is what remains when the kubelet is down, hangs in
// a call to the same disk, or fails to read its own statistics. It looks at the
// folders of the kubelet and the runtime only; node_exporter knows all others.
func Filesystem() Definition {
	var interval, timeout time.Duration
	return Definition{
		Name:       filesystemName,
		Help:       "The disk of the kubelet or the container runtime is full, read-only or dead, told by the kernel when the kubelet cannot.",
		Scope:      Node,
		Privileges: []Privilege{HostDisks, HostLogs},
		Default:    true,
		Metrics:    []*exporter.Desc{filesystemState, filesystemFree, filesystemReadOnly},
		Flags: func(f *Flags) {
			f.Flag("interval", "Time between two questions to the kernel.").Default("1m").DurationVar(&interval)
			f.Flag("timeout", "Time after which a file system that does not answer counts as hanging.").Default("5s").DurationVar(&timeout)
		},
		Replay: true, // what the kernel of a node says when it is asked
		New: func(s *sources.Sources) (exporter.Collector, error) {
			if interval <= 0 || timeout <= 0 || timeout >= interval {
				return nil, fmt.Errorf("interval %s, timeout %s: must be positive, and the timeout shorter than the interval", interval, timeout)
			}
			prober := filesystem.New(s.Host().Path(), timeout)
			results := sources.PollHost(s, filesystemName, interval, prober.Read)
			return filesystemCollector{node: s.Host().Node(), results: results.Get}, nil
		},
	}
}

type filesystemCollector struct {
	node    string
	results func() ([]filesystem.Result, error)
}

// Collect fails while the host's folders cannot be found.
func (c filesystemCollector) Collect(_ context.Context, ch chan<- prometheus.Metric) error {
	results, err := c.results()
	if err != nil {
		return err
	}
	for _, r := range results {
		filesystemState.SendState(ch, "ok", stateOfFilesystem(r), c.node, r.Root)
		if !r.Readable {
			continue
		}
		if r.Space.Bytes > 0 {
			ch <- filesystemFree.Sample(float64(r.Space.Available)/float64(r.Space.Bytes), c.node, r.Root, "bytes")
		}
		if r.Space.Inodes > 0 {
			ch <- filesystemFree.Sample(float64(r.Space.InodesFree)/float64(r.Space.Inodes), c.node, r.Root, "inodes")
		}
		if r.Known && r.ReadOnly {
			ch <- filesystemReadOnly.Sample(1, c.node, r.Root)
		}
	}
	return nil
}

func stateOfFilesystem(r filesystem.Result) string {
	switch {
	case r.Readable:
		return "ok"
	case r.Hangs:
		return "hangs"
	}
	return "failed"
}
