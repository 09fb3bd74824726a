// Package revision follows the resource versions of a cluster, in order to tell
// when its etcd went back to an earlier state and which API servers still show
// what was there before, or lag behind.
//
// A resource version is the revision of etcd, or what another store has in its place, such
// as a time in nanoseconds (GKE): every write gets a higher one. The
// version of a write is the one reading that no cache can forge: since lists
// without a version may be answered from the cache of an API server, they would
// hide a restored etcd behind a cache that is still from before. Therefore the
// truth here is what the API server returns for the write probe.
//
// The highest version ever seen, the mark, must not be kept in the cluster: what
// is stored in etcd goes back together with it. It is kept in memory, in a file
// for when kubevitals itself is restarted, and it comes back from every API
// server whose cache is still from before.
package revision

import (
	"maps"
	"sync"
	"time"

	"github.com/kubevitals/kubevitals/sources/health"
)

// Observation is what one round with one API server came to. The cached reading
// is made before the write, so that in a sane cluster it is the lower one.
type Observation struct {
	Server string
	At     time.Time
	// Store tells clusters apart: the UID of the namespace kube-system, which a
	// restored etcd has, too, and a cluster that is made anew has not.
	Store string
	// Mark is what Tracker.Mark returned before the write was sent.
	Mark uint64
	// Cached is the version that the object had in the server's watch cache; 0 if
	// it could not be read.
	Cached uint64
	// Written is the version that the write got.
	Written uint64
	// TooLarge says that the server refused to read at Mark, as it does every
	// client whose objects are from before a restore.
	TooLarge bool
}

// ServerState is what is known of one API server.
type ServerState struct {
	At              time.Time
	Cached, Written uint64
	// Ahead says that its cache holds what etcd does not have any more.
	Ahead bool
	// Lag is for how long its cache has lacked a write; 0 if it lacks none.
	Lag      time.Duration
	TooLarge bool
	Rounds   uint64
}

// State is what is known of the cluster.
type State struct {
	// Mark is the highest version ever seen; 0 if none was.
	Mark uint64
	// Rewound says that the latest write got a version below the mark.
	Rewound bool
	// RewoundAt is when that was last found to begin; zero if never.
	RewoundAt time.Time
	// Damaged says that the file of an earlier process did not hold a mark.
	Damaged bool
	Servers map[string]ServerState
}

// Tracker is safe for concurrent use.
type Tracker struct {
	mu    sync.Mutex
	saved saved
	// damaged is whether the file that was loaded held no mark.
	damaged bool
	// rewound is the state as of the latest write.
	rewound bool
	servers map[string]ServerState
	writes  []write
	disk    disk
}

// saved is what outlives the process.
type saved struct {
	Store     string    `json:"store"`
	Mark      uint64    `json:"mark"`
	RewoundAt time.Time `json:"rewoundAt,omitzero"`
}

// write is one write whose version is known.
type write struct {
	version uint64
	at      time.Time
}

// remembered bounds the writes that a lag is measured by. With a write every 10 s
// it covers more than an hour of one API server.
const remembered = 512

// New returns a tracker that has seen nothing.
func New() *Tracker { return &Tracker{servers: map[string]ServerState{}, disk: newDisk()} }

// Mark returns the highest version seen so far. A write that is sent after must
// get a higher one.
func (t *Tracker) Mark() uint64 {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.saved.Mark
}

// Observe takes one round into account.
func (t *Tracker) Observe(o Observation) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if o.Store != "" && o.Store != t.saved.Store {
		if t.saved.Store != "" { // another cluster took the place of this one
			t.rewound, t.writes, t.servers = false, nil, map[string]ServerState{}
			t.saved, o.Mark = saved{}, 0
		}
		t.saved.Store = o.Store
	}
	s := ServerState{
		At: o.At, Cached: o.Cached, Written: o.Written, TooLarge: o.TooLarge,
		Ahead: o.Cached >= o.Written, Rounds: t.servers[o.Server].Rounds + 1,
	}
	behind := o.Written <= o.Mark || s.Ahead
	if behind && !t.rewound {
		t.saved.RewoundAt = o.At
		// What was written before the restore is not what a cache must show now.
		t.writes = nil
	}
	// One server may show the old cache and another none: the mark decides.
	t.saved.Mark = max(t.saved.Mark, o.Written, o.Cached)
	t.rewound = o.Written < t.saved.Mark && (behind || t.rewound)
	if !s.Ahead && o.Cached != 0 {
		s.Lag = t.lag(o.Cached, o.At)
	}
	t.writes = append(t.writes, write{o.Written, o.At})
	if len(t.writes) > remembered {
		t.writes = t.writes[1:]
	}
	t.servers[o.Server] = s
}

// lag is how long ago the first write was that a cache with that version lacks.
// The caller holds the lock.
func (t *Tracker) lag(cached uint64, now time.Time) time.Duration {
	var since time.Time
	for _, w := range t.writes {
		if w.version > cached && (since.IsZero() || w.at.Before(since)) {
			since = w.at
		}
	}
	if since.IsZero() {
		return 0
	}
	return now.Sub(since)
}

// Forget removes an API server that is gone.
func (t *Tracker) Forget(server string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.servers, server)
}

// State returns what is known now. What was found out about a server longer than
// age ago counts as unknown.
func (t *Tracker) State(now time.Time, age time.Duration) State {
	t.mu.Lock()
	defer t.mu.Unlock()
	s := State{Mark: t.saved.Mark, Rewound: t.rewound, RewoundAt: t.saved.RewoundAt, Damaged: t.damaged, Servers: map[string]ServerState{}}
	maps.Copy(s.Servers, t.servers)
	maps.DeleteFunc(s.Servers, func(_ string, server ServerState) bool { return health.Age(now, server.At) > age })
	return s
}
