package main

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"runtime/debug"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"

	"github.com/kubevitals/kubevitals/exporter"
	"github.com/kubevitals/kubevitals/sources"
	"github.com/kubevitals/kubevitals/sources/kubelet"
)

// inputs checks the flags that say what is read and how.
func (c *command) inputs() (kubelet.Options, sources.HostConfig, error) {
	kubelets, err := c.kubeletOptions()
	if err != nil {
		return kubelets, sources.HostConfig{}, &exitError{exitUsage, err}
	}
	host, err := c.hostConfig()
	if err != nil {
		return kubelets, host, &exitError{exitConfig, err}
	}
	return kubelets, host, nil
}

// open returns the cluster of the flags, of which kubelets are to be read at once;
// the caller closes it.
func (c *command) open(ctx context.Context, logger *slog.Logger) (cluster, sources.HostConfig, error) {
	kubelets, host, err := c.inputs()
	if err != nil {
		return cluster{}, host, err
	}
	kubelets.AtOnce = true
	// Somebody waits, most of the time for kubelets that collect their answers: with
	// 100 ms for each, 5,000 take 8 s and not 16. Each may ask API servers for up to
	// four reviews of access, so these get some 2,500 small requests a second then.
	kubelets.Concurrency *= 2
	watched, err := c.cluster(ctx, kubelets, logger)
	return watched, host, err
}

// collectRarely makes garbage be collected less often, unless $GOGC says how often,
// and returns what undoes it. A look is over before most of it matters; it saved a
// third of the CPU time at 5,000 nodes and took some 50 MiB.
func collectRarely() (undo func()) {
	const percent = 300
	if os.Getenv("GOGC") != "" {
		return func() {}
	}
	before := debug.SetGCPercent(percent)
	return func() { debug.SetGCPercent(before) }
}

// reading is a cluster that is read, to be scraped a few times and not served.
type reading struct {
	sources  *sources.Sources
	frame    *exporter.Frame
	progress *progress
	cancel   func()
}

// read starts to read a cluster. The caller calls stop.
func (c *command) read(ctx context.Context, watched cluster, host sources.HostConfig, logger *slog.Logger) (*reading, error) {
	sources, named, err := c.collectors(watched, host, logger)
	if err != nil {
		return nil, err
	}
	running, cancel := context.WithCancel(ctx)
	sources.Start(running)
	return &reading{sources: sources, frame: exporter.NewFrame(named, logger), progress: c.progress, cancel: cancel}, nil
}

// stop returns when all reading has ended.
func (r *reading) stop() {
	r.progress.done()
	r.cancel()
	r.sources.Wait()
}

const (
	// settlingFor is how long the first reading may take: a part of a minute in a
	// large cluster, and more on a busy machine or where many kubelets hang.
	settlingFor = 2 * time.Minute
	// settlingPause is the time between two looks whether it has ended.
	settlingPause = 100 * time.Millisecond
)

// settled gathers once everything has been read, be it well or not, or after
// settlingFor at the latest.
func (r *reading) settled(ctx context.Context) ([]*dto.MetricFamily, error) {
	return r.once(ctx, r.sources.Starting)
}

// begun gathers once all that counts something has been read.
func (r *reading) begun(ctx context.Context) ([]*dto.MetricFamily, error) {
	return r.once(ctx, r.sources.CountersStarting)
}

// once gathers when nothing is starting any more.
func (r *reading) once(ctx context.Context, starting func() bool) ([]*dto.MetricFamily, error) {
	deadline := time.Now().Add(settlingFor)
	for starting() && time.Now().Before(deadline) {
		if r.progress.terminal { // else nobody reads what goes through all kubelets
			r.progress.reading(r.sources.Progress())
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(settlingPause):
		}
	}
	return r.gather(ctx)
}

// gather runs all collectors once.
func (r *reading) gather(ctx context.Context) ([]*dto.MetricFamily, error) {
	return gather(ctx, r.frame)
}

func gather(ctx context.Context, frame *exporter.Frame) ([]*dto.MetricFamily, error) {
	registry := prometheus.NewRegistry()
	if err := registry.Register(frame.Bind(ctx)); err != nil {
		return nil, fmt.Errorf("gather: %w", err)
	}
	families, err := registry.Gather()
	if err != nil {
		return nil, fmt.Errorf("gather: %w", err)
	}
	return families, nil
}
