// Package e2e tests kubevitals as users run it: as a process of its own, with
// the token of its service account and the rights that it ships, against a real
// control plane and real kubelets.
package e2e

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"testing"
	"time"

	"github.com/kubevitals/kubevitals/lab/cluster"
)

// binaryEnv names the kubevitals binary under test.
const binaryEnv = "KUBEVITALS_BINARY"

// lab is what all tests share: one cluster, one kubevitals.
type lab struct {
	*cluster.Cluster
	vitals     *vitals
	kubeconfig string // of the service account of kubevitals
}

// The tests of this package run one after the other on one cluster, because a
// cluster takes ten seconds to start. TestMain sets it before any test runs.
var shared *lab

func TestMain(m *testing.M) { os.Exit(run(m)) }

func run(m *testing.M) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	starting, cancel := context.WithTimeout(ctx, 3*time.Minute)
	defer cancel()
	c, err := cluster.Start(starting, cluster.Options{Nodes: 3, Logf: func(format string, args ...any) {
		_, _ = fmt.Fprintf(os.Stderr, format+"\n", args...)
	}})
	if err != nil {
		_, _ = fmt.Fprintln(os.Stderr, "e2e:", err)
		return 1
	}
	defer c.Stop()
	shared = &lab{Cluster: c}
	if err := shared.install(starting); err != nil {
		c.Fail()
		_, _ = fmt.Fprintln(os.Stderr, "e2e:", err)
		return 1
	}
	defer shared.vitals.stop()
	code := m.Run()
	if code != 0 {
		c.Fail()
		_, _ = fmt.Fprintln(os.Stderr, "e2e: logs are in", c.LogDir())
	}
	return code
}

// install applies the shipped manifests and starts kubevitals as the service
// account that they make.
func (l *lab) install(ctx context.Context) error {
	if err := l.applyBase(ctx); err != nil {
		return err
	}
	var err error
	if l.kubeconfig, err = l.ServiceAccountKubeconfig(ctx, "kubevitals", "kubevitals"); err != nil {
		return err
	}
	l.vitals, err = startVitals(ctx, "kubevitals", l.LogDir(), l.kubeconfig, "--kubelet.ca-file="+l.KubeletCAFile())
	return err
}

// ownCluster starts a cluster for one test alone, and stops it when the test ends.
func ownCluster(ctx context.Context, t *testing.T, o cluster.Options) *cluster.Cluster {
	t.Helper()
	o.Logf = t.Logf
	c, err := cluster.Start(ctx, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if t.Failed() {
			c.Fail()
			t.Log("logs are in", c.LogDir())
		}
		c.Stop()
	})
	return c
}
