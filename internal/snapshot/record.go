package snapshot

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	dto "github.com/prometheus/client_model/go"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/version"
	"k8s.io/client-go/rest"

	"github.com/kubevitals/kubevitals/collectors"
	"github.com/kubevitals/kubevitals/sources"
	"github.com/kubevitals/kubevitals/sources/health"
	"github.com/kubevitals/kubevitals/sources/kubelet"
	"github.com/kubevitals/kubevitals/sources/scheme"
)

// RecordOptions say of what to record a snapshot, and how.
type RecordOptions struct {
	// REST and Kubelets reach the cluster.
	REST     *rest.Config
	Kubelets kubelet.Options
	// Gather gathers the samples of all collectors. It is called twice.
	Gather func(context.Context) ([]*dto.MetricFamily, error)
	// Window is the time between the two.
	Window time.Duration
	// Resources is the table of what is recorded; nil is that of sources.Resources.
	Resources sources.Table
	// Definitions are the collectors whose samples may be among them.
	Definitions []collectors.Definition
	// RedactNames replaces the names of nodes, namespaces, pods and all that refers
	// to them.
	RedactNames bool
	// Names, if not nil, gets the names that were replaced: a JSON object of them by what
	// stands in their place.
	Names io.Writer
	// Version is that of kubevitals.
	Version string
	Now     func() time.Time
	Logger  *slog.Logger
}

// recorder records one snapshot.
type recorder struct {
	RecordOptions
	dir      string
	client   rest.Interface
	names    *redactor // nil to keep names
	manifest Manifest
}

// Record reads a cluster and writes what collectors need of it to a folder, which
// must not exist or be empty. Secrets and ConfigMaps are never asked for. What
// cannot be read is in the manifest with the reason; Record fails if nothing can.
func Record(ctx context.Context, dir string, o RecordOptions) (*Manifest, error) {
	made, err := prepare(dir)
	if err != nil {
		return nil, err
	}
	r := &recorder{RecordOptions: o, dir: dir, manifest: Manifest{
		FormatVersion: FormatVersion, Window: metav1.Duration{Duration: o.Window}, KubevitalsVersion: o.Version,
		RedactedNames: o.RedactNames, Kubelets: map[string]KubeletState{}, KubeletCertificates: map[string]metav1.Time{}, APIServers: map[string]APIServerState{},
	}}
	if r.Resources == nil {
		r.Resources = sources.Resources()
	}
	config := rest.CopyConfig(o.REST)
	config.QPS, config.Burst = 20, 40
	config.AcceptContentTypes, config.ContentType = "application/json", "application/json"
	config.NegotiatedSerializer = scheme.Codecs.WithoutConversion()
	if r.client, err = rest.UnversionedRESTClientFor(config); err != nil {
		return nil, fmt.Errorf("client for the API server: %w", err)
	}
	if o.RedactNames {
		if r.names, err = newRedactor(); err != nil {
			return nil, err
		}
	}
	if err := r.record(ctx); err != nil {
		return nil, errors.Join(err, discard(dir, made))
	}
	if o.Names != nil && r.names != nil {
		if err := r.names.reveal(o.Names); err != nil {
			return nil, errors.Join(err, discard(dir, made))
		}
	}
	return &r.manifest, nil
}

// prepare makes the folder, and tells whether it had to.
func prepare(dir string) (made bool, err error) {
	entries, err := os.ReadDir(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return false, fmt.Errorf("make the folder of the snapshot: name one that can be written; in a container mount one, such as an emptyDir: %w", err)
		}
		return true, nil
	case err != nil:
		return false, fmt.Errorf("%s: not a folder to write a snapshot to: %w", dir, err)
	case len(entries) > 0:
		return false, fmt.Errorf("%s: is not empty; name a folder that does not exist", dir)
	}
	return false, nil
}

// discard removes half a snapshot, which no one can look at and which would be in the
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

// record keeps to an order: the samples and the objects that show what is alive
// belong together, so they are read at the end, right after each other, and what
// takes long before them.
func (r *recorder) record(ctx context.Context) error {
	first, err := r.Gather(ctx)
	if err != nil {
		return fmt.Errorf("gather samples: %w", err)
	}
	began := r.Now()
	if err := r.learnNames(ctx); err != nil {
		return err
	}
	r.names.learnHosts(r.REST.Host, first)
	if err := r.recordKubelets(ctx); err != nil {
		return err
	}
	if err := r.recordLists(ctx, r.queries(false)); err != nil {
		return err
	}
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(r.Window - r.Now().Sub(began)):
	}
	second, err := r.Gather(ctx)
	if err != nil {
		return fmt.Errorf("gather samples: %w", err)
	}
	r.manifest.Window.Duration = max(r.Window, r.Now().Sub(began).Round(time.Second))
	r.names.learnHosts(r.REST.Host, second) // there may be new ones
	if err := r.recordLists(ctx, r.queries(true)); err != nil {
		return err
	}
	r.manifest.Taken = metav1.NewMicroTime(r.Now())
	if err := r.recordServers(ctx, second); err != nil {
		return err
	}
	if err := r.recordSamples(first, second); err != nil {
		return err
	}
	r.manifest.KubernetesVersion = r.serverVersion(ctx)
	// What failed because somebody ended this is no fact about the cluster.
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := r.anything(); err != nil {
		return err
	}
	raw, err := json.MarshalIndent(r.manifest, "", "  ")
	if err != nil {
		return fmt.Errorf("encode the manifest: %w", err)
	}
	if err := os.WriteFile(filepath.Join(r.dir, manifestName), append(raw, '\n'), 0o600); err != nil {
		return fmt.Errorf("write the manifest: %w", err)
	}
	return nil
}

// serverVersion is what the API server calls itself; empty if it does not say.
func (r *recorder) serverVersion(ctx context.Context) string {
	ctx, cancel := context.WithTimeout(ctx, pageTimeout)
	defer cancel()
	var v version.Info
	raw, err := r.client.Get().AbsPath("/version").Do(ctx).Raw()
	if err != nil || json.Unmarshal(raw, &v) != nil {
		return ""
	}
	return v.GitVersion
}

// anything fails if no list could be read.
func (r *recorder) anything() error {
	for _, l := range r.manifest.Lists {
		if l.Reason == health.Available {
			return nil
		}
	}
	if len(r.manifest.Lists) == 0 {
		return errors.New("nothing could be read")
	}
	l := r.manifest.Lists[0]
	return fmt.Errorf("nothing could be read; %s: %s: %s", l.Resource, l.Reason, l.Error)
}
