package main

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"k8s.io/client-go/rest"

	"github.com/kubevitals/kubevitals/internal/fakecluster"
	"github.com/kubevitals/kubevitals/internal/snapshot"
	"github.com/kubevitals/kubevitals/sources/kubelet"
)

// cluster is what is to be watched, and how to let go of it.
type cluster struct {
	config   *rest.Config
	kubelets kubelet.Options
	close    func()
	// dump is what was read; nil for a cluster that lives.
	dump *snapshot.Snapshot
	// replay is the clock of what was recorded in it; nil stands at its time.
	replay func() time.Time
}

// cluster returns the cluster of the flags: a real one, or with --demo or
// --snapshot one that is served on loopback and read in the very same way.
func (c *command) cluster(ctx context.Context, kubelets kubelet.Options, logger *slog.Logger) (cluster, error) {
	if c.snapshot != "" {
		return c.playSnapshot(ctx, kubelets, logger)
	}
	if !c.demo {
		config, err := c.connection()
		return cluster{config: config, kubelets: kubelets, close: func() {}}, err
	}
	played, err := playDemo(ctx, kubelets, logger)
	if err != nil {
		return played, fmt.Errorf("--demo: %w", err)
	}
	return played, nil
}

func playDemo(ctx context.Context, kubelets kubelet.Options, logger *slog.Logger) (cluster, error) {
	snapshot, err := fakecluster.Demo(time.Now())
	if err != nil {
		return cluster{}, err
	}
	playing, err := fakecluster.Start(ctx, snapshot, fakecluster.Options{Logger: logger})
	if err != nil {
		return cluster{}, err
	}
	dir, err := os.MkdirTemp("", "kubevitals-demo-")
	if err != nil {
		playing.Close()
		return cluster{}, err
	}
	played := cluster{config: playing.RESTConfig(), kubelets: kubelets, close: func() {
		playing.Close()
		_ = os.RemoveAll(dir)
	}}
	played.kubelets.CAFile = filepath.Join(dir, "kubelet-ca.crt")
	if err := os.WriteFile(played.kubelets.CAFile, playing.KubeletCA(), 0o600); err != nil {
		played.close()
		return cluster{}, err
	}
	return played, nil
}
