package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

	"github.com/kubevitals/kubevitals/collectors"
	"github.com/kubevitals/kubevitals/exporter"
	"github.com/kubevitals/kubevitals/internal/oneshot"
	"github.com/kubevitals/kubevitals/internal/target"
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

// open connects to the cluster of the flags; the caller closes it.
func (c *command) open(ctx context.Context, kubelets kubelet.Options, logger *slog.Logger) (*target.Target, error) {
	switch {
	case c.snapshot != "" && (c.demo || c.kubeconfig != "" || c.context != ""):
		return nil, &exitError{exitUsage, errors.New("--snapshot excludes --demo, --kubeconfig and --kubeconfig.context: the cluster is the dump")}
	case c.snapshot != "":
		t, err := target.FromSnapshot(ctx, c.snapshot, kubelets, logger)
		if err != nil {
			return nil, &exitError{exitConfig, fmt.Errorf("--snapshot: %w", err)}
		}
		return t, nil
	case c.demo:
		t, err := target.Demo(ctx, kubelets, logger)
		if err != nil {
			return nil, fmt.Errorf("--demo: %w", err)
		}
		return t, nil
	}
	t, err := target.Live(c.kubeconfig, c.context, kubelets)
	if err != nil {
		return nil, &exitError{exitConfig, err}
	}
	return t, nil
}

// build returns the sources of the cluster and the collectors that read them.
func (c *command) build(t *target.Target, host sources.HostConfig, logger *slog.Logger) (*sources.Sources, []exporter.Named, error) {
	s, named, err := t.Build(c.selection, host, c.shard, logger)
	if err != nil {
		return nil, nil, &exitError{exitConfig, err}
	}
	return s, named, nil
}

// openOnce connects to the cluster of the flags, to read it at once; the caller
// closes it.
func (c *command) openOnce(ctx context.Context, logger *slog.Logger) (*target.Target, sources.HostConfig, error) {
	kubelets, host, err := c.inputs()
	if err != nil {
		return nil, host, err
	}
	t, err := c.open(ctx, oneshot.Hurried(kubelets), logger)
	return t, host, err
}

// read begins to read the cluster once; the caller stops it.
func (c *command) read(ctx context.Context, t *target.Target, host sources.HostConfig, logger *slog.Logger) (*oneshot.Reader, error) {
	s, named, err := c.build(t, host, logger)
	if err != nil {
		return nil, err
	}
	return oneshot.Start(ctx, s, exporter.NewFrame(named, logger), c.line), nil
}

// targetLabels are the labels that Prometheus adds to what it scrapes from here.
func (c *command) targetLabels(instance string) map[string]string {
	job := "kubevitals"
	if c.selection.Scope() == collectors.Node {
		job = "kubevitals-node"
	}
	cluster := c.clusterName
	if c.shard.Total > 1 { // which sees a part, so that what it does not see is no health
		cluster = fmt.Sprintf("%s (shard %d of %d)", cluster, c.shard.Index, c.shard.Total)
	}
	return map[string]string{"job": job, "instance": instance, "cluster": cluster}
}
