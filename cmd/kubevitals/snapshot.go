package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"regexp"
	"time"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/version"

	"github.com/kubevitals/kubevitals/collectors"
	"github.com/kubevitals/kubevitals/internal/diagnosis/runbook"
	"github.com/kubevitals/kubevitals/internal/snapshot"
)

// taking is how a snapshot is taken.
type taking struct {
	dir    string
	window time.Duration
	redact bool
	names  string
}

func (c *command) snapshotFlags() {
	c.app.Flag("snapshot", "Read the cluster from a snapshot of kubevitals snapshot or from a dump of others: a folder, archive or file made by kubectl get -o yaml, kubectl cluster-info dump or troubleshoot.sh.").
		PlaceHolder("PATH").StringVar(&c.snapshot)
	s := c.app.Command(snapshotName, "Write what kubevitals needs to know of the cluster to a folder, for --snapshot. Without Secrets, ConfigMaps and logs.")
	s.Arg("dir", "Folder to make; it must not exist or be empty.").Required().StringVar(&c.taking.dir)
	s.Flag("window", "Time between the two recordings of what is probed.").Default("30s").DurationVar(&c.taking.window)
	s.Flag("redact-names", "Replace the names of nodes, namespaces, pods and all that refers to them.").BoolVar(&c.taking.redact)
	s.Flag("names-file", "File to make, for you alone, with the names that --redact-names replaced, by what stands in their place: keep it to understand what others tell you of the snapshot.").
		PlaceHolder("FILE").StringVar(&c.taking.names)
}

// namesFile makes the file for the names that are replaced, which must not lie in the
// snapshot, for that is handed on. It is nil if none was asked for.
func (c *command) namesFile() (*os.File, error) {
	if c.taking.names == "" {
		return nil, nil
	}
	if !c.taking.redact {
		return nil, errors.New("--names-file: goes with --redact-names")
	}
	dir, err := filepath.Abs(c.taking.dir)
	if err != nil {
		return nil, fmt.Errorf("--names-file: %w", err)
	}
	file, err := filepath.Abs(c.taking.names)
	if err != nil {
		return nil, fmt.Errorf("--names-file: %w", err)
	}
	if within, err := filepath.Rel(dir, file); err == nil && filepath.IsLocal(within) {
		return nil, errors.New("--names-file: lies in the snapshot, which is for others; name a file elsewhere")
	}
	made, err := os.OpenFile(file, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return nil, fmt.Errorf("--names-file: %w", err)
	}
	return made, nil
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
	names, err := c.namesFile()
	if err != nil {
		return &exitError{exitUsage, err}
	}
	o := snapshot.RecordOptions{
		REST: watched.REST, Kubelets: watched.Kubelets, Window: c.taking.window,
		Gather: func(ctx context.Context) ([]*dto.MetricFamily, error) {
			families, err := reader.GatherAll(ctx)
			c.line.Show("Recording, twice within " + c.taking.window.String())
			return families.Messages(), err
		},
		Definitions: collectors.Catalogue(), RedactNames: c.taking.redact,
		Version: version.Version, Now: time.Now, Logger: logger,
	}
	if names != nil {
		o.Names = names
	}
	manifest, err := snapshot.Record(ctx, c.taking.dir, o)
	if names != nil {
		err = errors.Join(err, names.Close())
	}
	if err != nil {
		if names != nil {
			err = errors.Join(err, os.Remove(names.Name()))
		}
		return fmt.Errorf("snapshot: %w", err)
	}
	_, _ = fmt.Fprintf(c.stdout, "%s holds a snapshot of %s; look at it with:\n  kubevitals check --snapshot=%s\n",
		c.taking.dir, manifest.Taken.UTC().Format(time.RFC3339), word(c.taking.dir))
	return nil
}

// word makes one word of a shell of a path, in quotes only where it needs them.
func word(path string) string {
	if regexp.MustCompile(`^[A-Za-z0-9_./=:@%+-]+$`).MatchString(path) {
		return path
	}
	return runbook.Quote(path)
}
