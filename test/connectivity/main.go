// Command connectivity plays a cluster whose network fails somewhere, and
// prints how well the rules of the mixin name the cause. It plays a reference model of
// the rules, which is fast enough for millions of rounds; with --promtool it has Prometheus evaluate the generated rules as well,
// on a sample of smaller clusters, and fails if they do not agree.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"time"
)

type options struct {
	nodes, zones, peers, attempts, quiet, rounds, sample int
	loss                                                 float64
	seed                                                 uint64
	promtool, rules                                      string
}

func main() {
	var o options
	flag.IntVar(&o.nodes, "nodes", 1000, "nodes of the cluster")
	flag.IntVar(&o.zones, "zones", 3, "zones of the cluster")
	flag.IntVar(&o.peers, "peers", 8, "nodes that each node probes")
	flag.IntVar(&o.attempts, "attempts", 3, "failed probes in a row that make a failed round")
	flag.Float64Var(&o.loss, "loss", 0.01, "share of probes, or of packets, that are lost at random")
	flag.IntVar(&o.quiet, "quiet-rounds", 1_000_000, "rounds without a fault")
	flag.IntVar(&o.rounds, "rounds", 200, "rounds of each fault")
	flag.IntVar(&o.sample, "sample", 300, "clusters on which the rules themselves are evaluated")
	flag.Uint64Var(&o.seed, "seed", 1, "seed of the random numbers")
	flag.StringVar(&o.promtool, "promtool", "", "promtool, to evaluate the rules themselves")
	flag.StringVar(&o.rules, "rules", "mixin/generated/alerts-each.yaml", "file with the rules")
	flag.Parse()
	if err := run(context.Background(), o, os.Stdout); err != nil {
		_, _ = fmt.Fprintln(os.Stderr, "connectivity-sim:", err)
		os.Exit(1)
	}
}

// run fails if the targets are missed: 99 % of the causes named, and at most one
// false alert in a million rounds.
func run(ctx context.Context, o options, out io.Writer) error {
	start := time.Now()
	random := rand.New(rand.NewPCG(o.seed, 7))
	topology := NewTopology(o.nodes, o.zones, o.peers)
	p := printer{out: out}
	p.printf("%d nodes in %d zones, %d peers each: %d directed paths; a round is the window of the slowest alert, 6 evaluations\n\n",
		o.nodes, o.zones, o.peers, topology.Paths())
	missed := p.quiet(random, topology, o)
	missed = p.faults(random, topology, o) || missed
	p.series(o.peers)
	if o.promtool != "" {
		if err := p.compare(ctx, random, o); err != nil {
			return err
		}
	}
	p.printf("\n%s\n", time.Since(start).Round(time.Second))
	if missed {
		return fmt.Errorf("a target is missed")
	}
	return p.err
}

type printer struct {
	out io.Writer
	err error
}

func (p *printer) printf(format string, args ...any) {
	if _, err := fmt.Fprintf(p.out, format, args...); err != nil {
		p.err = err
	}
}

func (p *printer) quiet(r *rand.Rand, t *Topology, o options) (missed bool) {
	for _, noise := range []struct {
		name  string
		noise Noise
	}{
		{"every exchange fails by itself", Independent(o.loss, o.attempts)},
		{"every packet is lost by itself, and TCP repairs", Packets(o.loss, o.attempts)},
	} {
		score := Simulate(r, t, NoFault(), noise.noise, o.quiet)
		perMillion := float64(score.False) / float64(score.Rounds) * 1e6
		missed = missed || perMillion > 1
		p.printf("no fault, %g %% loss, %s: a round of probes to a peer fails with %.2g, for large ones only with %.2g\n", o.loss*100, noise.name, noise.noise.Lost, noise.noise.Large)
		p.printf("  %d rounds, %d false alerts: %.2f in a million rounds\n", score.Rounds, score.False, perMillion)
	}
	return missed
}

func (p *printer) faults(r *rand.Rand, t *Topology, o options) (missed bool) {
	p.printf("\n%-34s %8s %8s %8s %8s\n", "fault", "rounds", "right", "missed", "false")
	noise := Independent(o.loss, o.attempts)
	for _, f := range Faults() {
		score := Simulate(r, t, f, noise, o.rounds)
		right := float64(score.Right) / float64(score.Rounds)
		missed = missed || right < 0.99
		p.printf("%-34s %8d %7.2f%% %8d %8d\n", f.Name, score.Rounds, right*100, score.Missed, score.False)
	}
	return missed
}

// series prints how many series the agents make while all is well in a cluster of three
// zones, beside those of a series for each path between any two nodes.
func (p *printer) series(k int) {
	p.printf("\n%-8s %12s %12s %22s\n", "nodes", "paths", "series", "without a choice (N²)")
	for _, n := range []int{100, 1000, 5000} {
		paths := NewTopology(n, 0, k).Paths()
		// Good paths, three of them by zone; peers, times, counters; agents known.
		perNode := 3 + 3 + 4*(1+2+1) + 2*2
		p.printf("%-8d %12d %12d %22d\n", n, paths, perNode*n, 2*4*n*(n-1))
	}
}

// compare has promtool evaluate the rules on random clusters.
func (p *printer) compare(ctx context.Context, r *rand.Rand, o options) error {
	all, err := os.ReadFile(o.rules)
	if err != nil {
		return err
	}
	own, err := OwnRules(all)
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "connectivity-sim-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	cases := RandomCases(r, o.sample)
	for name, text := range map[string][]byte{"rules.yaml": own, "cases.yaml": RuleTest("rules.yaml", cases)} {
		if err := os.WriteFile(filepath.Join(dir, name), text, 0o600); err != nil {
			return err
		}
	}
	said, err := exec.CommandContext(ctx, o.promtool, "test", "rules", filepath.Join(dir, "cases.yaml")).CombinedOutput()
	if err != nil {
		return fmt.Errorf("the rules and the model do not agree: %w\n%.4000s", err, said)
	}
	p.printf("\nthe generated rules and the model agree on %d random clusters, label by label\n", o.sample)
	return nil
}
