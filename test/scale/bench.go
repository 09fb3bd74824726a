package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/kubevitals/kubevitals/internal/fakecluster"
)

// bench serves the cluster, runs the binary on it and writes the report.
func bench(ctx context.Context, s settings, stdout, stderr io.Writer) error {
	note := notes(stderr)
	r := measured{settings: s}
	err := onFleet(ctx, s, stderr, func(ctx context.Context, cluster *fakecluster.Cluster, p *process, begun time.Time) error {
		return r.measure(ctx, cluster, p, begun, note)
	})
	if err != nil {
		return err
	}
	return r.write(stdout)
}

func notes(stderr io.Writer) func(string, ...any) {
	return func(format string, args ...any) {
		_, _ = fmt.Fprintf(stderr, time.Now().Format(time.TimeOnly)+" "+format+"\n", args...)
	}
}

// onFleet serves the fleet and runs the binary on it while do runs.
func onFleet(ctx context.Context, s settings, stderr io.Writer,
	do func(ctx context.Context, cluster *fakecluster.Cluster, p *process, begun time.Time) error,
) error {
	notes(stderr)("making the cluster")
	return onCluster(ctx, s, s.fleet.spec(time.Now()), stderr, do)
}

// onCluster serves the cluster and runs the binary on it while do runs.
func onCluster(ctx context.Context, s settings, spec *fakecluster.Spec, stderr io.Writer,
	do func(ctx context.Context, cluster *fakecluster.Cluster, p *process, begun time.Time) error,
) error {
	return onFake(ctx, spec, func(ctx context.Context, cluster *fakecluster.Cluster, flags []string) error {
		begun := time.Now()
		flags = append(flags, "--web.listen-address="+fakecluster.Loopback+":0")
		p, err := start(ctx, s.binary, append(flags, s.arguments...), stderr)
		if err != nil {
			return err
		}
		// It ends before the cluster does, of which it would complain.
		defer p.stop()
		notes(stderr)("reading %s", p.url)
		return do(ctx, cluster, p, begun)
	})
}

// onFake serves the cluster while do runs, which is told the flags by which
// kubevitals reaches it.
func onFake(ctx context.Context, spec *fakecluster.Spec,
	do func(ctx context.Context, cluster *fakecluster.Cluster, flags []string) error,
) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	cluster, err := fakecluster.Start(ctx, spec, fakecluster.Options{})
	if err != nil {
		return fmt.Errorf("serve the cluster: %w", err)
	}
	defer cluster.Close()

	dir, err := os.MkdirTemp("", "scale-bench-")
	if err != nil {
		return fmt.Errorf("folder for the credentials: %w", err)
	}
	defer func() { _ = os.RemoveAll(dir) }()
	files, err := cluster.WriteFiles(dir)
	if err != nil {
		return err
	}
	return do(ctx, cluster, []string{"--kubeconfig=" + files.Kubeconfig, "--kubelet.ca-file=" + files.KubeletCA})
}

// measure takes the figures of the report, one after the other.
func (r *measured) measure(ctx context.Context, cluster *fakecluster.Cluster, p *process, begun time.Time, note func(string, ...any)) error {
	var err error
	if r.converged, err = converge(ctx, r.settings, p, begun, note); err != nil {
		return err
	}
	if r.settings.churn > 0 {
		note("watching the steady state for %s, before pods change", r.settings.steady)
		if r.calm, err = watchSteady(ctx, r.settings, p); err != nil {
			return err
		}
	}
	churning, calm := context.WithCancel(ctx)
	defer calm()
	churned := churn(churning, cluster, r.settings)
	note("watching the steady state for %s", r.settings.steady)
	if r.steady, err = watchSteady(ctx, r.settings, p); err != nil {
		return err
	}
	note("timing scrapes")
	for _, encoding := range []string{"identity", "gzip"} {
		for range r.settings.scrapes {
			sample, err := p.scrape(ctx, encoding)
			if err != nil {
				return err
			}
			r.scrapes = append(r.scrapes, sample)
		}
	}
	if r.usage, err = p.usage(); err != nil {
		return err
	}
	note("looking at the status page")
	if r.page, err = p.statusPage(ctx); err != nil {
		return err
	}
	calm()
	if r.churned, err = churned(); err != nil {
		return fmt.Errorf("change pods: %w", err)
	}
	return nil
}

// converged tells how long it took until everything had been read.
type converged struct {
	sources, kubelets time.Duration
}

// converge waits until all sources are available and every endpoint of every
// kubelet has been read well. When all sources are, it calls those who want to know.
func converge(ctx context.Context, s settings, p *process, begun time.Time, note func(string, ...any), available ...func() error) (converged, error) {
	var c converged
	ctx, cancel := context.WithTimeout(ctx, s.converge)
	defer cancel()
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	var last sample
	for {
		// Nobody scrapes all metrics each second: it would take much of what the start may.
		sample, err := p.scrape(ctx, "gzip", "kubevitals_source_available", "kubevitals_kubelet_available")
		switch {
		case err == nil:
			last = sample
		case ctx.Err() == nil && p.alive():
			note("scrape failed, trying again: %v", err)
		case ctx.Err() == nil:
			return c, err
		}
		if c.sources == 0 && last.sourcesReady() {
			c.sources = time.Since(begun)
			note("all sources are available after %s", c.sources.Round(time.Millisecond))
			for _, tell := range available {
				if err := tell(); err != nil {
					return c, err
				}
			}
		}
		if c.sources != 0 && last.kubeletsReady(s.fleet.nodes) {
			c.kubelets = time.Since(begun)
			note("all kubelets were read after %s", c.kubelets.Round(time.Millisecond))
			return c, nil
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return c, fmt.Errorf("not everything was read within %s: sources available %d of %d, kubelet endpoints %d of %d",
				s.converge, last.sourcesAvailable, last.sources, last.kubeletsAvailable, last.kubelets)
		}
	}
}

// steady is what the process cost while nothing special went on.
type steady struct {
	took    time.Duration
	cpu     time.Duration
	scrapes int
	// resident is the memory at the end, in bytes.
	resident int64
}

// share is how much of one core it took, as a ratio.
func (s steady) share() float64 { return s.cpu.Seconds() / s.took.Seconds() }

func watchSteady(ctx context.Context, s settings, p *process) (steady, error) {
	before, err := p.usage()
	if err != nil {
		return steady{}, err
	}
	begun := time.Now()
	end := time.NewTimer(s.steady)
	defer end.Stop()
	tick := time.NewTicker(s.interval)
	defer tick.Stop()
	var result steady
	for {
		select {
		case <-ctx.Done():
			return result, ctx.Err()
		case <-tick.C:
			if _, err := p.scrape(ctx, "gzip"); err != nil {
				return result, err
			}
			result.scrapes++
		case <-end.C:
			after, err := p.usage()
			if err != nil {
				return result, err
			}
			result.took, result.cpu, result.resident = time.Since(begun), after.cpu-before.cpu, after.resident
			return result, nil
		}
	}
}
