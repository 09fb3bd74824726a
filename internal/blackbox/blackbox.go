// Package blackbox keeps what was known of a cluster when an incident began, so that it can
// be looked at when the night is over.
package blackbox

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"slices"
	"sync"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubevitals/kubevitals/exporter"
	"github.com/kubevitals/kubevitals/internal/diagnosis"
	"github.com/kubevitals/kubevitals/internal/diagnosis/report"
	"github.com/kubevitals/kubevitals/internal/snapshot"
	"github.com/kubevitals/kubevitals/internal/timeline"
)

// Options say what is kept and where.
type Options struct {
	// Dir is the folder; it is made if it does not exist.
	Dir string
	// MaxSnapshots and MaxBytes bound what is in it. The oldest go first.
	MaxSnapshots int
	MaxBytes     int64
	// Interval is the time between two looks.
	Interval time.Duration
	// LooksBack are the metrics whose past the rules read.
	LooksBack map[string]bool
	// Alerts are the names of those that there are.
	Alerts map[string]bool
	// Errors knows why a collector did not tell the whole truth.
	Errors diagnosis.Errors
	// Version is that of kubevitals.
	Version string
	Logger  *slog.Logger
	// Free returns how many bytes are left on the file system of a folder, and how many it
	// has; nil asks the kernel.
	Free func(dir string) (left, all uint64, err error)
}

// Box is safe for concurrent use. What it writes is written by Run, so that nobody else
// waits for a disk.
type Box struct {
	Options

	timeline *timeline.Timeline
	// pending is what is to be written: a moment, and that the timeline changed.
	pending chan snapshot.Moment
	changed chan struct{}

	mu      sync.Mutex
	opened  bool
	records []Record // the oldest first
	// err is why the last snapshot was not kept, and failedAt what time that is of.
	err      error
	failedAt time.Time
	// before is when earlier was sent: the samples of the look before that rules look back at.
	before  time.Time
	earlier exporter.Families
	// saved is what is in the file of the timeline, and unsaved whether that is out of date
	// because it cannot be written; Run alone uses both.
	saved   []byte
	unsaved bool
}

// Record is a snapshot that is kept.
type Record struct {
	// When the snapshot was taken.
	Taken time.Time `json:"taken"`
	// Size of the archive in bytes.
	Bytes int64 `json:"bytes"`
	// Incidents that began then, by ID; each leads to the snapshot.
	Incidents []string `json:"incidents"`

	// Began are the incidents.
	Began []snapshot.Began `json:"-"`
	name  string
}

// New returns a box whose folder is yet to be opened, by Run.
func New(o Options, t *timeline.Timeline) *Box {
	if o.Free == nil {
		o.Free = free
	}
	return &Box{Options: o, timeline: t, pending: make(chan snapshot.Moment, 1), changed: make(chan struct{}, 1)}
}

// Looked is told what a look found and what it was made from, and which incidents began.
// It only hands over what is to be written. A moment that comes while the one before is
// still to be written is left out: its incidents are in the log.
func (b *Box) Looked(result *diagnosis.Result, families exporter.Families, began []timeline.Entry) {
	b.mu.Lock()
	before, earlier := b.before, b.earlier
	b.before = result.At
	b.earlier = families.Named(func(name string) bool { return b.LooksBack[name] })
	b.mu.Unlock()
	select {
	case b.changed <- struct{}{}:
	default: // it is to be written anyhow
	}
	if len(began) == 0 {
		return
	}
	m := snapshot.Moment{At: result.At, Families: families, Before: before, Earlier: earlier, Errors: b.Errors.CollectorErr, Version: b.Version}
	if before.IsZero() || result.At.Sub(before) > longestWindow {
		m.Before, m.Earlier = result.At, nil
	}
	for _, e := range began {
		m.Began = append(m.Began, snapshot.Began{ID: e.ID, Severity: e.Severity, Summary: e.Summary, Began: metav1.NewTime(e.Began)})
	}
	var err error
	if m.Result, err = told(result); err != nil {
		b.Logger.Warn("what was found cannot be kept", "err", err)
	}
	select {
	case b.pending <- m:
	default:
		b.fail(result.At, errors.New("a disk that is too slow: what was known of an incident was not kept"), "incidents", len(began))
	}
}

// longestWindow is how old the samples before may be: rates are taken over five minutes.
const longestWindow = 5 * time.Minute

// mostEvidence bounds the samples of one finding in what is kept for people: the samples
// themselves are beside it.
const mostEvidence = 5

// told is a result in the form of check -o json.
func told(r *diagnosis.Result) ([]byte, error) {
	short := *r
	short.Alerts = slices.Clone(r.Alerts)
	for i := range short.Alerts {
		findings := slices.Clone(short.Alerts[i].Findings)
		for j := range findings {
			findings[j].Evidence = findings[j].Evidence[:min(len(findings[j].Evidence), mostEvidence)]
		}
		short.Alerts[i].Findings = findings
	}
	var text bytes.Buffer
	err := report.JSON(&text, &short)
	return text.Bytes(), err
}

// Run looks at the cluster each interval, by look, and writes what is to be kept, until ctx
// ends. What cannot be written is told by Err, and tried again with the next incident.
func (b *Box) Run(ctx context.Context, look func(context.Context) error) {
	var looking sync.WaitGroup
	defer looking.Wait()
	looking.Go(func() { b.lookEach(ctx, look) })
	for {
		select {
		case <-ctx.Done():
			return
		case m := <-b.pending:
			b.keep(m)
		case <-b.changed:
			b.saveTimeline()
		}
	}
}

func (b *Box) lookEach(ctx context.Context, look func(context.Context) error) {
	ticker := time.NewTicker(b.Interval)
	defer ticker.Stop()
	for {
		if err := look(ctx); err != nil && ctx.Err() == nil {
			b.Logger.Warn("the cluster cannot be looked at for the black box", "err", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}

// Records are the snapshots that are kept, the newest first.
func (b *Box) Records() []Record {
	b.mu.Lock()
	defer b.mu.Unlock()
	all := slices.Clone(b.records)
	slices.Reverse(all)
	return all
}

// Err is why the last snapshot was not kept; nil if it was.
func (b *Box) Err() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.err
}

// Snapshot opens the archive with what was known when an incident began. The error is
// fs.ErrNotExist if none is kept.
func (b *Box) Snapshot(id string) (*os.File, Record, error) {
	b.mu.Lock()
	i := slices.IndexFunc(b.records, func(r Record) bool { return slices.Contains(r.Incidents, id) })
	if i < 0 {
		b.mu.Unlock()
		return nil, Record{}, fmt.Errorf("no snapshot of incident %q: %w", id, os.ErrNotExist)
	}
	r := b.records[i]
	b.mu.Unlock()
	root, err := os.OpenRoot(b.Dir)
	if err != nil {
		return nil, r, fmt.Errorf("open a snapshot: %w", err)
	}
	defer func() { _ = root.Close() }()
	f, err := openFile(root, r.name)
	if err != nil {
		return nil, r, fmt.Errorf("open a snapshot: %w", err)
	}
	return f, r, nil
}

func (b *Box) fail(at time.Time, err error, details ...any) {
	b.mu.Lock()
	same := b.err != nil && b.err.Error() == err.Error()
	b.err, b.failedAt = err, at
	b.mu.Unlock()
	if !same {
		b.Logger.With(details...).Error("the black box did not keep a snapshot", "err", err)
	}
}
