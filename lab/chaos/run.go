package chaos

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/kubevitals/kubevitals/lab/cluster"
)

const (
	every      = time.Second      // between two scrapes
	startLimit = 90 * time.Second // for the program to tell all that is true
	settle     = 5 * time.Second  // before its resources are looked at
	calm       = 3                // scrapes in a row that must be right
	firstAfter = time.Second      // from the fault to the first change
)

// observers watch all programs of a stage, side by side.
type observers []*observer

// run plays one trial on a stage that is set up.
func (s *stage) run(ctx context.Context) (Result, error) {
	all := make(observers, len(s.subjects))
	for i, subject := range s.subjects {
		all[i] = &observer{stage: s, subject: subject}
	}
	if err := all.start(ctx); err != nil {
		return Result{}, err
	}
	if err := s.trial.begin(ctx, s); err != nil {
		return Result{}, fmt.Errorf("break: %w", err)
	}
	all.each(func(o *observer) { o.brokenAt = time.Now() })
	if err := s.suffer(ctx, all); err != nil {
		return Result{}, err
	}
	if err := s.trial.end(ctx, s); err != nil {
		return Result{}, fmt.Errorf("heal: %w", err)
	}
	all.each(func(o *observer) { o.healedAt = time.Now() })
	if err := all.watch(ctx, s.campaign.options.Recovery, (*observer).calm); err != nil {
		return Result{}, err
	}
	if err := all.watch(ctx, settle, nil); err != nil {
		return Result{}, err
	}
	result := all[0].result()
	if len(all) > 1 {
		peer := all[1].result()
		result.Peer = &peer
	}
	var errs []error
	all.each(func(o *observer) { errs = append(errs, o.write()) })
	return result, errors.Join(errs...)
}

// start waits until all that is true is told, and notes what the programs hold.
func (all observers) start(ctx context.Context) error {
	for _, o := range all {
		if err := cluster.Eventually(ctx, startLimit, func(ctx context.Context) error {
			if l := o.look(ctx); !l.right() {
				return fmt.Errorf("%s does not tell what is true before anything is wrong: %v %s", o.subject.program.name(), l.verdicts, l.err)
			}
			return nil
		}); err != nil {
			return err
		}
	}
	err := all.watch(ctx, settle, nil)
	all.each(func(o *observer) { o.before = o.resources() })
	return err
}

func (all observers) each(do func(*observer)) {
	for _, o := range all {
		do(o)
	}
}

// watch looks every second for a while, or until each has seen enough.
func (all observers) watch(ctx context.Context, d time.Duration, enough func(*observer) bool) error {
	errs := make([]error, len(all))
	var watching sync.WaitGroup
	for i, o := range all {
		watching.Go(func() { errs[i] = o.watch(ctx, d, enough) })
	}
	watching.Wait()
	return errors.Join(errs...)
}

// suffer watches while the fault lasts, and changes the cluster meanwhile.
func (s *stage) suffer(ctx context.Context, all observers) error {
	lasts := s.campaign.options.Duration
	if s.trial.Lasts > 0 {
		lasts = s.trial.Lasts
	}
	ctx, cancel := context.WithCancel(ctx)
	var during sync.WaitGroup
	defer during.Wait()
	defer cancel()
	if s.trial.during != nil {
		during.Go(func() { s.trial.during(ctx, s) })
	}
	for _, step := range []struct {
		lasts  time.Duration
		change func(context.Context) error
	}{
		{firstAfter, s.scene.change},
		{lasts / 2, s.scene.changeAgain},
		{lasts - lasts/2 - firstAfter, func(context.Context) error { return nil }},
	} {
		if err := all.watch(ctx, step.lasts, nil); err != nil {
			return err
		}
		if err := step.change(ctx); err != nil {
			return fmt.Errorf("change the cluster: %w", err)
		}
	}
	return nil
}

// write keeps the timeline of a trial for those who wonder.
func (o *observer) write() error {
	f, err := os.Create(filepath.Join(o.stage.dir, o.subject.program.name()+".timeline"))
	if err != nil {
		return fmt.Errorf("timeline: %w", err)
	}
	for _, l := range o.looks {
		_, _ = fmt.Fprintf(f, "%7.1f s  %v %s %v\n", l.at.Sub(o.brokenAt).Seconds(), l.verdicts, l.err, l.reasons)
	}
	return f.Close()
}
