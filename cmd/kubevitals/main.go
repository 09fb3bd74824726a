// Command kubevitals exports the vital signs of a Kubernetes cluster as
// Prometheus metrics.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"syscall"

	"github.com/prometheus/common/promslog"
	"k8s.io/klog/v2"

	"github.com/kubevitals/kubevitals/internal/memlimit"
	"github.com/kubevitals/kubevitals/internal/terminal"
	"github.com/kubevitals/kubevitals/sources/health"
)

// The exit codes, as --help and the README list them.
const (
	exitOK     = 0 // stopped by a signal, or printed --help or --version
	exitFailed = 1 // failed while serving
	exitUsage  = 2 // a flag that is unknown or has a bad value
	exitConfig = 3 // a file that cannot be used: kubeconfig, CA, web configuration
	exitListen = 4 // a listen address that cannot be used
)

// exitError is an error that knows the exit code it leads to. Without an error in
// it, everything has been said.
type exitError struct {
	code int
	err  error
}

func (e *exitError) Error() string {
	if e.err == nil {
		return fmt.Sprintf("exit code %d", e.code)
	}
	return e.err.Error()
}
func (e *exitError) Unwrap() error { return e.err }

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], os.Stdout, os.Stderr, setUpProcess)
	stop()
	os.Exit(code)
}

// setUpProcess sets what there is one of in a process, which is why only main may: it
// sends what client-go reports, beside the errors it returns, to the logger, and makes
// the garbage collector heed the memory limit of the container.
func setUpProcess(logger *slog.Logger) {
	klog.SetSlogLogger(slog.New(health.Quiet(logger.Handler())))
	if limit := memlimit.Heed(os.DirFS("/"), os.Getenv); limit > 0 {
		logger.Info("memory limit follows the cgroup", "bytes", limit)
	}
}

// run is the whole program but for what is global; it returns the exit code.
func run(ctx context.Context, args []string, stdout, stderr io.Writer, adopt func(*slog.Logger)) int {
	c := newCommand(stdout, stderr)
	terminated := -1
	c.app.Terminate(func(code int) {
		if terminated < 0 {
			terminated = code
		}
	})
	name, err := c.app.Parse(args)
	switch {
	case terminated >= 0: // --help or --version
		return terminated
	case err != nil:
		_, _ = fmt.Fprintf(stderr, "kubevitals: %v; see kubevitals --help\n", explained(c.app, args, err))
		return exitUsage
	}
	c.line = terminal.NewStatusLine(stderr, terminal.Interactive(stderr))
	c.log.Writer = c.line
	if name != serveName {
		c.logLess("warn")
	}
	logger := promslog.New(c.log)
	adopt(logger)

	return exitCode(c.dispatch(ctx, name, logger), stderr)
}

// logLess logs from a level on, unless --log.level says from which: who waits for a
// result need not read how it comes about.
func (c *command) logLess(level string) {
	if !c.logLevelSet {
		_ = c.log.Level.Set(level) // fails for unknown levels only
	}
}

// exitCode says what went wrong, if there are words for it, and returns the exit code.
func exitCode(err error, stderr io.Writer) int {
	if err == nil {
		return exitOK
	}
	own, ok := errors.AsType[*exitError](err)
	if !ok || own.err != nil {
		_, _ = fmt.Fprintf(stderr, "kubevitals: %v\n", err)
	}
	if ok {
		return own.code
	}
	return exitFailed
}

// The names of the commands.
const (
	serveName    = "serve"
	checkName    = "check"
	snapshotName = "snapshot"
	exportName   = "export"
	explainName  = "explain"
	diffName     = "diff"
	alertsName   = "alerts"
	signalsName  = "signals"
	versionName  = "version"
	mcpName      = "mcp"

	completionName = "completion"
	manName        = "man"
)

func (c *command) dispatch(ctx context.Context, name string, logger *slog.Logger) error {
	switch name {
	case checkName:
		return c.runCheck(ctx, logger)
	case snapshotName:
		return c.runSnapshot(ctx, logger)
	case exportName:
		return c.runExport()
	case explainName:
		return c.runExplain()
	case diffName:
		return c.runDiff(ctx, logger)
	case alertsName:
		return c.runAlerts()
	case signalsName:
		return c.runSignals()
	case versionName:
		return c.runVersion()
	case mcpName:
		return c.runMCP(ctx, logger)
	case completionName:
		return c.runCompletion()
	case manName:
		return c.runMan()
	}
	return c.serve(ctx, logger)
}
