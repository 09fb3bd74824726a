// Command scale-bench runs kubevitals, as a process of its own, against a large
// cluster that is played back on loopback, and prints what it costs.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"time"

	"github.com/kubevitals/kubevitals/internal/playback"
)

// settings are the command line.
type settings struct {
	binary            string
	nodes, pods, hpas int
	scrapes           int
	steady, limit     time.Duration
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := run(ctx, os.Args[1:], os.Stdout)
	stop()
	if err != nil {
		_, _ = fmt.Fprintln(os.Stderr, "scale-bench:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, w io.Writer) error {
	var s settings
	flags := flag.NewFlagSet("scale-bench", flag.ContinueOnError)
	flags.StringVar(&s.binary, "binary", "bin/kubevitals", "kubevitals to measure")
	flags.IntVar(&s.nodes, "nodes", 5000, "nodes, each with a kubelet")
	flags.IntVar(&s.pods, "pods", 50000, "pods")
	flags.IntVar(&s.hpas, "hpas", 5000, "HorizontalPodAutoscalers")
	flags.IntVar(&s.scrapes, "scrapes", 7, "scrapes to time")
	flags.DurationVar(&s.steady, "steady", 30*time.Second, "how long to watch the processor time at rest")
	flags.DurationVar(&s.limit, "limit", 5*time.Minute, "how long to wait until everything was read once")
	if err := flags.Parse(args); err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "scale-bench-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	cluster, err := playback.Start(ctx, snapshot(s), playback.Options{})
	if err != nil {
		return fmt.Errorf("play the cluster back: %w", err)
	}
	defer cluster.Close()
	files, err := cluster.WriteFiles(dir)
	if err != nil {
		return err
	}
	p, err := start(ctx, s.binary, files)
	if err != nil {
		return err
	}
	defer p.stop()
	return measure(ctx, w, s, p)
}

// measure waits until kubevitals has read everything, and then scrapes it.
func measure(ctx context.Context, w io.Writer, s settings, p *process) error {
	begun := time.Now()
	if err := p.waitUntilComplete(ctx, s); err != nil {
		return err
	}
	complete := time.Since(begun)
	plain, err := p.scrapes(ctx, s.scrapes, false)
	if err != nil {
		return err
	}
	packed, err := p.scrapes(ctx, s.scrapes, true)
	if err != nil {
		return err
	}
	before, err := p.usage()
	if err != nil {
		return err
	}
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(s.steady):
	}
	after, err := p.usage()
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(w, `
%d nodes, %d pods, %d HorizontalPodAutoscalers, played back on loopback:

  everything read once after   %s
  series                       %d
  /metrics, plain              %.1f MB, median %s (%s to %s) of %d scrapes
  /metrics, gzip               %.1f MB, median %s (%s to %s)
  resident memory              %.0f MB, at most %.0f MB
  processor at rest            %.1f %% of one core over %s
`, s.nodes, s.pods, s.hpas,
		complete.Round(time.Second), plain.series,
		float64(plain.bytes)/1e6, plain.median(), plain.took[0], plain.took[len(plain.took)-1], len(plain.took),
		float64(packed.bytes)/1e6, packed.median(), packed.took[0], packed.took[len(packed.took)-1],
		float64(after.resident)/1e6, float64(after.peak)/1e6,
		100*(after.cpu-before.cpu).Seconds()/s.steady.Seconds(), s.steady)
	return err
}

// start starts kubevitals with the intervals that it has by default.
func start(ctx context.Context, binary string, files playback.Files) (*process, error) {
	command := exec.CommandContext(ctx, binary,
		"--kubeconfig="+files.Kubeconfig, "--kubelet.ca-file="+files.KubeletCA,
		"--web.listen-address=127.0.0.1:0", "--log.level=error", "--collector.apiserver.write-probe-lease=")
	command.Stderr = os.Stderr
	output, err := command.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := command.Start(); err != nil {
		return nil, fmt.Errorf("start %s (run make build first): %w", binary, err)
	}
	p := &process{command: command}
	if _, err := fmt.Fscanf(output, "kubevitals serves %s\n", &p.url); err != nil {
		p.stop()
		return nil, errors.New("kubevitals did not say where it serves")
	}
	return p, nil
}
