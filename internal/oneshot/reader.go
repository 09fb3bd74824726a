// Package oneshot reads a cluster to scrape it a few times, for a check or a
// snapshot, and not to serve it.
package oneshot

import (
	"context"
	"fmt"
	"time"

	"github.com/kubevitals/kubevitals/exporter"
	"github.com/kubevitals/kubevitals/internal/terminal"
	"github.com/kubevitals/kubevitals/sources"
	"github.com/kubevitals/kubevitals/sources/kubelet"
)

// Hurried are the options for kubelets of one who waits, most of the time for
// kubelets that collect their answers: all are asked at once, and twice as many at
// the same time. With 100 ms for each, 5,000 take 8 s and not 16. Each may ask API
// servers for up to four reviews of access, so these get some 2,500 small requests
// a second then.
func Hurried(o kubelet.Options) kubelet.Options {
	o.AtOnce = true
	o.Concurrency *= 2
	return o
}

// Reader is a cluster that is being read.
type Reader struct {
	sources *sources.Sources
	frame   *exporter.Frame
	line    *terminal.StatusLine
	cancel  func()
	// gathered is set by the first look; a second is at what was counted meanwhile.
	gathered bool
}

// Start begins to read the sources, of which the frame tells. The line says what is
// waited for. The caller calls Stop.
func Start(ctx context.Context, s *sources.Sources, frame *exporter.Frame, line *terminal.StatusLine) *Reader {
	running, cancel := context.WithCancel(ctx)
	s.Start(running)
	return &Reader{sources: s, frame: frame, line: line, cancel: cancel}
}

// Stop returns when all reading has ended.
func (r *Reader) Stop() {
	r.line.Clear()
	r.cancel()
	r.sources.Wait()
}

const (
	// firstReadTimeout is how long the first reading may take: a part of a minute in a
	// large cluster, and more on a busy machine or where many kubelets hang.
	firstReadTimeout = 2 * time.Minute
	// firstReadPoll is the time between two looks whether it has ended.
	firstReadPoll = 100 * time.Millisecond
)

// GatherAll gathers once everything has been read, be it well or not, or after
// two minutes at the latest. What has been gathered before is read again where counters
// are made of it.
func (r *Reader) GatherAll(ctx context.Context) (exporter.Families, error) {
	return r.gatherAfter(ctx, r.sources.Starting)
}

// gatherAfter gathers when nothing is starting any more.
func (r *Reader) gatherAfter(ctx context.Context, starting func() bool) (exporter.Families, error) {
	if r.gathered {
		r.sources.CountAgain()
	}
	r.gathered = true
	deadline := time.Now().Add(firstReadTimeout)
	for starting() && time.Now().Before(deadline) {
		if r.line.Visible() { // else going through all kubelets is for nothing
			r.line.Show(reading(r.sources.Progress()))
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(firstReadPoll):
		}
	}
	return r.frame.Scrape(ctx)
}

// reading says how much has been read.
func reading(p sources.Progress) string {
	line := fmt.Sprintf("Reading: %d of %d sources", p.Sources, p.AllSources)
	if p.AllKubelets > 0 {
		line += fmt.Sprintf(", %d of %d kubelets", p.Kubelets, p.AllKubelets)
	}
	return line
}
