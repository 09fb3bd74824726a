package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"time"

	"github.com/kubevitals/kubevitals/lab/cluster"
)

// up starts a cluster, says how to use it, and stops it when ctx ends.
func up(ctx context.Context, args []string) error {
	flags := flag.NewFlagSet("up", flag.ContinueOnError)
	nodes := flags.Int("nodes", -1, "number of hollow nodes (default: 3, or none beside real ones)")
	real := flags.Int("real-nodes", 0, "number of real nodes, 1 or 2: with containers, images and a network of pods; needs root and Debian's runc, containernetworking-plugins and iptables")
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
	starting, cancel := context.WithTimeout(ctx, 3*time.Minute)
	defer cancel()
	options := cluster.Options{
		Binary: binary, Dir: *dir, Nodes: *nodes,
		Logf: func(format string, args ...any) { _, _ = fmt.Fprintf(os.Stderr, format+"\n", args...) },
	}
	began := time.Now()
	c, release, err := start(starting, options, *real)
	if err != nil {
		return err
	}
	defer c.Stop()
	defer release()
	help(c, *real, time.Since(began))
	<-ctx.Done()
	return nil
}

// start starts a cluster of hollow nodes, or with real ones.
func start(ctx context.Context, o cluster.Options, real int) (*cluster.Cluster, func(), error) {
	if real > 0 {
		return startReal(ctx, o, real)
	}
	c, err := cluster.Start(ctx, o)
	return c, func() {}, err
}

// help says how to use the cluster.
func help(c *cluster.Cluster, real int, took time.Duration) {
	authority := c.KubeletCAFile()
	if real > 0 {
		authority = c.CAFile()
	}
	fmt.Printf(`
The cluster is up after %[4]s. In another terminal:

  export KUBECONFIG=%[1]s
  kubectl get nodes

  bin/kubevitals --kubeconfig=%[1]s --kubelet.ca-file=%[2]s --web.listen-address=127.0.0.1:9899

Logs: %[3]s
`, c.AdminKubeconfig(), authority, c.LogDir(), took.Round(time.Second))
	if len(c.Kubelets()) > 0 {
		fmt.Printf("A sick disk: kubevitals-lab reads %s/NODE.filesystems.json; edit it.\n", c.Dir())
	}
	fmt.Println("Ctrl-C ends the cluster.")
}
