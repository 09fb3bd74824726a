// Command scale measures kubevitals on a large cluster: it serves a fake one
// in this process, starts the real binary in another, and reads its metrics as
// Prometheus does. Everything stays on loopback. With -check it measures one look
// at the cluster instead, and with -node the agent of a node, on this machine,
// after making it busy. With -shards it compares exporters that divide the cluster with
// one alone. With -rules it measures what rules cost Prometheus, and with
// -soak it looks for what grows. With -serve it measures nothing, and lets others scrape.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"sync"
	"syscall"
	"time"
)

func main() {
	if len(os.Args) == 3 && os.Args[1] == holdArgument {
		os.Exit(hold(os.Args[2], os.Stdin, os.Stdout))
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// settings are the flags.
type settings struct {
	binary string
	// arguments are passed on to the binary.
	arguments []string
	fleet     fleet
	// churn is how many pods change each second.
	churn float64
	// converge bounds the wait until everything was read once.
	converge time.Duration
	// steady is how long the steady state is watched, with a scrape each interval.
	steady, interval time.Duration
	scrapes          int
	// cardinality asks for the number of series instead of for time and memory.
	cardinality bool
	// check asks for the cost of one look.
	check bool
	// rules is the file of those whose cost is asked for, if it is; they may take no more
	// than mostRules of one core a minute, unless that is zero.
	rules     string
	mostRules time.Duration
	// peer is the binary of kube-state-metrics to compare with, if it is.
	peer string
	// sizes are the numbers of nodes to measure clusters of, if it is asked for.
	sizes sizes
	// shards is how many exporters are to divide the cluster, if it is asked for.
	shards int
	// onNode asks for the cost of the agent of a node.
	onNode bool
	crowd  crowd
	// soak is how long to look for growth under faults, if at all, after what fills up
	// has had the time of warmUp; seed draws the faults.
	soak, warmUp time.Duration
	seed         uint64
	// serve asks for the cluster and kubevitals alone, for others to scrape, with that many
	// nodes that are ill.
	serve bool
	ill   int
}

func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	s, err := parse(args, stderr)
	switch {
	case errors.Is(err, flag.ErrHelp):
		return 0
	case err != nil:
		return 2
	}
	stderr = &shared{to: stderr}
	do := bench
	switch {
	case s.cardinality:
		do = cardinality
	case s.check:
		do = benchCheck
	case s.rules != "":
		do = benchRules
	case s.peer != "":
		do = benchPeer
	case len(s.sizes) > 0:
		do = benchSizes
	case s.shards > 0:
		do = benchShards
	case s.onNode:
		do = benchNode
	case s.soak > 0:
		do = soak
	case s.serve:
		do = serve
	}
	if err := do(ctx, s, stdout, stderr); err != nil {
		_, _ = fmt.Fprintf(stderr, "scale-bench: %v\n", err)
		return 1
	}
	return 0
}

// shared is written to by this process and, in its name, by the other.
type shared struct {
	mu sync.Mutex
	to io.Writer
}

func (s *shared) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.to.Write(p)
}

func parse(args []string, stderr io.Writer) (settings, error) {
	var s settings
	f := flag.NewFlagSet("scale-bench", flag.ContinueOnError)
	f.SetOutput(stderr)
	f.StringVar(&s.binary, "binary", "bin/kubevitals", "kubevitals `file` to measure; flags for it come after --")
	f.IntVar(&s.fleet.nodes, "nodes", 5000, "nodes of the cluster")
	f.IntVar(&s.fleet.pods, "pods", 50000, "pods of the cluster")
	f.IntVar(&s.fleet.hpas, "hpas", 5000, "HorizontalPodAutoscalers of the cluster")
	f.IntVar(&s.fleet.apiServers, "apiservers", 3, "API servers of the cluster")
	f.IntVar(&s.fleet.apiServerSeries, "apiserver-series", 100000, "series in the metrics of each API server")
	f.Float64Var(&s.churn, "churn", 0, "changes of pods per second")
	f.DurationVar(&s.converge, "converge", 15*time.Minute, "longest time until every source and kubelet was read")
	f.DurationVar(&s.steady, "steady", 2*time.Minute, "time to watch the steady state for")
	f.DurationVar(&s.interval, "interval", 15*time.Second, "time between scrapes in the steady state")
	f.IntVar(&s.scrapes, "scrapes", 10, "scrapes to time, with and without compression each")
	f.BoolVar(&s.cardinality, "cardinality", false, "print how many series each signal has, and fail if any grows with the number of pods")
	f.BoolVar(&s.check, "check", false, "measure one look with kubevitals check instead, and fail if it does not name what is wrong")
	f.StringVar(&s.rules, "rules", "", "measure what Prometheus takes to evaluate the rules of this `file` instead, on a day of samples")
	f.DurationVar(&s.mostRules, "most-rules", 0, "with -rules, fail if they take more of one core each minute")
	f.StringVar(&s.peer, "peer", "", "run kube-state-metrics, this `file`, beside it, scrape both in turn, and print the ratios")
	f.Var(&s.sizes, "sizes", "measure clusters of these numbers of nodes, such as 500,5000, and print a table")
	f.IntVar(&s.shards, "shards", 0, "run that many exporters that divide the cluster, and fail if they do not tell the same as one")
	f.BoolVar(&s.onNode, "node", false, "measure the agent of a node on this machine instead, and fail if it costs more than it may")
	f.IntVar(&s.crowd.processes, "processes", 2000, "with -node, processes to start")
	f.IntVar(&s.crowd.files, "files", 20, "with -node, open files of each process")
	f.IntVar(&s.crowd.watches, "watches", 20000, "with -node, inotify watches to hold")
	f.DurationVar(&s.soak, "soak", 0, "run for that long under random faults instead, and fail if memory, goroutines or descriptors grow")
	f.DurationVar(&s.warmUp, "warm-up", 65*time.Minute, "with -soak, time before that: the status page keeps an hour of history")
	f.Uint64Var(&s.seed, "seed", 1, "with -soak, draws the faults")
	f.BoolVar(&s.serve, "serve", false, "measure nothing: print where kubevitals serves, until it is interrupted")
	f.IntVar(&s.ill, "ill", 0, "with -serve, nodes that are not ready, and some faults beside them")
	if err := f.Parse(args); err != nil {
		return s, err
	}
	s.arguments = f.Args()
	if s.fleet.nodes < 1 || s.fleet.apiServers < 1 || s.scrapes < 1 || s.steady <= 0 || s.interval <= 0 {
		err := errors.New("nodes, apiservers, scrapes, steady and interval must be positive")
		_, _ = fmt.Fprintf(stderr, "scale-bench: %v\n", err)
		return s, err
	}
	return s, nil
}
