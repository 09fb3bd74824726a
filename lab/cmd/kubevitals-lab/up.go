package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"time"

	"github.com/kubevitals/kubevitals/lab/cluster"
)

// up starts a cluster, says how to use it, and stops it when ctx ends.
func up(ctx context.Context, args []string) error {
	flags := flag.NewFlagSet("up", flag.ContinueOnError)
	nodes := flags.Int("nodes", 3, "number of hollow nodes")
	dir := flags.String("dir", "", "folder for state and logs (default: a temporary one, removed at the end)")
	if err := flags.Parse(args); err != nil {
		return err
	}
	binary, err := os.Executable()
	if err != nil {
		return fmt.Errorf("find my own binary: %w", err)
	}
	starting, cancel := context.WithTimeout(ctx, 3*time.Minute)
	defer cancel()
	c, err := cluster.Start(starting, cluster.Options{
		Binary: binary, Dir: *dir, Nodes: *nodes,
		Logf: func(format string, args ...any) { _, _ = fmt.Fprintf(os.Stderr, format+"\n", args...) },
	})
	if err != nil {
		return err
	}
	defer c.Stop()
	fmt.Printf(`
The cluster is up. In another terminal:

  export KUBECONFIG=%[1]s
  kubectl get nodes

  bin/kubevitals --kubeconfig=%[1]s --kubelet.ca-file=%[2]s --web.listen-address=127.0.0.1:9899

Logs: %[3]s
A sick disk: kubevitals-lab reads %[4]s/NODE.filesystems.json; edit it.
Ctrl-C ends the cluster.
`, c.AdminKubeconfig(), c.KubeletCAFile(), c.LogDir(), c.Dir())
	<-ctx.Done()
	return nil
}
