package main

import (
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/alecthomas/kingpin/v2"
	"github.com/alecthomas/units"

	"github.com/kubevitals/kubevitals/collectors"
	"github.com/kubevitals/kubevitals/internal/blackbox"
)

// keeping is what is kept when incidents begin.
type keeping struct {
	dir       string
	interval  time.Duration
	snapshots int
	bytes     units.Base2Bytes
}

func (k *keeping) flags(app *kingpin.Application) {
	app.Flag("blackbox.dir", "Folder in which the exporter keeps a snapshot of what it knew when an incident began, for kubevitals check --snapshot and diff. Without it nothing is kept.").
		PlaceHolder("DIR").StringVar(&k.dir)
	app.Flag("blackbox.interval", "How often to evaluate the rules for that while nobody looks at the pages. Each 15s is the most: for that long a look counts.").
		Default("1m").DurationVar(&k.interval)
	collectors.Whole(app.Flag("blackbox.max-snapshots", "Snapshots to keep; the oldest go first.").Default("50"), &k.snapshots)
	app.Flag("blackbox.max-bytes", "Bytes that all of them may take; the oldest go first. None is kept that would leave less than a tenth of the disk, or 1 GiB of a large one, to others.").
		Default("32MiB").BytesVar(&k.bytes)
}

// blackBox says what to keep; nil if that is nothing.
func (c *command) blackBox(logger *slog.Logger) (*blackbox.Options, error) {
	k := c.keeping
	switch {
	case k.dir == "":
		return nil, nil
	case c.snapshot != "":
		return nil, errors.New("--blackbox.dir: nothing begins in a snapshot; leave it out with --snapshot")
	case c.selection.Scope() != collectors.Cluster:
		return nil, errors.New("--blackbox.dir: is for an exporter that watches a cluster; leave it out with --scope=node")
	case k.interval < time.Second:
		return nil, fmt.Errorf("--blackbox.interval: %s is less than a second", k.interval)
	case k.snapshots < 1:
		return nil, fmt.Errorf("--blackbox.max-snapshots: %d is less than 1", k.snapshots)
	case k.bytes < 1:
		return nil, fmt.Errorf("--blackbox.max-bytes: %s is not a positive size", k.bytes)
	}
	if c.shard.Total > 1 { // as whoever sets this by the chart's args
		logger.Warn("nothing is kept of incidents: what one of several shards knows would look like all that there is")
		return nil, nil
	}
	return &blackbox.Options{Dir: k.dir, Interval: k.interval, MaxSnapshots: k.snapshots, MaxBytes: int64(k.bytes), Logger: logger}, nil
}
