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
	kubelet "k8s.io/kubernetes/cmd/kubelet/app"

	"github.com/kubevitals/kubevitals/lab/cluster"
	"github.com/kubevitals/kubevitals/lab/hollow"
)

const usage = `usage: kubevitals-lab up [flags]
       kubevitals-lab down
       kubevitals-lab probe
       kubevitals-lab kubectl ...
       kubevitals-lab chaos [flags]
       kubevitals-lab matrix [flags]
       kubevitals-lab fault list|inject NAME|heal NAME

The first starts a control plane and hollow kubelets on loopback, or real nodes; Ctrl-C ends it.
The second removes what labs with real nodes left that were killed.
The third tells whether this machine can have real nodes.
The last makes a lab ill that runs, and well again.
`

func main() {
	if calledAsKubectl() {
		kubectl()
		return
	}
	if len(os.Args) < 2 || slices.Contains([]string{"-h", "--help", "help"}, os.Args[1]) {
		_, _ = fmt.Fprint(os.Stderr, usage)
		os.Exit(2)
	}
	endWithParent()
	name, args := os.Args[1], os.Args[2:]
	switch name {
	case "up":
		os.Exit(runCommand(name, up, args))
	case "down":
		os.Exit(runCommand(name, down, args))
	case "probe":
		os.Exit(runCommand(name, probe, args))
	case "chaos":
		os.Exit(runCommand(name, runChaos, args))
	case "fault":
		os.Exit(runCommand(name, fault, args))
	case "matrix":
		os.Exit(runCommand(name, runMatrix, args))
	case initCommand:
		os.Exit(runCommand(name, nodeInit, args))
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
	case cluster.RealKubelet:
		os.Exit(runComponent(kubelet.NewKubeletCommand(context.Background()), args))
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

// runCommand runs one of the lab's own commands until a signal ends it, and returns
// the exit code.
func runCommand(name string, command func(context.Context, []string) error, args []string) int {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP)
	defer stop()
	if err := command(ctx, args); err != nil {
		_, _ = fmt.Fprintf(os.Stderr, "kubevitals-lab %s: %v\n", name, err)
		return 1
	}
	return 0
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
