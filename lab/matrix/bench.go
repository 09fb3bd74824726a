package matrix

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"github.com/kubevitals/kubevitals/lab/cluster"
	"github.com/kubevitals/kubevitals/lab/faults"
	"github.com/kubevitals/kubevitals/lab/manifests"
)

const (
	// startTime is for a lab and all that watches it.
	startTime = 5 * time.Minute
	// quietAgain is how long a lab may take to be quiet after a case; then there is another.
	quietAgain = 30 * time.Second
)

// bench is a lab with all that watches it, as users have it.
type bench struct {
	dir                      string
	rules                    *rules
	lab                      *faults.Lab
	exporter                 *exporter
	prometheus, alertmanager *daemon
	receiver                 *receiver
	client                   *http.Client
}

// startBench starts everything and returns when no alert fires or is about to.
func startBench(ctx context.Context, o Options, r *rules, dir string) (*bench, error) {
	ctx, cancel := context.WithTimeout(ctx, startTime)
	defer cancel()
	b := &bench{dir: dir, rules: r, client: &http.Client{Timeout: 10 * time.Second}}
	if err := b.start(ctx, o, r); err != nil {
		b.stop()
		return nil, err
	}
	if !b.quiet(ctx, 2*time.Minute) {
		active, err := b.active(ctx)
		b.stop()
		return nil, fmt.Errorf("a lab without a fault is not quiet: %v, %w", active, err)
	}
	return b, nil
}

func (b *bench) start(ctx context.Context, o Options, r *rules) error {
	if err := os.MkdirAll(b.dir, 0o700); err != nil {
		return fmt.Errorf("folder of a lab: %w", err)
	}
	var err error
	if b.lab, err = faults.Start(ctx, cluster.Options{Binary: o.LabBinary, Dir: filepath.Join(b.dir, "cluster"), Nodes: o.Nodes, EtcdArgs: o.EtcdArgs}); err != nil {
		return err
	}
	shipped, err := manifests.Build(o.Manifests)
	if err != nil {
		return err
	}
	if err := manifests.Apply(ctx, b.lab.RESTConfig(), shipped...); err != nil {
		return err
	}
	kubeconfig, err := b.lab.ServiceAccountKubeconfig(ctx, "kubevitals", "kubevitals")
	if err != nil {
		return err
	}
	free, err := cluster.FreePorts(ctx, 3)
	if err != nil {
		return err
	}
	b.exporter = &exporter{
		binary: o.Kubevitals, address: fmt.Sprintf("127.0.0.1:%d", free[0]), log: filepath.Join(b.dir, "kubevitals.log"),
		flags: append(b.lab.Flags(), "--kubeconfig="+kubeconfig),
	}
	if err := b.exporter.Start(ctx); err != nil {
		return err
	}
	b.lab.Exporter = b.exporter
	if b.receiver, err = startReceiver(ctx); err != nil {
		return err
	}
	if b.alertmanager, err = b.startAlertmanager(ctx, o.Alertmanager, r, free[1]); err != nil {
		return err
	}
	b.prometheus, err = b.startPrometheus(ctx, o.Prometheus, r.file, free[2], free[1])
	return err
}

func (b *bench) stop() {
	b.prometheus.stop()
	b.alertmanager.stop()
	if b.receiver != nil {
		b.receiver.close()
	}
	if b.exporter != nil {
		b.exporter.Stop()
	}
	if b.lab != nil {
		b.lab.Stop()
		// What remains are gigabytes; the logs tell what happened.
		_ = os.RemoveAll(filepath.Join(b.dir, "cluster", "etcd"))
		_ = os.RemoveAll(filepath.Join(b.dir, "prometheus"))
	}
}
