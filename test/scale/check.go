package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"sync"
	"syscall"
	"text/tabwriter"
	"time"

	"github.com/kubevitals/kubevitals/internal/diagnosis"
	"github.com/kubevitals/kubevitals/internal/fakecluster"
	"github.com/kubevitals/kubevitals/test/rulecost"
)

// benchCheck serves a cluster with a few faults, looks at it once with the binary,
// and writes what that cost. It fails if a fault is not named or a kubelet that
// answers was not read.
func benchCheck(ctx context.Context, s settings, stdout, stderr io.Writer) error {
	note := notes(stderr)
	note("making the cluster")
	now := time.Now()
	r := checkReport{settings: s}
	spec := s.fleet.spec(now)
	r.planted = s.fleet.plant(spec, now)
	spec.Kubelet = r.reads.of(spec.Kubelet)
	err := onFake(ctx, spec, func(ctx context.Context, _ *fakecluster.Cluster, flags []string) error {
		note("looking at it")
		return r.look(ctx, flags, stderr)
	})
	if err != nil {
		return err
	}
	return r.write(stdout)
}

// checkReport is what one look at the cluster came to.
type checkReport struct {
	settings settings
	planted  []fault
	reads    reads

	took, cpu, cluster time.Duration
	// peak are the most bytes that were resident, and 0 where the kernel is not Linux.
	peak   int64
	code   int
	result diagnosis.Result
}

// look runs the binary to its end. All that this process does meanwhile is to be
// the cluster.
func (r *checkReport) look(ctx context.Context, flags []string, stderr io.Writer) error {
	ctx, cancel := context.WithTimeout(ctx, r.settings.converge)
	defer cancel()
	var out bytes.Buffer
	args := append([]string{"check", "--output=json"}, flags...)
	command := exec.CommandContext(ctx, r.settings.binary, append(args, r.settings.arguments...)...)
	command.Stdout, command.Stderr = &out, stderr
	command.Cancel = func() error { return command.Process.Signal(syscall.SIGTERM) }
	command.WaitDelay = 10 * time.Second
	before, err := rulecost.ProcessCPU()
	if err != nil {
		return err
	}
	begun := time.Now()
	if err := command.Start(); err != nil {
		return fmt.Errorf("run %s: %w", r.settings.binary, err)
	}
	ended := make(chan struct{})
	var watching sync.WaitGroup
	watching.Go(func() { r.watchPeak(command, ended) })
	err = command.Wait()
	r.took = time.Since(begun)
	close(ended)
	watching.Wait()
	if _, exited := errors.AsType[*exec.ExitError](err); err != nil && !exited {
		return fmt.Errorf("run %s: %w", r.settings.binary, err)
	}
	after, err := rulecost.ProcessCPU()
	if err != nil {
		return err
	}
	state := command.ProcessState
	r.cpu, r.cluster, r.code = state.UserTime()+state.SystemTime(), after-before, state.ExitCode()
	if err := json.Unmarshal(out.Bytes(), &r.result); err != nil {
		return fmt.Errorf("%s ended with %s and no result: %w", r.settings.binary, state, err)
	}
	return nil
}

// watchPeak notes the most memory that the process has had, until it ends. The
// kernel's own account of a child would begin with the memory of this process.
func (r *checkReport) watchPeak(command *exec.Cmd, ended <-chan struct{}) {
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for {
		if u, err := readUsage(command.Process.Pid); err == nil {
			r.peak = max(r.peak, u.peak)
		}
		select {
		case <-ended:
			return
		case <-tick.C:
		}
	}
}

// write prints one figure a line, and fails if not everything was seen.
func (r *checkReport) write(w io.Writer) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	line := func(name, format string, args ...any) {
		_, _ = fmt.Fprintf(t, name+"\t"+format+"\n", args...)
	}
	s := r.settings
	s.fleet.write(line)
	line("flags of the binary", "%s", strings.Join(s.arguments, " "))
	line("cores, of this machine, for both processes", "%d", runtime.NumCPU())
	line("wall time", "%.1f s (window %s)", r.took.Seconds(), r.result.Window)
	line("CPU time of the look", "%.1f s", r.cpu.Seconds())
	line("CPU time of the cluster meanwhile", "%.1f s", r.cluster.Seconds())
	line("resident memory, peak", "%.1f MiB", mebibytes(r.peak))
	line("exit code", "%d", r.code)
	missing := r.unread(line)
	for _, c := range r.result.Alerts {
		line("found "+c.Alert, "%d", len(c.Findings))
	}
	for _, b := range r.result.Unavailable {
		line("could not be read: "+b.Kind+" "+b.Name, "%s", b.Reason)
	}
	if err := t.Flush(); err != nil {
		return err
	}
	for _, p := range r.planted {
		if !r.found(p) {
			missing = append(missing, fmt.Errorf("not found: %s with %s=%s", p.alert, p.label, p.value))
		}
	}
	if r.code != 1 {
		missing = append(missing, fmt.Errorf("exit code %d instead of 1", r.code))
	}
	return errors.Join(missing...)
}

// unread lists the endpoints that not all kubelets which answer were read at.
func (r *checkReport) unread(line func(name, format string, args ...any)) []error {
	var missing []error
	want := r.settings.fleet.nodes - 1 // one is dead
	for _, endpoint := range []string{"/stats/summary", "/configz", "/metrics"} {
		got := r.reads.count(endpoint)
		line("kubelets read at "+endpoint, "%d", got)
		if got != want {
			missing = append(missing, fmt.Errorf("%d of %d kubelets were read at %s", got, want, endpoint))
		}
	}
	return missing
}

func (r *checkReport) found(f fault) bool {
	return slices.ContainsFunc(r.result.Alerts, func(c diagnosis.FiringAlert) bool {
		if c.Alert != f.alert {
			return false
		}
		for _, one := range c.Findings {
			if one.Labels[f.label] == f.value {
				return true
			}
		}
		return false
	})
}
