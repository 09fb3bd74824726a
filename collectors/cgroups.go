package collectors

import (
	"context"
	"fmt"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/kubevitals/kubevitals/exporter"
	"github.com/kubevitals/kubevitals/sources"
	"github.com/kubevitals/kubevitals/sources/host/cgroups"
)

const cgroupsName = "cgroups"

var (
	cgroupsVersion = exporter.NewGauge(cgroupsName, "version",
		"Version of the cgroups that the node's controllers are in: 1 or 2.", "node")
	cgroupsHeld = exporter.NewGauge(cgroupsName, "held",
		"Cgroups that the kernel holds for the controller, removed ones that it cannot free yet included; of the controllers that have a limit, and all, which stands for the hierarchy of version 2 itself.",
		"node", "controller")
	cgroupsDying = exporter.NewGauge(cgroupsName, "dying",
		"Cgroups that were removed and that the kernel cannot free yet, because something still uses what is charged to them.",
		"node", "controller")
	cgroupsLimit = exporter.NewGauge(cgroupsName, "limit",
		"Cgroups that there may be for the controller; absent where nothing bounds them.", "node", "controller")
	cgroupsFolders = exporter.NewGauge(cgroupsName, "folders",
		"Folders of cgroups by what they are for; an empty one has no process in it or below, and 0 is told of empty ones of pods and scopes only.", "node", "kind", "state")
	cgroupsComplete = exporter.NewGauge(cgroupsName, "scan_complete",
		"Whether the last scan counted all folders in time: 1 is yes; otherwise their numbers are absent.", "node")
)

// Cgroups is the failure mode of cgroups that are never freed: of processes that
// ended, in folders that are never removed, or removed and still held by the kernel.
func Cgroups() Definition {
	var interval, budget time.Duration
	return Definition{
		Name:       cgroupsName,
		Help:       "Cgroups leak on a node until the kernel has no more, and whatever follows them runs out of inotify watches.",
		Scope:      Node,
		Privileges: []Privilege{HostCgroups, HostProc},
		Default:    true,
		Metrics: []*exporter.Desc{
			cgroupsVersion, cgroupsHeld, cgroupsDying, cgroupsLimit, cgroupsFolders, cgroupsComplete,
		},
		Flags: func(f *Flags) {
			f.Flag("interval", "Time between two scans of the folders of all cgroups.").Default("5m").DurationVar(&interval)
			f.Flag("budget", "Longest time that a scan may take; the numbers of folders are absent when it does not suffice.").Default("10s").DurationVar(&budget)
		},
		Replay: true, // a count in the file system of a node
		New: func(s *sources.Sources) (exporter.Collector, error) {
			if interval <= 0 || budget <= 0 || budget >= interval {
				return nil, fmt.Errorf("interval %s, budget %s: must be positive, and the budget shorter than the interval", interval, budget)
			}
			root, proc := s.Host().Path("sys", "fs", "cgroup"), s.Host().Path("proc")
			counts := sources.PollHost(s, cgroupsName, interval, func(ctx context.Context) (cgroups.Count, error) {
				ctx, cancel := context.WithTimeout(ctx, budget)
				defer cancel()
				return cgroups.Read(ctx, root, proc)
			})
			return cgroupsCollector{node: s.Host().Node(), count: counts.Get}, nil
		},
	}
}

type cgroupsCollector struct {
	node  string
	count func() (cgroups.Count, error)
}

// Collect fails while the cgroups cannot be read.
func (c cgroupsCollector) Collect(_ context.Context, ch chan<- prometheus.Metric) error {
	count, err := c.count()
	if err != nil {
		return err
	}
	ch <- cgroupsVersion.Sample(float64(count.Version), c.node)
	for desc, values := range map[*exporter.Desc]map[string]int64{
		cgroupsHeld: count.Held, cgroupsDying: count.Dying, cgroupsLimit: count.Limit,
	} {
		for controller, n := range values {
			_, bounded := count.Limit[controller]
			if bounded || controller == cgroups.All || desc == cgroupsDying && n > 0 {
				ch <- desc.Sample(float64(n), c.node, controller)
			}
		}
	}
	if count.Folders != nil {
		c.sendFolders(ch, count.Folders)
	}
	ch <- cgroupsComplete.Sample(exporter.Bool(!count.CutShort), c.node)
	return nil
}

func (c cgroupsCollector) sendFolders(ch chan<- prometheus.Metric, folders map[cgroups.Kind]cgroups.Folders) {
	for _, kind := range cgroups.Kinds() {
		f := folders[kind]
		if f.Populated > 0 {
			ch <- cgroupsFolders.Sample(float64(f.Populated), c.node, string(kind), "populated")
		}
		// Those that leak: that none is empty is to be seen as well.
		if f.Empty > 0 || kind == cgroups.Pods || kind == cgroups.Scopes {
			ch <- cgroupsFolders.Sample(float64(f.Empty), c.node, string(kind), "empty")
		}
	}
}
