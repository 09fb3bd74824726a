package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/kubevitals/kubevitals/lab/cluster"
)

// The exit codes of check.
const (
	nothingWrong = 0
	foundSome    = 1
	couldNotTell = 2
)

// once runs a command of kubevitals to its end. It is started by start, if given.
func once(ctx context.Context, start func(*exec.Cmd) error, args ...string) (code int, stdout, stderr string, err error) {
	ctx, cancel := context.WithTimeout(ctx, 3*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, os.Getenv(binaryEnv), append(args, "--log.level=error")...)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	// One that does not end says by its goroutines what it waits for.
	cmd.Cancel, cmd.WaitDelay = func() error { return cmd.Process.Signal(syscall.SIGQUIT) }, 10*time.Second
	if start == nil {
		start = (*exec.Cmd).Start
	}
	if err := start(cmd); err != nil {
		return 0, "", "", err
	}
	err = cmd.Wait()
	if ctx.Err() != nil {
		return 0, out.String(), errs.String(), fmt.Errorf("it did not end: %w", ctx.Err())
	}
	if exit, ok := errors.AsType[*exec.ExitError](err); ok && exit.ExitCode() > 0 {
		err = nil
	}
	return cmd.ProcessState.ExitCode(), out.String(), errs.String(), err
}

// result is what one check told.
type result struct {
	code   int
	Alerts []struct {
		// Commands are those to run first.
		Commands string
		Findings []struct {
			Alert, Severity, Description string
			Labels                       map[string]string
			// Reasons are why what a finding of kubevitals itself is about cannot be read.
			Reasons []string
		}
	}
	Incidents   []incident
	Unavailable []unavailable
}

// incident is what a check puts together, by its cause.
type incident struct {
	Severity string
	Cause    struct {
		Alert  string
		Labels map[string]string
	}
}

// causes are the alerts, with their labels, that incidents above info come from.
func (r result) causes() []string {
	all := []string{}
	for _, i := range r.Incidents {
		if i.Severity != "info" {
			all = append(all, fmt.Sprint(i.Cause.Alert, i.Cause.Labels))
		}
	}
	return all
}

// wantOneIncident fails unless all that a check finds above info is one incident of this
// cause.
func (v *vitals) wantOneIncident(t *testing.T, cause string, labels ...string) {
	t.Helper()
	want := append(firing{cause}, labels...)
	err := cluster.Eventually(t.Context(), time.Minute, func(ctx context.Context) error {
		looked, err := check(ctx, nil, v.sameFlags(t)...)
		if err != nil {
			return err
		}
		if len(looked.causes()) != 1 || !slices.ContainsFunc(looked.Incidents, func(i incident) bool { return want.is(i.Cause.Alert, i.Cause.Labels) }) {
			return fmt.Errorf("incidents of %v, want one of %s; found are %v", looked.causes(), want, looked.found())
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}

// unavailable is what a check could not read.
type unavailable struct{ Kind, Name, Reason string }

// found are the alerts with their labels, sorted.
func (r result) found() []string {
	var all []string
	for _, a := range r.Alerts {
		for _, f := range a.Findings {
			all = append(all, fmt.Sprint(f.Alert, f.Labels))
		}
	}
	slices.Sort(all)
	return all
}

// names tells whether the alert is found.
func (r result) names(want firing) bool {
	for _, a := range r.Alerts {
		for _, f := range a.Findings {
			if want.is(f.Alert, f.Labels) {
				return true
			}
		}
	}
	return false
}

// mustName fails unless the alert is found, and the exit code says that something is.
func (r result) mustName(f firing) error {
	if r.code != foundSome || !r.names(f) {
		return fmt.Errorf("check does not name %s, but %v; its exit code is %d", f, r.found(), r.code)
	}
	return nil
}

// check looks at a cluster once.
func check(ctx context.Context, start func(*exec.Cmd) error, args ...string) (result, error) {
	code, stdout, stderr, err := once(ctx, start, append([]string{"check", "-o", "json", "--window=2s"}, args...)...)
	r := result{code: code}
	if err != nil {
		return r, fmt.Errorf("check: %w\n%s", err, stderr)
	}
	if err := json.Unmarshal([]byte(stdout), &r); err != nil {
		return r, fmt.Errorf("check ended with %d: %w in %q; it says %s", code, err, stdout, stderr)
	}
	return r, nil
}

// sameFlags are the flags of a running kubevitals for a look at what it looks at.
// A file of state is copied, for both write to it.
func (v *vitals) sameFlags(t *testing.T) []string {
	t.Helper()
	const state = "--collector.stale_reads.state-file="
	flags := slices.Clone(v.flags)
	for i, flag := range flags {
		file, ok := strings.CutPrefix(flag, state)
		if !ok {
			continue
		}
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		copied := filepath.Join(t.TempDir(), filepath.Base(file))
		if err := os.WriteFile(copied, text, 0o600); err != nil {
			t.Fatal(err)
		}
		flags[i] = state + copied
	}
	return flags
}

// wantAlert fails unless the alert's expression holds once everything has stayed
// as it is for so long, with the labels: name, value, name, value. A look at the
// cluster must find the same, with nothing known but what it sees.
func (v *vitals) wantAlert(t *testing.T, stays time.Duration, alert string, labels ...string) {
	t.Helper()
	v.wantAlerts(t, stays, append(firing{alert}, labels...))
}

// wantAlerts does the same for several that hold at the same time.
func (v *vitals) wantAlerts(t *testing.T, stays time.Duration, alerts ...firing) {
	t.Helper()
	v.wantHolding(t, stays, alerts...)
	v.wantFound(t, stays, alerts...)
}

// wantHolding fails unless the alerts' expressions hold over some scrape: a pod that
// ends again and again, for one, counts as ready in between.
func (v *vitals) wantHolding(t *testing.T, stays time.Duration, alerts ...firing) {
	t.Helper()
	dir := t.TempDir()
	err := cluster.Eventually(t.Context(), time.Minute, func(ctx context.Context) error {
		all, err := v.alerts(ctx, dir, stays)
		if err != nil {
			return err
		}
		for _, f := range alerts {
			if !slices.ContainsFunc(all, func(h holding) bool { return f.is(h.Alert, h.Labels) }) {
				return fmt.Errorf("%s does not hold; what holds: %v", f, all)
			}
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}

// wantFound fails unless a check finds the alerts. What is ill may flicker, as a
// container that crashes does, so it may take some looks.
func (v *vitals) wantFound(t *testing.T, stays time.Duration, alerts ...firing) {
	t.Helper()
	args := append(v.sameFlags(t), "--stays="+stays.String())
	err := cluster.Eventually(t.Context(), time.Minute, func(context.Context) error {
		looked, err := check(t.Context(), nil, args...)
		if err != nil {
			return err
		}
		for _, f := range alerts {
			if err := looked.mustName(f); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}

// wantUnavailable fails unless a check says that it cannot tell, because of the source.
func wantUnavailable(t *testing.T, v *vitals, source, reason string) {
	t.Helper()
	looked, err := check(t.Context(), nil, v.sameFlags(t)...)
	if err != nil || looked.code != couldNotTell || !slices.Contains(looked.Unavailable, unavailable{"source", source, reason}) {
		t.Errorf("check does not say that %s is %s, but that it could not read %v; its exit code is %d, %v", source, reason, looked.Unavailable, looked.code, err)
	}
}
