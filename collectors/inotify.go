package collectors

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/kubevitals/kubevitals/exporter"
	"github.com/kubevitals/kubevitals/sources"
	"github.com/kubevitals/kubevitals/sources/host/inotify"
)

const inotifyName = "inotify"

var (
	inotifyUsed = exporter.NewGauge(inotifyName, "used",
		"Watches or instances of inotify that the user is charged for, as far as processes could be read; of root, and of those among the users that hold most who hold a tenth of what one may have.",
		"node", "uid", "resource")
	inotifyLimit = exporter.NewGauge(inotifyName, "limit",
		"Watches or instances of inotify that each user may have.", "node", "resource")
	inotifyHolderUsed = exporter.NewGauge(inotifyName, "holder_used",
		"Watches or instances of inotify that the processes of one command hold, of the commands that hold most of a user who holds half of what one may have; slice is the part of the node they are in.",
		"node", "uid", "command", "slice", "resource")
	inotifyComplete = exporter.NewGauge(inotifyName, "scan_complete",
		"Whether the last scan saw every process: 1 is yes; otherwise more may be in use than is told.", "node")
	inotifyUnread = exporter.NewGauge(inotifyName, "scan_unread_processes",
		"Processes that the last scan could not read: denied because rights are missing, or failed; absent if there are none.", "node", "reason")
	inotifyCutShort = exporter.NewGauge(inotifyName, "scan_cut_short",
		"Is 1 where the last scan ran out of time, and absent where it did not.", "node")
	inotifyShared = exporter.NewGauge(inotifyName, "scan_shared_counted_often",
		"Is 1 where instances that several processes share were counted for each, because the kernel did not let the scan compare them, so that less may be in use than is told; absent where each was counted once.", "node")
	inotifyProcesses = exporter.NewGauge(inotifyName, "scan_processes",
		"Processes that the last scan read.", "node")
)

// inotifyOptions are the flags of the collector.
type inotifyOptions struct {
	interval, budget time.Duration
	top              int
}

// Inotify is the failure mode of a user who has no inotify watches or instances
// left: whatever wants to follow a file then fails with ENOSPC or EMFILE.
//
// Holders are named by command and not by cgroup. Names of containers come and go
// with every pod and would make new series each time, and the command is what
// the caller knows: kubelet, node, java. Where in the machine it runs is told
// apart by a closed set; the runbook leads on to the container.
func Inotify() Definition {
	var o inotifyOptions
	return Definition{
		Name:       inotifyName,
		Help:       "A user of a node has no inotify watches or instances left: files and cgroups cannot be followed any more.",
		Scope:      Node,
		Privileges: []Privilege{HostPID, SysPtrace, DACReadSearch, RootUser, Unconfined, HostProc},
		Default:    true,
		Metrics: []*exporter.Desc{
			inotifyUsed, inotifyLimit, inotifyHolderUsed, inotifyComplete, inotifyUnread, inotifyCutShort,
			inotifyShared, inotifyProcesses,
		},
		Flags: func(f *Flags) {
			f.Flag("interval", "Time between two scans of the open files of all processes.").Default("1m").DurationVar(&o.interval)
			f.Flag("budget", "Longest time that a scan may take; what it found by then is sent as incomplete.").Default("10s").DurationVar(&o.budget)
			Whole(f.Flag("top", "Users, and commands, to name: those that hold most watches and those that hold most instances.").Default("5"), &o.top)
		},
		Replay: true, // a scan of the processes of a node
		New: func(s *sources.Sources) (exporter.Collector, error) {
			if o.interval <= 0 || o.budget <= 0 || o.budget >= o.interval || o.top < 1 {
				return nil, fmt.Errorf("interval %s, budget %s, top %d: must be positive, and the budget shorter than the interval", o.interval, o.budget, o.top)
			}
			proc := s.Host().Path("proc")
			scans := sources.PollHost(s, inotifyName, o.interval, func(ctx context.Context) (inotify.Scan, error) {
				ctx, cancel := context.WithTimeout(ctx, o.budget)
				defer cancel()
				return inotify.Run(ctx, proc)
			})
			return inotifyCollector{node: s.Host().Node(), scan: scans.Get, top: o.top}, nil
		},
	}
}

