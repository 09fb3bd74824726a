// Package target connects to the cluster that is to be watched: one that lives, the
// embedded demonstration, which is served on loopback and read in the very same way,
// or a snapshot, whose files are read instead.
package target

import (
	"context"
	"log/slog"
	"strings"
	"time"

	"github.com/prometheus/common/version"
	"k8s.io/client-go/rest"

	"github.com/kubevitals/kubevitals/collectors"
	"github.com/kubevitals/kubevitals/exporter"
	"github.com/kubevitals/kubevitals/internal/diagnosis"
	"github.com/kubevitals/kubevitals/internal/fakecluster"
	"github.com/kubevitals/kubevitals/internal/snapshot"
	"github.com/kubevitals/kubevitals/sources"
	"github.com/kubevitals/kubevitals/sources/kubelet"
)

// Target is a cluster that can be reached. The caller calls Close.
type Target struct {
	// Name is the address of the cluster, or the path of the snapshot.
	Name string
	// REST reaches the API server, and Kubelets the kubelets.
	REST     *rest.Config
	Kubelets kubelet.Options
	// Snapshot is what was read; nil for a cluster that lives.
	Snapshot *snapshot.Snapshot
	// Clock is that of what was recorded in the snapshot, and stands at its end; nil for
	// a cluster that lives.
	Clock *Clock

	close func() error
}

// Close lets go of what was started to serve the cluster.
func (t *Target) Close() error {
	if t.close == nil {
		return nil
	}
	return t.close()
}

// Live returns the cluster of a kubeconfig and of one of its contexts. Both may be
// empty, see restConfig. It is not contacted.
func Live(kubeconfig, kubecontext string, kubelets kubelet.Options) (*Target, error) {
	config, err := restConfig(kubeconfig, kubecontext)
	if err != nil {
		return nil, err
	}
	config.UserAgent = "kubevitals/" + version.Version
	return &Target{Name: config.Host, REST: config, Kubelets: kubelets}, nil
}

// Demo serves the embedded sick cluster.
func Demo(ctx context.Context, kubelets kubelet.Options, logger *slog.Logger) (*Target, error) {
	demo, err := fakecluster.Demo(time.Now())
	if err != nil {
		return nil, err
	}
	served, err := fakecluster.Start(ctx, demo, fakecluster.Options{Logger: logger})
	if err != nil {
		return nil, err
	}
	// Not a file: the image has no folder for temporary ones.
	kubelets.CAData = served.KubeletCA()
	return &Target{Name: served.RESTConfig().Host, REST: served.RESTConfig(), Kubelets: kubelets, close: func() error {
		served.Close()
		return nil
	}}, nil
}

// FromSnapshot reads the snapshot, or the dump by another program, at a path.
func FromSnapshot(ctx context.Context, path string, kubelets kubelet.Options, logger *slog.Logger) (*Target, error) {
	s, err := snapshot.Read(ctx, path)
	if err != nil {
		return nil, err
	}
	for _, warning := range s.Warnings {
		logger.Warn("something about the dump is odd", "path", path, "what", warning)
	}
	for _, part := range s.Partial {
		logger.Info("the dump may be of some namespaces only", "path", path, "what", part)
	}
	for _, file := range s.Unreadable {
		logger.Warn("a file of the dump cannot be read", "path", path, "err", file.Err)
	}
	logger.Info("read a dump", "path", path, "objects", len(s.Objects), "of", s.Taken.UTC().Format(time.RFC3339), "says", s.TakenFrom)
	return &Target{
		Name: s.Path, REST: s.REST(), Kubelets: kubelets, Snapshot: s,
		Clock: newClock(s.Taken.Add(-s.Window()), s.Taken), close: s.Close,
	}, nil
}

// Tell tells an observation what it is of.
func (t *Target) Tell(seen *diagnosis.Observation) {
	seen.Cluster = t.Name
	s := t.Snapshot
	if s == nil {
		return
	}
	seen.Snapshot, seen.TakenFrom, seen.NotInDump, seen.Unreadable = true, string(s.TakenFrom), s.NotHeld(), map[string]error{}
	for _, file := range s.Unreadable {
		seen.Unreadable[file.Name] = file.Err
	}
}

// Build returns the sources of the target and the selected collectors that read
// them, as far as they belong to the shard. Of a snapshot it replays what collectors have recorded there.
func (t *Target) Build(selection *collectors.Selection, host sources.HostConfig, shard exporter.Shard, logger *slog.Logger) (*sources.Sources, []exporter.Named, error) {
	config := sources.Config{REST: t.REST, Host: host, Kubelet: t.Kubelets, Shard: shard, Logger: logger, Now: time.Now}
	selection.Divide(shard)
	selection.Configure(&config)
	if s := t.Snapshot; s != nil {
		s.Configure(&config)
		replay := selection.Replay
		if s.SamplesOnly() {
			replay = selection.ReplayAll
		}
		replay(s.Recorded(t.Clock.Now, logger))
	}
	built, err := sources.NewSources(config)
	if err != nil {
		return nil, nil, err
	}
	named, err := selection.Build(built)
	if err != nil {
		return nil, nil, err
	}
	if left := selection.LeftOut(); len(left) > 0 {
		logger.Warn("these collectors are off: what they need is not in the dump", "collectors", strings.Join(left, ","))
	}
	return built, named, nil
}
