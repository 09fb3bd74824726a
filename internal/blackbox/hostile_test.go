package blackbox_test

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/kubevitals/kubevitals/internal/blackbox"
)

// archive is one with a manifest, of the time at which synctest begins.
func archive(t *testing.T, manifest map[string]any) []byte {
	t.Helper()
	manifest["formatVersion"], manifest["taken"] = 1, "2000-01-01T00:00:00.000000Z"
	text, err := json.Marshal(manifest)
	if err != nil {
		t.Fatal(err)
	}
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	a := tar.NewWriter(z)
	if err := a.WriteHeader(&tar.Header{Name: "kubevitals-snapshot.json", Mode: 0o600, Size: int64(len(text))}); err != nil {
		t.Fatal(err)
	}
	if _, err := a.Write(text); err != nil {
		t.Fatal(err)
	}
	if err := a.Close(); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return packed.Bytes()
}

// TestForeignFiles verifies that what the black box did not write is neither shown nor
// removed, however it is named and whatever is in it.
func TestForeignFiles(t *testing.T) {
	const id = "0123456789abcdef0123456789abcdef"
	dir, elsewhere := t.TempDir(), filepath.Join(t.TempDir(), "secret")
	began := func(ids ...string) map[string]any {
		all := []map[string]any{}
		for _, one := range ids {
			all = append(all, map[string]any{"id": one, "began": "2000-01-01T00:00:00Z"})
		}
		return map[string]any{"samplesOnly": true, "began": all}
	}
	const ownName = "20000101T000000Z-01234567.tar.gz"
	recorded := began(strings.Replace(id, "0123", "89ab", 1))
	delete(recorded, "samplesOnly")
	many := []string{strings.Replace(id, "0123", "2222", 1)}
	for range 600 {
		many = append(many, id)
	}
	for name, text := range map[string][]byte{
		"night.tar.gz":                     archive(t, began(id)), // a copy that somebody made
		"20000101T000000Z-89ab4567.tar.gz": archive(t, recorded),
		"20000101T000000Z-<script>.tar.gz": archive(t, began("<script>"+id[:24])),
		"20000101T000000Z-x.tar.gz":        archive(t, began("x")),
		"20000101T000000Z-22224567.tar.gz": archive(t, began(many...)),
		ownName:                            archive(t, began(id)),
	} {
		if err := os.WriteFile(filepath.Join(dir, name), text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(elsewhere, []byte("a token"), 0o600); err != nil {
		t.Fatal(err)
	}
	synctest.Test(t, func(t *testing.T) {
		b := run(t, blackbox.Options{Dir: dir, MaxSnapshots: 2, MaxBytes: 1 << 20, Free: plenty})
		defer b.stop()
		b.look(t, found(time.Now()), 1)
		if records := b.Records(); len(records) != 1 || records[0].Incidents[0] != id {
			t.Fatalf("%+v", records)
		}
		if err := os.Remove(filepath.Join(dir, ownName)); err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink(elsewhere, filepath.Join(dir, ownName)); err != nil {
			t.Fatal(err)
		}
		if file, _, err := b.Snapshot(id); err == nil {
			_ = file.Close()
			t.Error("a link leads out of the folder")
		}
		for n := range 4 {
			time.Sleep(time.Hour)
			b.look(t, found(time.Now(), string(rune('a'+n))), 1)
		}
		if got := len(archives(t, dir)); got != 5+2 || len(b.Records()) != 2 || b.Err() != nil {
			t.Errorf("%d archives, %+v, %v", got, b.Records(), b.Err())
		}
	})
}

// TestFolderVanishes verifies that what somebody removed is not offered any more, and that
// the next incident is kept nevertheless.
func TestFolderVanishes(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "box")
	synctest.Test(t, func(t *testing.T) {
		b := run(t, blackbox.Options{Dir: dir, MaxSnapshots: 5, MaxBytes: 1 << 20, Free: plenty})
		defer b.stop()
		b.look(t, found(time.Now(), "n1"), 1)
		if err := os.RemoveAll(dir); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Minute)
		b.look(t, found(time.Now(), "n1"), 1)
		if len(b.Records()) != 0 {
			t.Errorf("what is gone is offered: %+v", b.Records())
		}
		if _, err := os.Stat(filepath.Join(dir, "timeline.json")); err != nil {
			t.Error(err)
		}
		time.Sleep(time.Minute)
		b.look(t, found(time.Now(), "n1", "n2"), 1)
		if len(b.Records()) != 1 || b.Err() != nil {
			t.Errorf("%+v, %v", b.Records(), b.Err())
		}
	})
}

// TestTimelineThatCannotBeWritten verifies that nobody is told that a snapshot was not kept
// when it was.
func TestTimelineThatCannotBeWritten(t *testing.T) {
	dir := t.TempDir()
	if err := os.MkdirAll(filepath.Join(dir, "timeline.json", "x"), 0o700); err != nil {
		t.Fatal(err)
	}
	synctest.Test(t, func(t *testing.T) {
		o := blackbox.Options{Dir: dir, MaxSnapshots: 5, MaxBytes: 1 << 20, Free: plenty}
		b := runAnyhow(t, o)
		defer b.stop()
		b.look(t, found(time.Now(), "n1"), 1)
		time.Sleep(time.Minute)
		b.look(t, found(time.Now(), "n1"), 1)
		if len(b.Records()) != 1 || b.Err() != nil {
			t.Errorf("%+v, %v", b.Records(), b.Err())
		}
	})
}

// TestSlowDisk verifies that a snapshot which was left out because the one before was still
// to be written is told of, also when that one is written in the end.
func TestSlowDisk(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		slow := make(chan struct{})
		o := blackbox.Options{Dir: t.TempDir(), MaxSnapshots: 9, MaxBytes: 1 << 20, Free: func(dir string) (left, all uint64, err error) {
			<-slow
			return plenty(dir)
		}}
		b := run(t, o)
		defer b.stop()
		for _, nodes := range [][]string{{"n1"}, {"n1", "n2"}, {"n1", "n2", "n3"}} {
			b.look(t, found(time.Now(), nodes...), 1)
			time.Sleep(time.Minute)
		}
		close(slow)
		synctest.Wait()
		if len(b.Records()) != 2 || b.Err() == nil || !strings.Contains(b.Err().Error(), "too slow") {
			t.Errorf("%d are kept of 3, and told is %v", len(b.Records()), b.Err())
		}
		b.look(t, found(time.Now(), "n4"), 1)
		if b.Err() != nil {
			t.Error(b.Err())
		}
	})
}