type inotifyCollector struct {
	node string
	scan func() (inotify.Scan, error)
	top  int
}

// Collect fails while processes cannot be read. Of an incomplete scan it tells
// what was seen and that it is not all.
func (c inotifyCollector) Collect(_ context.Context, ch chan<- prometheus.Metric) error {
	scan, err := c.scan()
	if err != nil {
		return err
	}
	users := scan.Users()
	if _, ok := users[0]; !ok && scan.Complete() {
		users[0] = inotify.Use{} // root holds nothing, which is known
	}
	for _, r := range inotifyResources() {
		c.sendUse(ch, r, scan, users)
	}
	ch <- inotifyComplete.Sample(exporter.Bool(scan.Complete()), c.node)
	ch <- inotifyProcesses.Sample(float64(scan.Processes), c.node)
	for reason, n := range map[string]int{"denied": scan.Denied, "failed": scan.Failed} {
		if n > 0 {
			ch <- inotifyUnread.Sample(float64(n), c.node, reason)
		}
	}
	if scan.CutShort {
		ch <- inotifyCutShort.Sample(1, c.node)
	}
	if !scan.Told {
		ch <- inotifyShared.Sample(1, c.node)
	}
	return nil
}

// Shares of what a user may have from which on the user, and who holds it, is told of:
// long before the alerts, and not on every node.
const (
	inotifyUserShare   = 0.1
	inotifyHolderShare = 0.5
)

// sendUse sends what users hold of one resource, and who holds it where that is much.
func (c inotifyCollector) sendUse(ch chan<- prometheus.Metric, r inotifyResource, scan inotify.Scan, users map[uint32]inotify.Use) {
	limit := float64(r.of(scan.Limit))
	ch <- inotifyLimit.Sample(limit, c.node, r.name)
	for _, uid := range topUsers(users, c.top) {
		if used := float64(r.of(users[uid])); uid == 0 || used >= inotifyUserShare*limit {
			ch <- inotifyUsed.Sample(used, c.node, strconv.FormatUint(uint64(uid), 10), r.name)
		}
	}
	for _, h := range topHolders(scan.Holders, r, c.top) {
		if float64(r.of(users[h.UID])) >= inotifyHolderShare*limit {
			ch <- inotifyHolderUsed.Sample(float64(r.of(scan.Holders[h])),
				c.node, strconv.FormatUint(uint64(h.UID), 10), h.Command, string(h.Slice), r.name)
		}
	}
}

// inotifyResource is one of the two things that are bounded.
type inotifyResource struct {
	name string
	of   func(inotify.Use) int64
}

func inotifyResources() []inotifyResource {
	return []inotifyResource{
		{"watches", func(u inotify.Use) int64 { return u.Watches }},
		{"instances", func(u inotify.Use) int64 { return u.Instances }},
	}
}

// topUsers are the users with most watches, those with most instances, and root.
func topUsers(users map[uint32]inotify.Use, most int) []uint32 {
	kept := map[uint32]bool{}
	if _, ok := users[0]; ok {
		kept[0] = true
	}
	for _, r := range inotifyResources() {
		by := slices.SortedFunc(maps.Keys(users), func(a, b uint32) int {
			return cmp.Or(cmp.Compare(r.of(users[b]), r.of(users[a])), cmp.Compare(a, b))
		})
		for _, uid := range by[:min(most, len(by))] {
			kept[uid] = true
		}
	}
	return slices.Sorted(maps.Keys(kept))
}

// topHolders are those that hold most of the resource.
func topHolders(holders map[inotify.Holder]inotify.Use, r inotifyResource, most int) []inotify.Holder {
	by := slices.SortedFunc(maps.Keys(holders), func(a, b inotify.Holder) int {
		return cmp.Or(
			cmp.Compare(r.of(holders[b]), r.of(holders[a])), cmp.Compare(a.UID, b.UID),
			cmp.Compare(a.Command, b.Command), cmp.Compare(a.Slice, b.Slice),
		)
	})
	return by[:min(most, len(by))]
}
