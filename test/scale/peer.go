package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os/exec"
	"strconv"
	"syscall"
	"text/tabwriter"
	"time"

	"github.com/kubevitals/kubevitals/internal/fakecluster"
	"github.com/kubevitals/kubevitals/test/rulecost"
)

// peerFamilies are those of kube-state-metrics that say what kubevitals looks at, too.
const peerFamilies = "kube_node_status_condition,kube_node_info,kube_pod_status_phase,kube_pod_deletion_timestamp,kube_horizontalpodautoscaler_status_condition"

// pair is what the two took side by side.
type pair struct {
	settings  settings
	converged converged
	own, peer contestant
	// cluster is the CPU time that the played cluster took until all sources were available.
	cluster time.Duration
}

// contestant is one of the two.
type contestant struct {
	scrapes []sample
	// start is the CPU time until all sources of kubevitals were available, and scraped
	// that of all scrapes together.
	start, scraped time.Duration
	// resident is in the steady state, peak at the end; bytes.
	resident, peak int64
}

// benchPeer runs kube-state-metrics beside kubevitals on one cluster, scrapes the two in
// turn, and writes what each takes and the ratios.
func benchPeer(ctx context.Context, s settings, stdout, stderr io.Writer) error {
	note := notes(stderr)
	result := pair{settings: s}
	note("making the cluster")
	err := onFake(ctx, s.fleet.spec(time.Now()), func(ctx context.Context, _ *fakecluster.Cluster, flags []string) error {
		peer, err := startPeer(ctx, s.peer, flags[0], stderr)
		if err != nil {
			return err
		}
		defer peer.stop()
		begun := time.Now()
		own, err := start(ctx, s.binary, append(append(flags, "--web.listen-address="+fakecluster.Loopback+":0"), s.arguments...), stderr)
		if err != nil {
			return err
		}
		defer own.stop()
		made, err := rulecost.ProcessCPU()
		if err != nil {
			return err
		}
		result.converged, err = converge(ctx, s, own, begun, note, func() error { return result.started(own, peer, made) })
		if err != nil {
			return err
		}
		if err := peer.complete(ctx, s); err != nil {
			return err
		}
		return result.measure(ctx, own, peer, note)
	})
	if err != nil {
		return err
	}
	return result.write(stdout)
}

// startPeer starts kube-state-metrics on the cluster of a kubeconfig flag.
func startPeer(ctx context.Context, binary, kubeconfig string, stderr io.Writer) (*process, error) {
	ports, err := freePorts(ctx, 2)
	if err != nil {
		return nil, err
	}
	command := exec.CommandContext(ctx, binary, kubeconfig, "--resources=nodes,pods,horizontalpodautoscalers", "--metric-allowlist="+peerFamilies,
		"--host="+fakecluster.Loopback, "--port="+strconv.Itoa(ports[0]), "--telemetry-host="+fakecluster.Loopback, "--telemetry-port="+strconv.Itoa(ports[1]))
	var log bytes.Buffer // what it says is told if it ends
	command.Stderr = &log
	command.Cancel = func() error { return command.Process.Signal(syscall.SIGTERM) }
	command.WaitDelay = 10 * time.Second
	if err := command.Start(); err != nil {
		return nil, fmt.Errorf("start %s: %w", binary, err)
	}
	p := &process{url: fmt.Sprintf("http://%s:%d/metrics", fakecluster.Loopback, ports[0]), command: command, ended: make(chan struct{})}
	go func() {
		defer close(p.ended)
		if err := command.Wait(); err != nil && ctx.Err() == nil {
			_, _ = fmt.Fprintf(stderr, "%s ended: %v\n%s", binary, err, log.Bytes())
		}
	}()
	return p, nil
}

func freePorts(ctx context.Context, n int) (ports []int, err error) {
	for range n {
		l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", fakecluster.Loopback+":0")
		if err != nil {
			return nil, fmt.Errorf("a free port: %w", err)
		}
		// All are taken until the last one is known.
		defer func() { _ = l.Close() }()
		ports = append(ports, l.Addr().(*net.TCPAddr).Port)
	}
	return ports, nil
}

