package blackbox_test

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/kubevitals/kubevitals/internal/blackbox"
	"github.com/kubevitals/kubevitals/internal/timeline"
)

// TestBounds verifies that neither the number nor the bytes of what is kept go beyond the
// bounds, and that the oldest go first.
func TestBounds(t *testing.T) {
	for name, o := range map[string]blackbox.Options{
		"number": {MaxSnapshots: 3, MaxBytes: 1 << 20},
		"bytes":  {MaxSnapshots: 100, MaxBytes: 6 << 10},
	} {
		dir := t.TempDir()
		o.Dir, o.Free = dir, plenty
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := run(t, o)
				defer b.stop()
				var last string
				for n := range 20 {
					began := b.look(t, found(time.Now(), fmt.Sprint("n", n)), 1)
					last = began[0].ID
					time.Sleep(time.Minute)
				}
				records, files := b.Records(), archives(t, dir)
				var sum int64
				for _, r := range records {
					sum += r.Bytes
				}
				if len(records) < 2 || len(records) > o.MaxSnapshots || sum > o.MaxBytes || len(files) != len(records) {
					t.Errorf("%d records of %d bytes, files %v", len(records), sum, files)
				}
				if records[0].Incidents[0] != last || b.Err() != nil {
					t.Errorf("the last is not the last that is kept, or %v", b.Err())
				}
			})
		})
	}
}

func archives(t *testing.T, dir string) []string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*.tar.gz"))
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// TestFullDisk verifies that nothing is kept, and nothing removed, where a disk is nearly
// full or cannot be written, and that it says so and goes on when there is room again.
func TestFullDisk(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		left := uint64(1 << 30)
		o := blackbox.Options{Dir: dir, MaxSnapshots: 1, MaxBytes: 1 << 20, Free: func(string) (uint64, uint64, error) { return left, 1 << 30, nil }}
		b := run(t, o)
		defer b.stop()
		b.look(t, found(time.Now(), "n1"), 1)
		left = 1 << 26
		time.Sleep(time.Minute)
		b.look(t, found(time.Now(), "n1", "n2"), 1)
		if b.Err() == nil || !strings.Contains(b.Err().Error(), "too full") || len(archives(t, dir)) != 1 || b.Records()[0].Began[0].Summary != "The disk of n1 is full." {
			t.Errorf("%v, %v, %+v", b.Err(), archives(t, dir), b.Records())
		}
		left = 1 << 30
		time.Sleep(time.Minute)
		b.look(t, found(time.Now(), "n1", "n2", "n3"), 1)
		if b.Err() != nil || b.Records()[0].Began[0].Summary != "The disk of n3 is full." {
			t.Errorf("%v, %+v", b.Err(), b.Records())
		}
	})
}

// TestTooLarge verifies that a snapshot which is larger than all that may be kept costs none
// that is kept.
func TestTooLarge(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		b := run(t, blackbox.Options{Dir: dir, MaxSnapshots: 5, MaxBytes: 100, Free: plenty})
		defer b.stop()
		b.look(t, found(time.Now(), "n1"), 1)
		if b.Err() == nil || len(archives(t, dir)) != 0 {
			t.Errorf("%v, %v", b.Err(), archives(t, dir))
		}
	})
}

// TestUnwritable verifies that a folder that cannot be made is told of.
func TestUnwritable(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	synctest.Test(t, func(t *testing.T) {
		o := blackbox.Options{Dir: filepath.Join(file, "box"), MaxSnapshots: 5, MaxBytes: 1 << 20, Free: plenty}
		o.Interval, o.Errors, o.Logger = time.Minute, noErrors{}, slog.New(slog.DiscardHandler)
		past := timeline.New()
		b := &box{Box: blackbox.New(o, past), past: past}
		if err := b.Load(); err == nil {
			t.Error("the timeline of a folder that is a file was read")
		}
		ctx, cancel := context.WithCancel(t.Context())
		go b.Run(ctx, func(context.Context) error { return nil })
		defer cancel()
		b.look(t, found(time.Now(), "n1"), 1)
		if b.Err() == nil || len(b.Records()) != 0 {
			t.Errorf("%v, %+v", b.Err(), b.Records())
		}
	})
}
