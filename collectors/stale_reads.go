package collectors

import (
	"context"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/kubevitals/kubevitals/exporter"
	"github.com/kubevitals/kubevitals/sources"
	"github.com/kubevitals/kubevitals/sources/revision"
)

const staleReadsName = "stale_reads"

var (
	staleReadsMark = exporter.NewGauge(staleReadsName, "high_water_mark",
		"The highest resource version that was ever seen; it is kept over restarts in the state file, and comes back from every cache that still shows it.")
	staleReadsRewound = exporter.NewGauge(staleReadsName, "rewound",
		"Whether the latest write got a resource version below the high-water mark, which means that etcd went back to an earlier state: 1 is yes.")
	staleReadsRewindTime = exporter.NewGauge(staleReadsName, "rewind_timestamp_seconds",
		"Unix time, in seconds, at which it was last found that etcd had gone back; absent if it never did.")
	staleReadsWritten = exporter.NewGauge(staleReadsName, "written_resource_version",
		"Resource version that the last write through the API server got: the revision of its etcd.",
		"server")
	staleReadsCached = exporter.NewGauge(staleReadsName, "cached_resource_version",
		"Resource version of the same object in the watch cache of the API server, read before the write.",
		"server")
	staleReadsAhead = exporter.NewGauge(staleReadsName, "cache_ahead",
		"Whether the cache of the API server shows what its etcd does not have any more: 1 is yes, and every list and watch that it answers is from before a restore.",
		"server")
	staleReadsLag = exporter.NewGauge(staleReadsName, "cache_lag_seconds",
		"Time in seconds for which the cache of the API server has lacked a write; 0 if it lacks none.",
		"server")
	staleReadsTooLarge = exporter.NewGauge(staleReadsName, "too_large_resource_version",
		"Whether the API server refuses a read at the high-water mark as \"Too large resource version\": 1 is yes, and so it refuses every client that was not restarted since a restore.",
		"server")
	staleReadsDamaged = exporter.NewGauge(staleReadsName, "state_file_damaged",
		"Is 1 when what stood in the place of the state file held no mark when kubevitals started, which sets a file or a link aside as FILE.damaged; absent otherwise.")
	staleReadsRounds = exporter.NewCounter(staleReadsName, "probes_total",
		"Comparisons of written and cached versions made with the API server.",
		"server")
)

// StaleReads is the failure mode of a control plane that works with what was
// there before its etcd was restored, or with a cache that lags.
func StaleReads() Definition {
	var file string
	return Definition{
		Name:    staleReadsName,
		Help:    "etcd went back to an earlier state under a running control plane, or the cache of an API server lags behind.",
		Scope:   Cluster,
		Default: true,
		Metrics: []*exporter.Desc{
			staleReadsMark, staleReadsRewound, staleReadsRewindTime, staleReadsWritten, staleReadsCached,
			staleReadsAhead, staleReadsLag, staleReadsTooLarge, staleReadsDamaged, staleReadsRounds,
		},
		Reads: []sources.Read{sources.CachedReads},
		Flags: func(f *Flags) {
			f.Flag("state-file", "File that keeps the high-water mark of resource versions over restarts of kubevitals; it must not lie in the cluster's etcd, which would take it back along. Empty means memory only.").
				StringVar(&file)
		},
		Replay: true, // written and cached versions, compared while they change
		New: func(s *sources.Sources) (exporter.Collector, error) {
			tracker, unavailable := s.Revisions(file)
			servers := s.APIServers()
			return staleReadsCollector{
				state:  func() revision.State { return tracker.State(s.Now(), servers.VersionsAge()) },
				probed: servers.WritesProbed(), unavailable: unavailable,
			}, nil
		},
	}
}

type staleReadsCollector struct {
	state       func() revision.State
	probed      bool
	unavailable func() error
}

// Collect sends nothing where writes are not probed: without them it is not known
// what etcd holds.
func (c staleReadsCollector) Collect(_ context.Context, ch chan<- prometheus.Metric) error {
	s := c.state()
	if s.Damaged {
		ch <- staleReadsDamaged.Sample(1)
	}
	if !c.probed {
		return nil
	}
	if len(s.Servers) == 0 {
		if err := c.unavailable(); err != nil {
			return err
		}
		return exporter.ErrNotReady
	}
	ch <- staleReadsMark.Sample(float64(s.Mark))
	ch <- staleReadsRewound.Sample(exporter.Bool(s.Rewound))
	if !s.RewoundAt.IsZero() {
		ch <- staleReadsRewindTime.Sample(unix(s.RewoundAt))
	}
	for server, v := range s.Servers {
		ch <- staleReadsWritten.Sample(float64(v.Written), server)
		ch <- staleReadsTooLarge.Sample(exporter.Bool(v.TooLarge), server)
		ch <- staleReadsRounds.Sample(float64(v.Rounds), server)
		if v.Cached != 0 {
			ch <- staleReadsCached.Sample(float64(v.Cached), server)
			ch <- staleReadsAhead.Sample(exporter.Bool(v.Ahead), server)
			ch <- staleReadsLag.Sample(v.Lag.Seconds(), server)
		}
	}
	return nil
}
