// Package logs looks for known signs of trouble in the logs of the
// cluster's own pods and of services on nodes, of those alone that are not well,
// and within bounds.
package logs

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"time"
)

// Options bound what is read. Zero values mean the defaults.
type Options struct {
	// Interval is the time between two rounds; 1 min by default. A round may take
	// as long.
	Interval time.Duration
	// Pods is how many pods, and apart from them how many nodes, are read in one
	// round; 20 by default. The rest has its turn in the rounds after.
	Pods int
	// Bytes is how much is read of one log in one round; 256 KiB by default.
	Bytes int64
	// NodeServices are the services whose logs are read of nodes; none by default.
	NodeServices []string
}

// Validate fails if the options make no sense.
func (o Options) Validate() error {
	if o.Interval < 0 || o.Pods < 0 || o.Bytes < 0 {
		return fmt.Errorf("interval %s, pods %d and bytes %d must be positive", o.Interval, o.Pods, o.Bytes)
	}
	return nil
}

func (o *Options) fill() {
	o.Interval = cmp.Or(o.Interval, time.Minute)
	o.Pods = cmp.Or(o.Pods, 20)
	o.Bytes = cmp.Or(o.Bytes, 256<<10)
}

// Lines is how many of the last lines of one log are read in one round.
const Lines = 2000

// LookBack is how far the first reading of a log goes back.
const LookBack = 10 * time.Minute

// forgetAfter is how long a line of a node is remembered. Pods need no such
// bound: their components are few.
const forgetAfter = time.Hour

// Target is a pod, or a node, whose logs are to be read.
type Target struct {
	// Name is that of the pod or of the node.
	Name string
	// Node is empty for a pod.
	Node string
	// Logs are the containers of the pod or the services of the node, by the
	// component that each belongs to.
	Logs map[string]string
}

// ErrNoLog is what Open fails with where this one target has no log to give,
// which tells nothing of others.
var ErrNoLog = errors.New("no log to be had")

// Open opens one log of a target: lines that begin with their time, not older
// than since, the last Lines of them, and not more than limit bytes.
type Open func(ctx context.Context, target, log string, since time.Time, limit int64) (io.ReadCloser, error)

// Key says what was seen and by whom; Node is empty for what pods say.
type Key struct{ Node, Component, Signature string }

// State is what the reader knows.
type State struct {
	// Unhealthy targets were there in the last round, of which LeftOut were not read.
	Unhealthy, LeftOut int
	// Seen are the times that the last lines with a signature bear.
	Seen map[Key]time.Time
	// Lines with a signature were read since the start; its keys have no node.
	Lines map[Key]int
	// Bytes were read since the start; Truncated counts readings that met a bound.
	Bytes     int64
	Truncated int
}

// Source is where logs come from.
type Source struct {
	// Targets are those that are not well now.
	Targets func() ([]Target, error)
	Open    Open
	Stamp   Stamp
	// Report learns of what each round came to.
	Report func(error)
}
