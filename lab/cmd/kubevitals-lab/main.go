// Command kubevitals-lab is a whole Kubernetes control plane in one binary: it
// starts etcd, kube-apiserver, kube-controller-manager, kube-scheduler and
// kubelets as processes of itself, on loopback.
package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"

	"github.com/spf13/cobra"
	"go.etcd.io/etcd/server/v3/etcdmain"
	"k8s.io/component-base/cli"
	_ "k8s.io/component-base/logs/json/register"
	_ "k8s.io/component-base/metrics/prometheus/clientgo"
	_ "k8s.io/component-base/metrics/prometheus/version"
	apiserver "k8s.io/kubernetes/cmd/kube-apiserver/app"
	controllermanager "k8s.io/kubernetes/cmd/kube-controller-manager/app"
	proxy "k8s.io/kubernetes/cmd/kube-proxy/app"
	scheduler "k8s.io/kubernetes/cmd/kube-scheduler/app"

	"github.com/kubevitals/kubevitals/lab/cluster"
	"github.com/kubevitals/kubevitals/lab/hollow"
)

func main() {
	if calledAsKubectl() {
		kubectl()
		return
	}
	if len(os.Args) < 2 || slices.Contains([]string{"-h", "--help", "help"}, os.Args[1]) {
		_, _ = fmt.Fprint(os.Stderr, "usage: kubevitals-lab up [flags]\n       kubevitals-lab kubectl ...\n       kubevitals-lab chaos [flags]\n\nThe first starts a control plane and hollow kubelets on loopback; Ctrl-C ends it.\n")
		os.Exit(2)
	}
	endWithParent()
	name, args := os.Args[1], os.Args[2:]
	switch name {
	case "up":
		ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
		err := up(ctx, args)
		stop()
		if err != nil {
			_, _ = fmt.Fprintf(os.Stderr, "kubevitals-lab: %v\n", err)
			os.Exit(1)
		}
	case "chaos":
		ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
		err := runChaos(ctx, args)
		stop()
		if err != nil {
			_, _ = fmt.Fprintf(os.Stderr, "kubevitals-lab chaos: %v\n", err)
			os.Exit(1)
		}
	case cluster.Etcd:
		etcdmain.Main(append([]string{"etcd"}, args...))
	case cluster.APIServer:
		os.Exit(runComponent(apiserver.NewAPIServerCommand(), args))
	case cluster.ControllerManager:
		os.Exit(runComponent(controllermanager.NewControllerManagerCommand(), args))
	case cluster.Scheduler:
		os.Exit(runComponent(scheduler.NewSchedulerCommand(), args))
	case cluster.Proxy:
		os.Exit(runComponent(proxy.NewProxyCommand(), args))
	case cluster.HollowKubelet:
		os.Exit(runComponent(hollow.NewCommand(), args))
	case kubectlName:
		os.Args = os.Args[1:]
		kubectl()
	default:
		_, _ = fmt.Fprintf(os.Stderr, "kubevitals-lab: unknown command %q; see kubevitals-lab --help\n", name)
		os.Exit(2)
	}
}

func runComponent(command *cobra.Command, args []string) int {
	command.SetArgs(args)
	return cli.Run(command)
}

// endWithParent makes this process end when the one that started it does, even
// if that was killed: the parent holds the other end of a pipe and never writes.
func endWithParent() {
	if os.Getenv(cluster.LifelineEnv) == "" {
		return
	}
	pipe := os.NewFile(3, "lifeline")
	go func() {
		_, _ = io.Copy(io.Discard, pipe)
		_, _ = fmt.Fprintln(os.Stderr, strings.Join(os.Args[:2], " ")+": the parent process ended")
		os.Exit(1)
	}()
}
