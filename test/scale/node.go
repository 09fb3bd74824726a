package main

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/kubevitals/kubevitals/internal/fakecluster"
	"github.com/kubevitals/kubevitals/sources/exposition"
)

// What the agent of a node may cost. Memory is what is not in files: clean pages of
// the program count as resident, but the kernel takes them back before anything
// else, and the working set of a cgroup is without them as long as they are idle.
const (
	mostAnonymous = 16 << 20 // bytes
	mostCPU       = 0.01     // of one core
)

// benchNode makes this machine busy, runs the agent of a node on it and writes
// what it costs.
func benchNode(ctx context.Context, s settings, stdout, stderr io.Writer) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	note := notes(stderr)
	note("starting %d processes with %d inotify watches", s.crowd.processes, s.crowd.watches)
	crowd, err := s.crowd.gather(ctx)
	if err != nil {
		return err
	}
	defer crowd.disperse()
	spec, err := fakecluster.Demo(time.Now())
	if err != nil {
		return fmt.Errorf("cluster to serve: %w", err)
	}
	r := nodeReport{settings: s}
	s.arguments = append([]string{"--scope=node"}, s.arguments...)
	err = onCluster(ctx, s, spec, stderr, func(ctx context.Context, _ *fakecluster.Cluster, p *process, _ time.Time) error {
		return r.measure(ctx, p, note)
	})
	if err != nil {
		return err
	}
	return r.write(stdout)
}

// nodeReport is what was measured of the agent of a node.
type nodeReport struct {
	settings settings
	took     time.Duration
	cpu      time.Duration
	scrapes  int
	// anonymous are the bytes at each scrape that are not in files; last is what the
	// process had used at the end.
	anonymous []int64
	last      usage
	seen      nodeSample
}

// nodeSample is what a scrape of the agent says.
type nodeSample struct {
	series             int64
	processes, watches float64
	failed             []string
}

func readNode(ctx context.Context, p *process) (nodeSample, error) {
	var n nodeSample
	body, err := p.fetch(ctx, &sample{encoding: "identity"})
	if err != nil {
		return n, fmt.Errorf("scrape %s: %w", p.url, err)
	}
	number := func(value []byte) float64 {
		f, _ := strconv.ParseFloat(string(value), 64)
		return f
	}
	parsed, err := exposition.Parse(body, exposition.Options{Visit: map[string]func(labels, value []byte){
		"kubevitals_inotify_scan_processes": func(_, v []byte) { n.processes = number(v) },
		"kubevitals_inotify_used": func(labels, v []byte) {
			if resource, _ := exposition.Label(labels, "resource"); resource == "watches" {
				n.watches += number(v)
			}
		},
		"kubevitals_scrape_collector_success": func(labels, v []byte) {
			if name, ok := exposition.Label(labels, "collector"); ok && number(v) != 1 {
				n.failed = append(n.failed, name)
			}
		},
	}})
	if err != nil {
		return n, fmt.Errorf("scrape %s: %w", p.url, err)
	}
	n.series = parsed.Series
	return n, nil
}

// measure waits for the first scan, and then scrapes as Prometheus does.
func (r *nodeReport) measure(ctx context.Context, p *process, note func(string, ...any)) error {
	if err := r.firstScan(ctx, p); err != nil {
		return err
	}
	note("watching the agent for %s", r.settings.steady)
	before, err := p.usage()
	if err != nil {
		return err
	}
	begun := time.Now()
	tick := time.NewTicker(r.settings.interval)
	defer tick.Stop()
	for time.Since(begun) < r.settings.steady {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
		if r.seen, err = readNode(ctx, p); err != nil {
			return err
		}
		r.scrapes++
		if r.last, err = p.usage(); err != nil {
			return err
		}
		r.anonymous = append(r.anonymous, r.last.anonymous)
	}
	r.took, r.cpu = time.Since(begun), r.last.cpu-before.cpu
	return nil
}

// firstScan waits until the agent has looked at all processes once.
func (r *nodeReport) firstScan(ctx context.Context, p *process) error {
	ctx, cancel := context.WithTimeout(ctx, r.settings.converge)
	defer cancel()
	for r.seen.processes == 0 {
		var err error
		if r.seen, err = readNode(ctx, p); err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("no scan within %s; this must be Linux, as root", r.settings.converge)
		case <-time.After(time.Second):
		}
	}
	return nil
}

// share is the share of one core that the agent used.
func (r *nodeReport) share() float64 { return r.cpu.Seconds() / r.took.Seconds() }

// write prints one figure a line, and fails if the agent costs more than it may.
func (r *nodeReport) write(w io.Writer) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	line := func(name, format string, args ...any) {
		_, _ = fmt.Fprintf(t, name+"\t"+format+"\n", args...)
	}
	s := r.settings
	line("processes started", "%d with %d open files each", s.crowd.processes, s.crowd.files)
	line("processes seen", "%.0f", r.seen.processes)
	line("inotify watches held", "%d", s.crowd.watches)
	line("inotify watches seen", "%.0f", r.seen.watches)
	line("flags of the binary", "%s", strings.Join(s.arguments, " "))
	line("series", "%d", r.seen.series)
	line("collectors that failed", "%s", strings.Join(append(r.seen.failed, "-")[:max(1, len(r.seen.failed))], ", "))
	line("memory not in files, end", "%.1f MiB", mebibytes(r.last.anonymous))
	line("memory not in files, most at a scrape", "%.1f MiB (may be %.1f MiB)", mebibytes(slices.Max(r.anonymous)), mebibytes(mostAnonymous))
	line("memory in files, end: pages of the program, which agents of one image share", "%.1f MiB", mebibytes(r.last.resident-r.last.anonymous))
	line("resident memory with the pages of the program, end", "%.1f MiB", mebibytes(r.last.resident))
	line("resident memory, peak of the start", "%.1f MiB", mebibytes(r.last.peak))
	line("CPU", "%.2f %% of one core (may be %.2f %%; over %s, %d scrapes)", 100*r.share(), 100*mostCPU, r.took.Round(time.Second), r.scrapes)
	if err := t.Flush(); err != nil {
		return err
	}
	switch {
	case int(r.seen.watches) < s.crowd.watches || int(r.seen.processes) < s.crowd.processes:
		return fmt.Errorf("the agent has not seen all: %.0f watches, %.0f processes", r.seen.watches, r.seen.processes)
	case slices.Max(r.anonymous) > mostAnonymous:
		return fmt.Errorf("the agent takes more memory than it may")
	case r.share() > mostCPU:
		return fmt.Errorf("the agent takes more CPU than it may")
	}
	return nil
}
