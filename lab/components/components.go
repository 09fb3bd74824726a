// Package components contains the programs of a control plane, and runs the one that is
// asked for. It is compiled against the Kubernetes of this module, and by package compat
// against older ones: what differs in between is in packages that it replaces in part.
package components

import (
	"context"
	"fmt"
	"io"
	"os"
	"strings"

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

	"github.com/kubevitals/kubevitals/lab/component"
	"github.com/kubevitals/kubevitals/lab/hollow"
)

// Run runs the component of that name until it ends, and returns its exit code; known is
// false, at once, if there is none. The context is that of the process.
func Run(ctx context.Context, name string, args []string) (code int, known bool) {
	switch name {
	case component.Etcd:
		etcdmain.Main(append([]string{"etcd"}, args...))
		return 0, true
	case component.APIServer:
		return run(apiserver.NewAPIServerCommand(), args), true
	case component.ControllerManager:
		return run(controllermanager.NewControllerManagerCommand(), args), true
	case component.Scheduler:
		return run(scheduler.NewSchedulerCommand(), args), true
	case component.Proxy:
		return run(proxy.NewProxyCommand(), args), true
	case component.RealKubelet:
		return run(kubelet.NewKubeletCommand(ctx), args), true
	case component.HollowKubelet:
		return run(hollow.NewCommand(), args), true //nolint:contextcheck // a signal ends it, as it ends the others
	}
	return 0, false
}

func run(command *cobra.Command, args []string) int {
	command.SetArgs(args)
	return cli.Run(command)
}

// EndWithParent makes this process end when the one that started it does, even
// if that was killed: the parent holds the other end of a pipe and never writes.
func EndWithParent() {
	if os.Getenv(component.LifelineEnv) == "" {
		return
	}
	pipe := os.NewFile(3, "lifeline")
	go func() {
		_, _ = io.Copy(io.Discard, pipe)
		_, _ = fmt.Fprintln(os.Stderr, strings.Join(os.Args[:2], " ")+": the parent process ended")
		os.Exit(1)
	}()
}
