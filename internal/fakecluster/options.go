package fakecluster

import (
	"log/slog"
	"time"

	"github.com/kubevitals/kubevitals/sources"
)

// Options say how a cluster is served. The zero value is good.
type Options struct {
	// Now is the clock of timestamps; nil means time.Now.
	Now func() time.Time
	// Logger takes what goes wrong in the background; nil discards it.
	Logger *slog.Logger
	// BookmarkInterval is the time between bookmarks of a watch; 0 means a minute.
	BookmarkInterval time.Duration
	// LeaseInterval is how often the leases of live components are renewed; 0
	// means 10 s.
	LeaseInterval time.Duration
	// HeartbeatInterval is how often the kubelets that answer confirm the
	// conditions of their nodes; 0 means 5 min.
	HeartbeatInterval time.Duration
	// Resources is the table of what is served; nil is that of sources.Resources.
	Resources sources.Table
}

func (o Options) complete() Options {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	for interval, standard := range map[*time.Duration]time.Duration{
		&o.BookmarkInterval:  time.Minute,
		&o.LeaseInterval:     10 * time.Second,
		&o.HeartbeatInterval: 5 * time.Minute,
	} {
		if *interval <= 0 {
			*interval = standard
		}
	}
	return o
}
