package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/kubevitals/kubevitals/internal/diagnosis"
	"github.com/kubevitals/kubevitals/internal/diagnosis/change"
	"github.com/kubevitals/kubevitals/internal/diagnosis/report"
	"github.com/kubevitals/kubevitals/internal/terminal"
)

// watching is whether check looks again and again, and how often.
type watching struct {
	on       bool
	interval time.Duration
}

// refused says why check cannot watch, if so.
func (c *command) watchRefused() error {
	switch w := c.checking.watch; {
	case w.interval <= 0:
		return fmt.Errorf("--interval: %s is not a positive duration", w.interval)
	case c.snapshot != "":
		return errors.New("--watch: a dump does not change; kubevitals diff compares two")
	case c.checking.output != "text" && c.checking.output != "json":
		return fmt.Errorf("--watch: prints text or json, and not %s", c.checking.output)
	}
	return nil
}

// runWatch looks at the cluster until ctx ends, and prints what is wrong and what changed
// since the first look. The exit code is that of the last look.
func (c *command) runWatch(ctx context.Context, logger *slog.Logger) error {
	if err := c.watchRefused(); err != nil {
		return &exitError{exitUnsure, err}
	}
	var first, last *diagnosis.Result
	for {
		result, err := c.check(ctx, logger)
		switch {
		case last != nil && ctx.Err() != nil:
			return verdict(last)
		case err != nil && last == nil:
			return &exitError{exitUnsure, err}
		case err != nil:
			_, _ = fmt.Fprintf(c.line, "kubevitals: this look failed, what stands above is of %s: %v\n", last.At.UTC().Format(time.TimeOnly), err)
		default:
			if last = result; first == nil {
				first = result
			}
			if err := c.printWatched(first, last); err != nil {
				return &exitError{exitUnsure, fmt.Errorf("write the result: %w", err)}
			}
		}
		again := time.NewTimer(c.checking.watch.interval)
		select {
		case <-ctx.Done():
			again.Stop()
			return verdict(last)
		case <-again.C:
		}
	}
}

// printWatched prints one look of several; on a terminal it takes the place of the one
// before.
func (c *command) printWatched(first, last *diagnosis.Result) error {
	if c.checking.output == "json" {
		return report.JSON(c.stdout, last)
	}
	columns, err := c.checking.width.of(c.stdout, 0)
	if err != nil {
		return err
	}
	style := report.Style{Colour: terminal.Coloured(c.stdout), Columns: columns, Language: c.checking.language, Brief: true}
	if terminal.Interactive(c.stdout) {
		_, _ = fmt.Fprint(c.stdout, "\x1b[H\x1b[2J")
	}
	if err := report.Text(c.stdout, last, style); err != nil {
		return err
	}
	if first == last {
		_, err := fmt.Fprintln(c.stdout)
		return err
	}
	return report.Since(c.stdout, change.Between(first, last), style)
}

// verdict is the exit code of a result.
func verdict(r *diagnosis.Result) error {
	switch {
	case r.Firing():
		return &exitError{code: exitFindings}
	case !r.Complete():
		return &exitError{code: exitUnsure}
	}
	return nil
}
