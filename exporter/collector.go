// Package exporter exposes metrics over HTTP. It runs collectors under one
// deadline, drops the output of those that are late, failed or panicking, and
// says so in metrics of its own. It knows nothing of Kubernetes.
package exporter

import (
	"context"
	"errors"

	"github.com/prometheus/client_golang/prometheus"
)

// A Collector reports one failure mode.
type Collector interface {
	// Collect sends the metrics that hold now and returns when it has sent all
	// of them or when ctx ends. A nil error says that the truth was told, even
	// if there was nothing to report. On any error but one made by Incomplete the
	// frame drops all that was sent: half a list of sick objects reads as health.
	Collect(ctx context.Context, ch chan<- prometheus.Metric) error
}

// ErrNotReady is returned (wrapped) by a collector whose sources have not
// delivered yet. It makes the collector unsuccessful, but is expected after a
// start, so it is not logged as an error.
var ErrNotReady = errors.New("source not ready")

// incompleteError is an error about a part that could not be told.
type incompleteError struct{ error }

func (e incompleteError) Unwrap() error { return e.error }

// Incomplete makes err, which may be nil, an error about parts that could not be
// told. The collector counts as unsuccessful, and what it sent is kept: it must be
// true whether or not the missing parts are known.
func Incomplete(err error) error {
	if err == nil {
		return nil
	}
	return incompleteError{err}
}

// IsIncomplete tells whether an error is about parts, so that what was told besides holds.
// It looks at the error itself, and not at one within it: whoever wraps it says something
// else.
func IsIncomplete(err error) bool {
	_, partly := err.(incompleteError) //nolint:errorlint // see above
	return partly
}

// Named is a collector with the name that its self-metrics bear.
type Named struct {
	Name      string
	Collector Collector
	// Metrics are all metrics that the collector may send.
	Metrics []*Desc
	// Undivided makes every shard tell what belongs to no node, because it is about the
	// shard itself.
	Undivided bool
}
