package main

import (
	"context"
	"crypto/tls"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"sync"
	"time"

	"github.com/prometheus/common/version"
	"golang.org/x/sync/errgroup"

	"github.com/kubevitals/kubevitals/collectors"
	"github.com/kubevitals/kubevitals/exporter"
	"github.com/kubevitals/kubevitals/internal/blackbox"
	"github.com/kubevitals/kubevitals/internal/diagnosis"
	"github.com/kubevitals/kubevitals/internal/garbage"
	"github.com/kubevitals/kubevitals/internal/server"
	"github.com/kubevitals/kubevitals/internal/target"
	"github.com/kubevitals/kubevitals/internal/web"
	"github.com/kubevitals/kubevitals/sources"
)

// garbageOf bounds the garbage of an exporter. While it lists a large cluster for the first
// time there is twice as much in use as later, and would be twice as much garbage. An agent
// is on every node and makes little garbage, so that collecting it sooner costs nothing.
func garbageOf(scope collectors.Scope) garbage.Policy {
	policy := garbage.Policy{Percent: 100, Most: 72 << 20, Least: 40}
	if scope == collectors.Node {
		policy.Percent = 50
	}
	return policy
}

// serve wires everything and serves until ctx ends.
func (c *command) serve(ctx context.Context, logger *slog.Logger) error {
	defer garbageOf(c.selection.Scope()).Follow()()
	kubelets, host, err := c.inputs()
	if err != nil {
		return err
	}
	if c.shard, err = c.sharding.of(os.Getenv("POD_NAME"), c.selection.Scope()); err != nil {
		return &exitError{exitUsage, err}
	}
	kept, err := c.shownBeside(logger)
	if err != nil {
		return &exitError{exitUsage, err}
	}
	secured, err := c.secured()
	if err != nil {
		return err
	}
	watched, err := c.open(ctx, kubelets, logger)
	if err != nil {
		return err
	}
	defer func() { _ = watched.Close() }()
	listeners, probed, err := c.listen(ctx)
	if err != nil {
		return &exitError{exitListen, err}
	}
	defer listeners.Close()
	defer probed.Close()
	read, named, err := c.build(watched, host, logger)
	if err != nil {
		return err
	}
	frame, shown := c.frames(watched, read, named, logger)
	shown.BlackBox = kept
	pages := web.NewPages(shown)
	if c.selection.Scope() == collectors.Cluster {
		if err := pages.Prepare(); err != nil {
			return err
		}
	}
	handler, err := exporter.Handler(ctx, frame, exporter.Options{
		Timeout: c.timeout, TimeoutOffset: c.timeoutOffset, MaxRequests: c.maxRequests,
		Self: exporter.NewSelf(), Ready: read.Checks(), Pages: pages, Gathered: pages.Observe,
	}, logger)
	if err != nil {
		return err
	}
	handler = c.withAssistants(handler, pages.Result)
	health := exporter.HealthHandler(read.Checks())
	if handler, err = c.auth.wrap(handler, health, watched.REST, c.selection.Scope(), logger); err != nil {
		return err
	}
	ctx, stop := context.WithCancel(ctx)
	var keeping sync.WaitGroup
	defer read.Wait()
	defer keeping.Wait()
	defer stop()
	read.Start(ctx)
	keeping.Go(func() { pages.Run(ctx) })
	logger.Info("watching", "cluster", watched.REST.Host, "version", version.Version)
	return c.serveHTTP(ctx, served{listeners, handler, secured}, served{probed, health, nil}, logger)
}

// shownBeside checks what pages show beside the present, and returns what is kept of incidents.
func (c *command) shownBeside(logger *slog.Logger) (*blackbox.Options, error) {
	if err := c.elsewhere.Check(); err != nil {
		return nil, err
	}
	return c.blackBox(logger)
}

// listen opens the addresses of the pages and of the health endpoints; the caller closes them.
func (c *command) listen(ctx context.Context) (pages, health server.Listeners, err error) {
	if pages, err = server.Listen(ctx, c.web); err != nil {
		return nil, nil, err
	}
	if health, err = server.ListenHealth(ctx, c.healthAddress); err != nil {
		pages.Close()
		return nil, nil, err
	}
	return pages, health, nil
}

// served is what is served, and where.
type served struct {
	at  server.Listeners
	by  http.Handler
	tls *tls.Config
}

// serveHTTP serves the pages and the health endpoints until ctx ends, or one of them
// cannot be served.
func (c *command) serveHTTP(ctx context.Context, pages, health served, logger *slog.Logger) error {
	both, ctx := errgroup.WithContext(ctx)
	both.Go(func() error { return server.ServeHealth(ctx, health.at, health.by, logger) })
	both.Go(func() error {
		return server.Serve(ctx, pages.at, pages.by, server.Options{
			Web: c.web, TLS: pages.tls, WriteTimeout: c.timeout + time.Minute, // a scrape of a large cluster by a slow client takes long to write
			Serving: func(url string) {
				_, _ = fmt.Fprintf(c.stdout, "kubevitals serves %[1]s/metrics\nIts status page is %[1]s/\n", url)
			},
		}, logger)
	})
	return both.Wait()
}

// frames returns the frame that is scraped, and what the pages show. Of a dump these
// differ: pages tell of its time, and Prometheus evaluates by its own clock.
func (c *command) frames(watched *target.Target, s *sources.Sources, named []exporter.Named, logger *slog.Logger) (*exporter.Frame, web.Exporter) {
	frame := exporter.NewFrame(named, logger)
	frame.Divide(c.shard)
	if c.selection.Scope() == collectors.Node {
		frame.Terse()
	}
	shown := web.Exporter{Elsewhere: c.elsewhere, Frame: frame, Sources: s, Target: c.targetLabels("self"), Timeout: c.timeout, Version: version.Version}
	if dump := watched.Snapshot; dump != nil {
		shown.Taken, shown.Tell = dump.Taken, c.teller(watched)
		frame = exporter.NewFrame(dump.AtPresent(named, time.Now), logger)
		frame.Divide(c.shard)
	}
	return frame, shown
}

// teller tells observations of a dump what it is of.
func (c *command) teller(watched *target.Target) func(*diagnosis.Observation) {
	return func(seen *diagnosis.Observation) {
		watched.Tell(seen)
		seen.NotRecorded = c.selection.LeftOut()
	}
}