// complete waits until the peer tells of every pod.
func (p *process) complete(ctx context.Context, s settings) error {
	ctx, cancel := context.WithTimeout(ctx, s.converge)
	defer cancel()
	want := int64(s.fleet.nodes + s.fleet.pods + s.fleet.hpas) // a series each, at the least
	for {
		got, err := p.scrape(ctx, "identity")
		if err == nil && got.series >= want {
			return nil
		}
		if !p.alive() {
			return errors.New("kube-state-metrics has ended")
		}
		select {
		case <-time.After(time.Second):
		case <-ctx.Done():
			return fmt.Errorf("kube-state-metrics has %d series, want %d at the least: %w", got.series, want, errors.Join(err, ctx.Err()))
		}
	}
}

// started notes what each has taken until all sources were available; made is what making
// the cluster took.
func (r *pair) started(own, peer *process, made time.Duration) error {
	for p, c := range map[*process]*contestant{own: &r.own, peer: &r.peer} {
		u, err := p.usage()
		if err != nil {
			return err
		}
		c.start = u.cpu
	}
	all, err := rulecost.ProcessCPU()
	r.cluster = all - made
	return err
}

func (r *pair) measure(ctx context.Context, own, peer *process, note func(string, ...any)) error {
	note("letting both alone for %s", r.settings.steady)
	select {
	case <-time.After(r.settings.steady):
	case <-ctx.Done():
		return ctx.Err()
	}
	both := map[*process]*contestant{own: &r.own, peer: &r.peer}
	for p, c := range both {
		u, err := p.usage()
		if err != nil {
			return err
		}
		c.resident = u.resident
	}
	note("scraping the two in turn")
	for range r.settings.scrapes {
		for _, p := range []*process{own, peer} {
			if err := both[p].scrape(ctx, p); err != nil {
				return err
			}
		}
	}
	for p, c := range both {
		u, err := p.usage()
		if err != nil {
			return err
		}
		c.peak = u.peak
	}
	return nil
}

// scrape scrapes once more, and adds the CPU time of it, in which is what the process does
// beside.
func (c *contestant) scrape(ctx context.Context, p *process) error {
	before, err := p.usage()
	if err != nil {
		return err
	}
	one, err := p.scrape(ctx, "identity")
	if err != nil {
		return err
	}
	after, err := p.usage()
	if err != nil {
		return err
	}
	c.scrapes = append(c.scrapes, one)
	c.scraped += after.cpu - before.cpu
	return nil
}

// write prints one figure a line: that of kubevitals, of the peer, and the ratio.
func (r *pair) write(w io.Writer) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	line := func(name, format string, args ...any) { _, _ = fmt.Fprintf(t, name+"\t"+format+"\n", args...) }
	r.settings.fleet.write(line)
	line("sources available after", "%s", r.converged.sources.Round(time.Millisecond))
	line("kubelets read after", "%s", r.converged.kubelets.Round(time.Millisecond))
	line("CPU of the cluster until all sources are available", "%.1f s", r.cluster.Seconds())
	line("", "%s\t%s\t%s", "kubevitals", "kube-state-metrics", "ratio")
	row := func(name, format string, own, peer float64) {
		line(name, format+"\t"+format+"\t%.3f", own, peer, own/peer)
	}
	own, peer := r.own.scrapes[0], r.peer.scrapes[0]
	row("series", "%.0f", float64(own.series), float64(peer.series))
	row("body, MB", "%.1f", float64(own.whole)/1e6, float64(peer.whole)/1e6)
	row("CPU until all sources are available, s", "%.1f", r.own.start.Seconds(), r.peer.start.Seconds())
	row("scrape, median, ms", "%.0f", milliseconds(middle(r.own.scrapes)), milliseconds(middle(r.peer.scrapes)))
	row("CPU of a scrape, mean, ms", "%.0f", milliseconds(r.own.scraped)/float64(len(r.own.scrapes)), milliseconds(r.peer.scraped)/float64(len(r.peer.scrapes)))
	row("resident memory, MiB", "%.0f", mebibytes(r.own.resident), mebibytes(r.peer.resident))
	row("resident memory, peak, MiB", "%.0f", mebibytes(r.own.peak), mebibytes(r.peer.peak))
	return t.Flush()
}
