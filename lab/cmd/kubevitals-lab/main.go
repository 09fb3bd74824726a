// Command kubevitals-lab is a whole Kubernetes control plane in one binary: it
// starts etcd, kube-apiserver, kube-controller-manager, kube-scheduler and
// kubelets as processes of itself, on loopback.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"slices"
	"syscall"

	"github.com/kubevitals/kubevitals/lab/components"
)

const usage = `usage: kubevitals-lab up [flags]
       kubevitals-lab down
       kubevitals-lab probe
       kubevitals-lab kubectl ...
       kubevitals-lab chaos [flags]
       kubevitals-lab matrix [flags]
       kubevitals-lab churn [flags]
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
	components.EndWithParent()
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
	case "churn":
		os.Exit(runCommand(name, runChurn, args))
	case initCommand:
		os.Exit(runCommand(name, nodeInit, args))
	case kubectlName:
		os.Args = os.Args[1:]
		kubectl()
	default:
		code, known := components.Run(context.Background(), name, args)
		if !known {
			_, _ = fmt.Fprintf(os.Stderr, "kubevitals-lab: unknown command %q; see kubevitals-lab --help\n", name)
			code = 2
		}
		os.Exit(code)
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
