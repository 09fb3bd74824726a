package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/version"

	"github.com/kubevitals/kubevitals/collectors"
	"github.com/kubevitals/kubevitals/collectors/kubelet"
	"github.com/kubevitals/kubevitals/exporter"
	"github.com/kubevitals/kubevitals/internal/dump"
)

// taking is how a snapshot is taken.
type taking struct {
	dir    string
	window time.Duration
	redact bool
}

func (c *command) snapshotFlags() {
	c.app.Flag("snapshot", "Watch a dump of a cluster: a folder, archive or file made by kubevitals snapshot, kubectl get -o yaml, kubectl cluster-info dump or troubleshoot.sh.").
		PlaceHolder("PATH").StringVar(&c.snapshot)
	s := c.app.Command(snapshotName, "Write what kubevitals needs to know of the cluster to a folder, for --snapshot. Without Secrets, ConfigMaps and logs.")
	s.Arg("dir", "Folder to make; it must not exist or be empty.").Required().StringVar(&c.taking.dir)
	s.Flag("window", "Time between the two recordings of what is probed.").Default("30s").DurationVar(&c.taking.window)
	s.Flag("redact-names", "Replace the names of nodes, namespaces, pods and all that refers to them.").BoolVar(&c.taking.redact)
}

// playSnapshot plays the dump that --snapshot names.
func (c *command) playSnapshot(ctx context.Context, kubelets kubelet.Options, logger *slog.Logger) (cluster, error) {
	if c.demo || c.kubeconfig != "" || c.context != "" {
		return cluster{}, &exitError{exitUsage, errors.New("--snapshot excludes --demo, --kubeconfig and --kubeconfig.context: the cluster is the dump")}
	}
	d, err := dump.Open(ctx, c.snapshot)
	if err != nil {
		return cluster{}, &exitError{exitConfig, fmt.Errorf("--snapshot: %w", err)}
	}
	for _, warning := range d.Warnings {
		logger.Warn("the dump is not whole", "path", c.snapshot, "what", warning)
	}
	logger.Info("read a dump", "path", c.snapshot, "objects", len(d.Objects), "of", d.Taken.UTC().Format(time.RFC3339), "says", d.TakenFrom)
	playing, err := d.Play(ctx, logger)
	if err != nil {
		return cluster{}, errors.Join(err, d.Close())
	}
	return cluster{config: playing.RESTConfig(), kubelets: kubelets, dump: d, close: func() {
		playing.Close()
		_ = d.Close()
	}}, nil
}

// runSnapshot takes a snapshot of the cluster.
func (c *command) runSnapshot(ctx context.Context, logger *slog.Logger) error {
	if c.snapshot != "" {
		return &exitError{exitUsage, errors.New("--snapshot: a snapshot of a snapshot is not taken; copy it")}
	}
	if c.taking.window <= 0 {
		return &exitError{exitUsage, fmt.Errorf("--window: %s is not a positive duration", c.taking.window)}
	}
	kubelets, err := c.kubeletOptions()
	if err != nil {
		return &exitError{exitUsage, err}
	}
	host, err := c.hostConfig()
	if err != nil {
		return &exitError{exitConfig, err}
	}
	watched, err := c.cluster(ctx, kubelets, logger)
	if err != nil {
		return err
	}
	defer watched.close()
	sources, named, err := c.collectors(watched, host, logger)
	if err != nil {
		return err
	}
	running, stop := context.WithCancel(ctx)
	defer sources.Wait()
	defer stop()
	sources.Start(running)
	frame := exporter.NewFrame(named, logger)
	manifest, err := dump.Take(ctx, c.taking.dir, dump.TakeOptions{
		REST: watched.config, Kubelets: watched.kubelets, Window: c.taking.window,
		Gather:      func(ctx context.Context) ([]*dto.MetricFamily, error) { return settled(ctx, frame) },
		Definitions: collectors.Catalogue(), RedactNames: c.taking.redact,
		Version: version.Version, Now: time.Now, Logger: logger,
	})
	if err != nil {
		return fmt.Errorf("snapshot: %w", err)
	}
	_, _ = fmt.Fprintf(c.stdout, "%s holds a snapshot of %s; look at it with: kubevitals --snapshot=%s\n",
		c.taking.dir, manifest.Taken.UTC().Format(time.RFC3339), c.taking.dir)
	return nil
}

const (
	// settlingFor is how long sources may take for their first reading: the first
	// answers of 5,000 kubelets take 50 s.
	settlingFor = 2 * time.Minute
	// settlingPause is the time between two looks.
	settlingPause = time.Second
)

// settled gathers once no source is starting any more and the number of samples
// does not grow, or after settlingFor at the latest.
func settled(ctx context.Context, frame *exporter.Frame) ([]*dto.MetricFamily, error) {
	deadline := time.Now().Add(settlingFor)
	before := -1
	for {
		families, err := gather(ctx, frame)
		if err != nil {
			return nil, err
		}
		count, starting := survey(families)
		if !starting && count == before || time.Now().After(deadline) {
			return families, nil
		}
		before = count
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(settlingPause):
		}
	}
}

// gather runs all collectors once.
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

// survey counts samples and tells whether a source has not been read yet.
func survey(families []*dto.MetricFamily) (count int, starting bool) {
	for _, f := range families {
		count += len(f.GetMetric())
		if !strings.HasSuffix(f.GetName(), "_available") {
			continue
		}
		for _, m := range f.GetMetric() {
			for _, l := range m.GetLabel() {
				starting = starting || l.GetName() == "reason" && l.GetValue() == "starting"
			}
		}
	}
	return count, starting
}
