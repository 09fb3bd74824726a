package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/kubevitals/kubevitals/lab/cluster"
	"github.com/kubevitals/kubevitals/lab/faults"
)

// up starts a cluster, says how to use it, and stops it when ctx ends.
func up(ctx context.Context, args []string) error {
	flags := flag.NewFlagSet("up", flag.ContinueOnError)
	nodes := flags.Int("nodes", -1, "number of hollow nodes (default: 3, or none beside real ones)")
	real := flags.Int("real-nodes", 0, "number of real nodes, 1 or 2: with containers, images and a network of pods; needs root and Debian's runc, containernetworking-plugins and iptables")
	bare := flags.Bool("bare", false, "start hollow nodes alone: no zones, metrics API, autoscaler and DNS, and no faults")
	dir := flags.String("dir", "", "folder for state and logs (default: a temporary one, removed at the end)")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if *real < 0 || *real > 2 {
		return errors.New("--real-nodes must be 0, 1 or 2")
	}
	if *nodes < 0 {
		*nodes = 3
		if *real > 0 {
			*nodes = 0
		}
	}
	binary, err := os.Executable()
	if err != nil {
		return fmt.Errorf("find my own binary: %w", err)
	}
	starting, cancel := context.WithTimeout(ctx, 5*time.Minute)
	defer cancel()
	options := cluster.Options{
		Binary: binary, Dir: *dir, Nodes: *nodes,
		Logf: func(format string, args ...any) { _, _ = fmt.Fprintf(os.Stderr, format+"\n", args...) },
	}
	began := time.Now()
	lab, err := start(starting, options, *real, *bare)
	if err != nil {
		return err
	}
	defer lab.stop()
	help(lab, time.Since(began))
	<-ctx.Done()
	return nil
}

// running is a cluster, what kubevitals is to be told to see all of it, and what stops it.
type running struct {
	*cluster.Cluster
	flags []string
	// faults tells whether kubevitals-lab fault reaches it.
	faults bool
	stop   func()
}

// start starts a cluster of hollow nodes, or with real ones.
func start(ctx context.Context, o cluster.Options, real int, bare bool) (running, error) {
	switch {
	case real > 0:
		c, release, err := startReal(ctx, o, real)
		if err != nil {
			return running{}, err
		}
		return running{c, []string{"--kubelet.ca-file=" + c.CAFile()}, false, func() { release(); c.Stop() }}, nil
	case bare:
		c, err := cluster.Start(ctx, o)
		if err != nil {
			return running{}, err
		}
		return running{c, []string{"--kubelet.ca-file=" + c.KubeletCAFile()}, false, c.Stop}, nil
	}
	return startWithFaults(ctx, o)
}

// startWithFaults starts a lab that kubevitals-lab fault reaches. CoreDNS is the one beside
// this program, if there is one.
func startWithFaults(ctx context.Context, o cluster.Options) (running, error) {
	coredns := filepath.Join(filepath.Dir(o.Binary), "coredns")
	if _, err := os.Stat(coredns); err == nil && os.Getenv(cluster.CoreDNSEnv) == "" {
		if err := os.Setenv(cluster.CoreDNSEnv, coredns); err != nil {
			return running{}, err
		}
	}
	l, err := faults.Start(ctx, o)
	if err != nil {
		return running{}, err
	}
	serving, stop := context.WithCancel(context.WithoutCancel(ctx))
	r := running{l.Cluster, l.Flags(), true, func() { stop(); l.Stop() }}
	if err := l.Serve(serving, l.Dir()); err != nil {
		r.stop()
		return running{}, err
	}
	return r, nil
}

// help says how to use the cluster.
func help(c running, took time.Duration) {
	fmt.Printf(`
The cluster is up after %[4]s. In another terminal:

  export KUBECONFIG=%[1]s
  kubectl get nodes

  bin/kubevitals --kubeconfig=%[1]s %[2]s --web.listen-address=127.0.0.1:9899

Logs: %[3]s
`, c.AdminKubeconfig(), strings.Join(c.flags, " "), c.LogDir(), took.Round(time.Second))
	if len(c.Kubelets()) > 0 {
		fmt.Printf("A sick disk: kubevitals-lab reads %s/NODE.filesystems.json; edit it.\n", c.Dir())
	}
	if c.faults {
		fmt.Println("Other faults: kubevitals-lab fault list")
	}
	fmt.Println("Ctrl-C ends the cluster.")
}
