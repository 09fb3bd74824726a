package blackbox_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/kubevitals/kubevitals/exporter"
	"github.com/kubevitals/kubevitals/internal/blackbox"
	"github.com/kubevitals/kubevitals/internal/diagnosis"
	"github.com/kubevitals/kubevitals/internal/diagnosis/incident"
	"github.com/kubevitals/kubevitals/internal/snapshot"
	"github.com/kubevitals/kubevitals/internal/timeline"
	"github.com/kubevitals/kubevitals/sources/health"
)

type noErrors struct{}

func (noErrors) SourceErr(string) error                 { return nil }
func (noErrors) CollectorErr(string) error              { return errors.New("no answer") }
func (noErrors) KubeletErr(string, health.Reason) error { return nil }

// scraped are samples of a node without ready, as a live exporter would send them; etcd
// could not be told.
func scraped(t *testing.T, restarts int) exporter.Families {
	t.Helper()
	families, err := exporter.Parse(strings.NewReader(fmt.Sprintf(`
kubevitals_node_disk_pressure{node="n1"} 1
kubevitals_kubelet_restarts_total{node="n1"} %d
kubevitals_scrape_collector_success{collector="node_disk"} 1
kubevitals_scrape_collector_success{collector="etcd"} 0
kubevitals_scrape_collector_success{collector="sources"} 1
`, restarts)))
	if err != nil {
		t.Fatal(err)
	}
	return families
}

// found is a result with one incident for each node.
func found(at time.Time, nodes ...string) *diagnosis.Result {
	r := &diagnosis.Result{At: at, Coverage: diagnosis.Coverage{Evaluated: []string{"DiskFull"}}, Incidents: []incident.Incident{}}
	for _, n := range nodes {
		r.Incidents = append(r.Incidents, incident.Incident{
			Severity: "warning", Summary: "The disk of " + n + " is full.",
			Cause: incident.Member{Alert: "DiskFull", Severity: "warning", Labels: map[string]string{"node": n}},
		})
	}
	return r
}

// box is a black box that runs, and how to tell it of a look.
type box struct {
	*blackbox.Box
	past *timeline.Timeline
	// loaded is why there is no timeline of an earlier process.
	loaded error
	stop   func()
}

func run(t *testing.T, o blackbox.Options) *box {
	t.Helper()
	b := runAnyhow(t, o)
	if b.loaded != nil {
		t.Fatal(b.loaded)
	}
	return b
}

// runAnyhow is run whether or not there is a timeline that can be read.
func runAnyhow(t *testing.T, o blackbox.Options) *box {
	t.Helper()
	o.Interval, o.Errors, o.Version, o.Logger = time.Minute, noErrors{}, "v1", slog.New(slog.DiscardHandler)
	o.Alerts = map[string]bool{"DiskFull": true}
	o.LooksBack = map[string]bool{"kubevitals_kubelet_restarts_total": true}
	past := timeline.New()
	b := &box{Box: blackbox.New(o, past), past: past}
	b.loaded = b.Load()
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		b.Run(ctx, func(context.Context) error { return nil })
	}()
	b.stop = func() { cancel(); <-ended }
	return b
}

// look tells the box of a look, and waits until it has written what it keeps.
func (b *box) look(t *testing.T, r *diagnosis.Result, restarts int) []timeline.Entry {
	t.Helper()
	began := b.past.Update(r, false)
	b.Looked(r, scraped(t, restarts), began)
	synctest.Wait()
	return began
}

func plenty(string) (left, all uint64, err error) { return math.MaxInt64, 1 << 40, nil }

// TestKeepsAnIncident verifies that what was known when an incident began can be read back,
// with the samples of the look before that rules look back at, and with what was not known.
func TestKeepsAnIncident(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "box")
	synctest.Test(t, func(t *testing.T) {
		b := run(t, blackbox.Options{Dir: dir, MaxSnapshots: 5, MaxBytes: 1 << 20, Free: plenty})
		defer b.stop()
		b.look(t, found(time.Now()), 3)
		time.Sleep(time.Minute)
		at := time.Now()
		began := b.look(t, found(at, "n1"), 4)
		if len(began) != 1 || b.Err() != nil {
			t.Fatalf("%+v, %v", began, b.Err())
		}
		records := b.Records()
		if len(records) != 1 || records[0].Incidents[0] != began[0].ID || !records[0].Taken.Equal(at) {
			t.Fatalf("%+v", records)
		}
		b.look(t, found(time.Now(), "n1"), 4)
		if len(b.Records()) != 1 {
			t.Errorf("an incident that goes on was kept again: %+v", b.Records())
		}
		file, _, err := b.Snapshot(began[0].ID)
		if err != nil {
			t.Fatal(err)
		}
		defer file.Close()
		if _, _, err := b.Snapshot("other"); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("another: %v", err)
		}
		read, err := snapshot.Read(t.Context(), file.Name())
		if err != nil {
			t.Fatal(err)
		}
		defer read.Close()
		m := read.Manifest
		if !read.SamplesOnly() || m.Window.Duration != time.Minute || m.Failed["etcd"] != "no answer" || len(m.Failed) != 1 || m.Began[0].Summary != "The disk of n1 is full." {
			t.Errorf("%+v", m)
		}
		info, err := os.Stat(file.Name())
		if err != nil || info.Size() != records[0].Bytes || info.Mode().Perm() != 0o600 {
			t.Errorf("%v %v, want %d bytes for its owner alone", info, err, records[0].Bytes)
		}
	})
}

// TestOutlivesARestart verifies that what is kept is there after a restart, that an incident
// which goes on has its name still and is not kept twice, and that what a killed process left
// behind is gone.
func TestOutlivesARestart(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		o := blackbox.Options{Dir: dir, MaxSnapshots: 5, MaxBytes: 1 << 20, Free: plenty}
		b := run(t, o)
		b.look(t, found(time.Now()), 1)
		began := b.look(t, found(time.Now(), "n1"), 1)
		b.stop()
		for name, text := range map[string]string{".unfinished-1": "x", "other.tar.gz": "no archive"} {
			if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		time.Sleep(time.Hour)

		b = run(t, o)
		defer b.stop()
		if again := b.look(t, found(time.Now(), "n1", "n2"), 1); len(again) != 1 || again[0].Labels["node"] != "n2" {
			t.Errorf("began after the restart: %+v", again)
		}
		records := b.Records()
		if len(records) != 2 || records[1].Incidents[0] != began[0].ID {
			t.Errorf("%+v, want that of %s, too", records, began[0].ID)
		}
		if _, _, err := b.Snapshot(began[0].ID); err != nil {
			t.Error(err)
		}
		if _, err := os.Stat(filepath.Join(dir, ".unfinished-1")); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("what was left behind: %v", err)
		}
		if _, err := os.Stat(filepath.Join(dir, "other.tar.gz")); err != nil {
			t.Errorf("a file of somebody else: %v", err)
		}
	})
}
