package chaos

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
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

// run plays one trial on a stage that is set up.
func (s *stage) run(ctx context.Context) (Result, error) {
	o := newObserver(s)
	if err := cluster.Eventually(ctx, startLimit, func(ctx context.Context) error {
		if !o.look(ctx).right() {
			return errors.New("the program under test does not tell what is true before anything is wrong")
		}
		return nil
	}); err != nil {
		return Result{}, err
	}
	if err := o.watch(ctx, settle, nil); err != nil {
		return Result{}, err
	}
	before := o.resources()

	if err := s.trial.breaks(ctx, s); err != nil {
		return Result{}, fmt.Errorf("break: %w", err)
	}
	o.broken()
	if err := s.suffer(ctx, o); err != nil {
		return Result{}, err
	}
	if err := s.heal(ctx); err != nil {
		return Result{}, fmt.Errorf("heal: %w", err)
	}
	o.healed()
	if err := o.watch(ctx, s.campaign.options.Recovery, o.calm); err != nil {
		return Result{}, err
	}
	if err := o.watch(ctx, settle, nil); err != nil {
		return Result{}, err
	}
	result := o.result()
	result.Before, result.After = before, o.resources()
	return result, o.write(filepath.Join(s.dir, "timeline.txt"))
}

// suffer watches while the fault lasts, and changes the cluster meanwhile.
func (s *stage) suffer(ctx context.Context, o *observer) error {
	lasts := s.campaign.options.Duration
	if s.trial.Lasts > 0 {
		lasts = s.trial.Lasts
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	done := make(chan struct{})
	go func() {
		defer close(done)
		if s.trial.during != nil {
			s.trial.during(ctx, s)
		}
	}()
	defer func() { cancel(); <-done }()
	for _, step := range []struct {
		lasts  time.Duration
		change func(context.Context) error
	}{
		{firstAfter, s.world.change},
		{lasts / 2, s.world.changeAgain},
		{lasts - lasts/2 - firstAfter, nil},
	} {
		if err := o.watch(ctx, step.lasts, nil); err != nil {
			return err
		}
		if step.change == nil {
			continue
		}
		if err := step.change(ctx); err != nil {
			return fmt.Errorf("change the cluster: %w", err)
		}
	}
	return nil
}

// write keeps the timeline of a trial for those who wonder.
func (o *observer) write(file string) error {
	f, err := os.Create(file)
	if err != nil {
		return fmt.Errorf("timeline: %w", err)
	}
	for _, l := range o.looks {
		_, _ = fmt.Fprintf(f, "%7.1f s  nodes %-6s pods %-6s %s %v\n", l.at.Sub(o.brokenAt).Seconds(), l.nodes, l.pods, l.err, l.reasons)
	}
	return f.Close()
}
