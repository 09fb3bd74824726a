package snapshot

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	dto "github.com/prometheus/client_model/go"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"

	"github.com/kubevitals/kubevitals/collectors"
	"github.com/kubevitals/kubevitals/sources/health"
	"github.com/kubevitals/kubevitals/sources/kubelet"
)

// TakeOptions say what to take a snapshot of, and how.
type TakeOptions struct {
	// REST and Kubelets reach the cluster.
	REST     *rest.Config
	Kubelets kubelet.Options
	// Gather gathers the samples of all collectors. It is called twice.
	Gather func(context.Context) ([]*dto.MetricFamily, error)
	// Window is the time between the two.
	Window time.Duration
	// Definitions are the collectors whose samples may be among them.
	Definitions []collectors.Definition
	// RedactNames replaces the names of nodes, namespaces, pods and all that refers
	// to them.
	RedactNames bool
	// Version is that of kubevitals.
	Version string
	Now     func() time.Time
	Logger  *slog.Logger
}

// taker takes one snapshot.
type taker struct {
	TakeOptions
	dir      string
	client   *kubernetes.Clientset
	names    *redactor // nil to keep names
	manifest Manifest
}

// Take reads a cluster and writes what collectors need of it to a folder, which
// must not exist or be empty. Secrets and ConfigMaps are never asked for. What
// cannot be read is in the manifest with the reason; Take fails if nothing can.
func Take(ctx context.Context, dir string, o TakeOptions) (*Manifest, error) {
	made, err := prepare(dir)
	if err != nil {
		return nil, err
	}
	t := &taker{TakeOptions: o, dir: dir, manifest: Manifest{
		FormatVersion: FormatVersion, Window: metav1.Duration{Duration: o.Window}, KubevitalsVersion: o.Version,
		RedactedNames: o.RedactNames, Kubelets: map[string]KubeletState{}, APIServers: map[string]APIServerState{},
	}}
	config := rest.CopyConfig(o.REST)
	config.QPS, config.Burst = 20, 40
	config.AcceptContentTypes, config.ContentType = "application/json", "application/json"
	if t.client, err = kubernetes.NewForConfig(config); err != nil {
		return nil, fmt.Errorf("client for the API server: %w", err)
	}
	if o.RedactNames {
		if t.names, err = newRedactor(); err != nil {
			return nil, err
		}
	}
	if err := t.take(ctx); err != nil {
		return nil, errors.Join(err, discard(dir, made))
	}
	return &t.manifest, nil
}

// prepare makes the folder, and tells whether it had to.
func prepare(dir string) (made bool, err error) {
	entries, err := os.ReadDir(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return false, fmt.Errorf("make the folder of the snapshot: %w", err)
		}
		return true, nil
	case err != nil:
		return false, fmt.Errorf("%s: not a folder to write a snapshot to: %w", dir, err)
	case len(entries) > 0:
		return false, fmt.Errorf("%s: is not empty; name a folder that does not exist", dir)
	}
	return false, nil
}

// discard removes half a snapshot, which nobody can look at and which would be in the
// way of the next try.
func discard(dir string, made bool) error {
	var errs []error
	for _, part := range []string{"objects", "nodes", "apiservers", "samples", manifestName} {
		errs = append(errs, os.RemoveAll(filepath.Join(dir, part)))
	}
	if made {
		errs = append(errs, os.Remove(dir))
	}
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("remove half a snapshot: %w", err)
	}
	return nil
}

// take keeps to an order: the samples and the objects that show what is alive
// belong together, so they are read at the end, right after each other, and what
// takes long before them.
func (t *taker) take(ctx context.Context) error {
	first, err := t.Gather(ctx)
	if err != nil {
		return fmt.Errorf("gather samples: %w", err)
	}
	began := t.Now()
	if err := t.learnNames(ctx); err != nil {
		return err
	}
	t.names.learnHosts(t.REST.Host, first)
	if err := t.takeKubelets(ctx); err != nil {
		return err
	}
	if err := t.takeLists(ctx, slowReads()); err != nil {
		return err
	}
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(t.Window - t.Now().Sub(began)):
	}
	second, err := t.Gather(ctx)
	if err != nil {
		return fmt.Errorf("gather samples: %w", err)
	}
	t.manifest.Window.Duration = max(t.Window, t.Now().Sub(began).Round(time.Second))
	t.names.learnHosts(t.REST.Host, second) // there may be new ones
	if err := t.takeLists(ctx, aliveReads()); err != nil {
		return err
	}
	t.manifest.Taken = metav1.NewMicroTime(t.Now())
	if err := t.takeServers(ctx, second); err != nil {
		return err
	}
	if err := t.takeSamples(first, second); err != nil {
		return err
	}
	if v, err := t.client.Discovery().ServerVersion(); err == nil {
		t.manifest.KubernetesVersion = v.GitVersion
	}
	// What failed because somebody ended this is no fact about the cluster.
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := t.anything(); err != nil {
		return err
	}
	raw, err := json.MarshalIndent(t.manifest, "", "  ")
	if err != nil {
		return fmt.Errorf("encode the manifest: %w", err)
	}
	if err := os.WriteFile(filepath.Join(t.dir, manifestName), append(raw, '\n'), 0o600); err != nil {
		return fmt.Errorf("write the manifest: %w", err)
	}
	return nil
}

// anything fails if no list could be read.
func (t *taker) anything() error {
	for _, l := range t.manifest.Lists {
		if l.Reason == health.Available {
			return nil
		}
	}
	if len(t.manifest.Lists) == 0 {
		return errors.New("nothing could be read")
	}
	l := t.manifest.Lists[0]
	return fmt.Errorf("nothing could be read; %s: %s: %s", l.Resource, l.Reason, l.Error)
}
