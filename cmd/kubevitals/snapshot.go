package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/version"

	"github.com/kubevitals/kubevitals/collectors"
	"github.com/kubevitals/kubevitals/internal/snapshot"
)

// taking is how a snapshot is taken.
type taking struct {
	dir    string
	window time.Duration
	redact bool
}

func (c *command) snapshotFlags() {
	c.app.Flag("snapshot", "Read the cluster from a snapshot of kubevitals snapshot or from a dump of others: a folder, archive or file made by kubectl get -o yaml, kubectl cluster-info dump or troubleshoot.sh.").
		PlaceHolder("PATH").StringVar(&c.snapshot)
	s := c.app.Command(snapshotName, "Write what kubevitals needs to know of the cluster to a folder, for --snapshot. Without Secrets, ConfigMaps and logs.")
	s.Arg("dir", "Folder to make; it must not exist or be empty.").Required().StringVar(&c.taking.dir)
	s.Flag("window", "Time between the two recordings of what is probed.").Default("30s").DurationVar(&c.taking.window)
	s.Flag("redact-names", "Replace the names of nodes, namespaces, pods and all that refers to them.").BoolVar(&c.taking.redact)
}

// runSnapshot takes a snapshot of the cluster.
func (c *command) runSnapshot(ctx context.Context, logger *slog.Logger) error {
	if c.snapshot != "" {
		return &exitError{exitUsage, errors.New("--snapshot: a snapshot of a snapshot is not taken; copy it")}
	}
	if c.taking.window <= 0 {
		return &exitError{exitUsage, fmt.Errorf("--window: %s is not a positive duration", c.taking.window)}
	}
	watched, host, err := c.openOnce(ctx, logger)
	if err != nil {
		return err
	}
	defer func() { _ = watched.Close() }()
	reader, err := c.read(ctx, watched, host, logger)
	if err != nil {
		return err
	}
	defer reader.Stop()
	manifest, err := snapshot.Record(ctx, c.taking.dir, snapshot.RecordOptions{
		REST: watched.REST, Kubelets: watched.Kubelets, Window: c.taking.window,
		Gather: func(ctx context.Context) ([]*dto.MetricFamily, error) {
			families, err := reader.GatherAll(ctx)
			c.line.Show("Recording, twice within " + c.taking.window.String())
			return families.Messages(), err
		},
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
