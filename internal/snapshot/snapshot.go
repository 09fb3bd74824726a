// Package snapshot records a cluster in files and reads it back from them, or from
// the dumps that other programs make. What such files do not hold is unknown: it is
// never read as healthy.
package snapshot

import (
	"context"
	"errors"
	"fmt"
	"time"

	"k8s.io/apimachinery/pkg/runtime"

	"github.com/kubevitals/kubevitals/sources"
)

// expected says what can be read, for messages about what cannot.
const expected = "expected the output of kubectl get -o yaml or json, of kubectl cluster-info dump, a support bundle of troubleshoot.sh, a must-gather, a result of Sonobuoy, or a folder made by kubevitals snapshot"

// Snapshot is a cluster as files hold it. It may be read concurrently; Close lets go
// of files that it still reads from.
type Snapshot struct {
	// Path is the file or folder.
	Path string
	// Taken is the moment that the snapshot shows, and TakenFrom what says so.
	Taken     time.Time
	TakenFrom Evidence
	// Version is the version of the API servers; empty if the snapshot does not tell.
	Version string
	// Manifest is that of a snapshot by kubevitals; nil of dumps by others.
	Manifest *Manifest
	// Objects are the objects that collectors read, less what none of them reads.
	Objects []runtime.Object
	// Skipped counts the objects of other kinds, by kind, and the files that hold
	// nothing that can be read, as "file".
	Skipped map[string]int
	// Unreadable are the files that could not be read, with the errors.
	Unreadable []Unreadable
	// Partial names the resources that it shows of some namespaces only, one line each;
	// there may be none in the others.
	Partial []string
	// Warnings are one line each for the user.
	Warnings []string

	// written is the latest moment at which something in it was certainly written to
	// the API server; zero if unknown.
	written  time.Time
	table    sources.Table
	coverage map[string]*coverage
	kubelets map[string]*kubeletBodies
	servers  map[string]body
	samples  map[string]*[2][]byte
	closers  []func() error
}

// Unreadable is a file of a snapshot that could not be read, or not to its end.
type Unreadable struct {
	Name string
	Err  error
}

// Evidence says how the time of a snapshot is known.
type Evidence string

// The evidence, the best first.
const (
	FromManifest  Evidence = "its manifest"
	FromObjects   Evidence = "the latest time that its objects agree on"
	FromTimestamp Evidence = "its file timestamp"
	FromFile      Evidence = "the time of the file"
)

// Read reads a snapshot, or the dump of another program: a folder, an archive (.tar,
// .tar.gz, .tgz) or a single file, which may be compressed with gzip. Errors name the
// file and say what was expected.
func Read(ctx context.Context, path string) (*Snapshot, error) {
	return read(ctx, path, standardLimits(), sources.Resources())
}

func read(ctx context.Context, path string, l limits, table sources.Table) (*Snapshot, error) {
	d := &Snapshot{
		Path: path, table: table, Skipped: map[string]int{}, coverage: map[string]*coverage{},
		kubelets: map[string]*kubeletBodies{}, servers: map[string]body{}, samples: map[string]*[2][]byte{},
	}
	r := &reader{snapshot: d, table: table, limits: l}
	modified, err := r.walk(ctx, path)
	if err == nil {
		err = r.finish(modified)
	}
	if err != nil {
		return nil, errors.Join(err, d.Close())
	}
	return d, nil
}

// finish concludes from what was read what the snapshot is.
func (r *reader) finish(modified time.Time) error {
	d := r.snapshot
	r.tellSuspects()
	r.tellVersions()
	if len(d.Objects) == 0 && len(d.kubelets) == 0 && len(d.coverage) == 0 && d.Manifest == nil {
		if r.kubeconfig != "" {
			return fmt.Errorf("%s: is a kubeconfig, not a dump; give it to --kubeconfig", r.kubeconfig)
		}
		if len(d.Unreadable) > 0 {
			return fmt.Errorf("%s: nothing in it can be read: %w", d.Path, d.Unreadable[0].Err)
		}
		return fmt.Errorf("%s: nothing in it is of a cluster; %s", d.Path, expected)
	}
	taken, written := r.times.conclude()
	d.written = written
	switch {
	case d.Manifest != nil:
		d.Taken, d.TakenFrom, d.Version = d.Manifest.Taken.Time, FromManifest, d.Manifest.KubernetesVersion
	default:
		d.Taken, d.TakenFrom = r.gathered.moment(taken, modified)
	}
	if err := d.oneCluster(r.lives); err != nil && d.Manifest == nil {
		return err
	}
	if err := r.times.undated(d); err != nil {
		r.tell(d.Path, err)
	}
	d.complete()
	if d.Manifest == nil {
		clear(d.samples) // without a manifest they may be anything
		if text := r.etcd.samples(); len(text) > 0 {
			d.samples["etcd"] = &[2][]byte{text, text}
		}
		r.completeCoverage()
		d.Partial = d.partial()
		d.Warnings = append(d.Warnings, d.strangeBodies()...)
	}
	return nil
}

// Close lets go of the files. What reads the snapshot must have ended.
func (s *Snapshot) Close() error {
	var errs []error
	for _, c := range s.closers {
		errs = append(errs, c())
	}
	s.closers = nil
	return errors.Join(errs...)
}
