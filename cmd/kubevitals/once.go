package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"

	"github.com/kubevitals/kubevitals/collectors"
	"github.com/kubevitals/kubevitals/collectors/kubelet"
	"github.com/kubevitals/kubevitals/collectors/watch"
	"github.com/kubevitals/kubevitals/exporter"
)

// inputs checks the flags that say what is read and how.
func (c *command) inputs() (kubelet.Options, collectors.HostConfig, error) {
	kubelets, err := c.kubeletOptions()
	if err != nil {
		return kubelets, collectors.HostConfig{}, &exitError{exitUsage, err}
	}
	host, err := c.hostConfig()
	if err != nil {
		return kubelets, host, &exitError{exitConfig, err}
	}
	return kubelets, host, nil
}

// open returns the cluster of the flags; the caller closes it.
func (c *command) open(ctx context.Context, logger *slog.Logger) (cluster, collectors.HostConfig, error) {
	kubelets, host, err := c.inputs()
	if err != nil {
		return cluster{}, host, err
	}
	watched, err := c.cluster(ctx, kubelets, logger)
	return watched, host, err
}

// read starts to read a cluster that is to be scraped a few times and not served.
// The caller calls stop, which returns when all reading has ended.
func (c *command) read(ctx context.Context, watched cluster, host collectors.HostConfig, logger *slog.Logger) (frame *exporter.Frame, stop func(), err error) {
	sources, named, err := c.collectors(watched, host, logger)
	if err != nil {
		return nil, nil, err
	}
	running, cancel := context.WithCancel(ctx)
	sources.Start(running)
	return exporter.NewFrame(named, logger), func() {
		cancel()
		sources.Wait()
	}, nil
}

const (
	// settlingFor is how long sources may take for their first reading: the first
	// answers of 5,000 kubelets take 50 s.
	settlingFor = 2 * time.Minute
	// probingFor is how long the first round of probes may take. It is longer than
	// what any probe waits for an answer by default; some probes never are made,
	// as those of writes where there is no Lease to write.
	probingFor = 10 * time.Second
	// settlingPause is the time between two looks.
	settlingPause = time.Second
)

// settled gathers once no source is starting any more, all probes were made and
// the number of samples does not grow, or after settlingFor at the latest. While
// no API server answers it waits for no source: nothing more would come of it.
func settled(ctx context.Context, frame *exporter.Frame) ([]*dto.MetricFamily, error) {
	begun := time.Now()
	before := -1
	for {
		families, err := gather(ctx, frame)
		if err != nil {
			return nil, err
		}
		count, starting := survey(families)
		waits := starting && !down(families) || probing(frame) && time.Since(begun) < probingFor
		if !waits && count == before || time.Since(begun) > settlingFor {
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

// down tells whether API servers were probed and none answers.
func down(families []*dto.MetricFamily) bool {
	probed := false
	for _, f := range families {
		if f.GetName() != "kubevitals_apiserver_up" {
			continue
		}
		for _, m := range f.GetMetric() {
			if m.GetGauge().GetValue() != 0 {
				return false
			}
			probed = true
		}
	}
	return probed
}

// probing tells whether a collector waits for its first round of probes. One that
// waits for a source is not meant: the source says so itself.
func probing(frame *exporter.Frame) bool {
	return slices.ContainsFunc(frame.Statuses(), func(s exporter.Status) bool {
		_, blind := errors.AsType[*watch.UnavailableError](s.Err)
		return !blind && errors.Is(s.Err, exporter.ErrNotReady)
	})
}
