package oneshot

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/kubevitals/kubevitals/exporter"
	"github.com/kubevitals/kubevitals/internal/diagnosis"
	"github.com/kubevitals/kubevitals/internal/target"
	"github.com/kubevitals/kubevitals/internal/terminal"
)

// ScrapeTwice scrapes as soon as all that counts something has been read, and again
// after the window and once everything was read: of pods and kubelets no rate is
// taken, and a large cluster is seen sooner. Both scrapes are added to the samples
// of the observation, and it is told the rest.
func (r *Reader) ScrapeTwice(ctx context.Context, seen *diagnosis.Observation, window time.Duration) error {
	first, err := r.gatherAfter(ctx, r.sources.CountersStarting)
	if err != nil {
		return err
	}
	begun := time.Now()
	seen.Samples.Add(first, begun)
	if err := countDown(ctx, begun.Add(window), r.line); err != nil {
		return err
	}
	last, err := r.GatherAll(ctx)
	if err != nil {
		return err
	}
	r.tell(seen, last, time.Now())
	seen.Window = max(window, seen.At.Sub(begun).Round(time.Second))
	return nil
}

// ScrapeOnce scrapes when everything was read, adds that to the samples of the observation
// and tells it the rest. No rate can be taken of it.
func (r *Reader) ScrapeOnce(ctx context.Context, seen *diagnosis.Observation) error {
	families, err := r.GatherAll(ctx)
	if err != nil {
		return err
	}
	r.tell(seen, families, time.Now())
	return nil
}

// ReplayTwice scrapes a snapshot as it was at the beginning and at the end, between
// which it moves the clock. Both scrapes are added to the samples of the
// observation, and it is told the rest.
func (r *Reader) ReplayTwice(ctx context.Context, seen *diagnosis.Observation, clock *target.Clock) error {
	begin := clock.AtBegin()
	first, err := r.GatherAll(ctx)
	if err != nil {
		return err
	}
	seen.Samples.Add(first, begin)
	end := clock.AtEnd()
	last, err := r.frame.Scrape(ctx)
	if err != nil {
		return err
	}
	r.tell(seen, last, end)
	seen.Window = end.Sub(begin)
	return nil
}

// tell adds the last scrape to an observation.
func (r *Reader) tell(seen *diagnosis.Observation, families exporter.Families, at time.Time) {
	seen.At, seen.Families, seen.Errors = at, families, diagnosis.ErrorsOf(r.sources, r.frame)
	seen.Samples.Add(families, at)
}

// countDown waits until a moment and says how many seconds are left.
func countDown(ctx context.Context, until time.Time, line *terminal.StatusLine) error {
	second := time.NewTicker(time.Second)
	defer second.Stop()
	for {
		left := time.Until(until)
		if left > 0 {
			line.Show(fmt.Sprintf("Second sample in %.0f s", left.Seconds()))
		}
		select {
		case <-ctx.Done():
			return errors.New("interrupted before the second sample")
		case <-time.After(left):
			return nil
		case <-second.C:
		}
	}
}
