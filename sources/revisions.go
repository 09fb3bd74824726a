package sources

import (
	"context"
	"maps"
	"sync"
	"time"

	"github.com/kubevitals/kubevitals/sources/health"
	"github.com/kubevitals/kubevitals/sources/revision"
)

// markSaved is how often the mark is saved: what is lost with the process
// is what was written since.
const markSaved = 10 * time.Second

// Revisions follows the resource versions that the write probes get. The file
// keeps the mark over restarts; it may be empty. What it cannot keep or had lost is
// no reason to watch nothing: the source state_file tells. unavailable tells why no
// cache can be read, if so.
func (s *Sources) Revisions(file string) (tracker *revision.Tracker, unavailable func() error) {
	tracker, unavailable = revision.New(), func() error { return nil }
	if file != "" {
		if err := tracker.Load(file); err != nil {
			s.config.Logger.Warn("The mark of resource versions is lost: a restore of etcd before this start may go unnoticed", "err", err)
		}
		s.stateFile = s.newHealth("state_file")
		report := reportTo(s.stateFile)
		s.runs = append(s.runs, func(ctx context.Context) { tracker.Keep(ctx, file, markSaved, report) })
	}
	if servers := s.APIServers(); servers.WritesProbed() {
		reads := cachedReads{health: s.newHealth("cached_reads").Expire(2 * servers.VersionsAge()), now: s.Now, age: servers.VersionsAge(), last: map[string]lastRead{}}
		s.asked = append(s.asked, CachedReads)
		servers.WantVersions(tracker, reads.report)
		unavailable = reads.health.Err
	}
	return tracker, unavailable
}

// cachedReads tells whether the caches of API servers can be read: a right that
// is missing is missing at all of them, while one server that is down does
// not make them unavailable.
type cachedReads struct {
	health *health.Health
	now    func() time.Time
	age    time.Duration

	mu   sync.Mutex
	last map[string]lastRead
}

type lastRead struct {
	at  time.Time
	err error
}

func (c *cachedReads) report(server string, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := c.now()
	c.last[server] = lastRead{now, err}
	maps.DeleteFunc(c.last, func(_ string, r lastRead) bool { return health.Age(now, r.at) > c.age })
	for _, r := range c.last {
		if r.err == nil {
			c.health.Succeed()
			return
		}
	}
	c.health.Fail(err)
}
