package snapshot

import (
	"archive/tar"
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/kubevitals/kubevitals/collectors"
	"github.com/kubevitals/kubevitals/sources"
)

// FuzzArchive verifies that a file of whatever content, an archive or packed, is read or
// refused with one line that names it, in time and without leaving anything behind.
func FuzzArchive(f *testing.F) {
	for _, seed := range []string{
		oneNode, zipped([]byte(oneNode)), tarOf(tar.Header{Name: "nodes/a/stats.json", Typeflag: tar.TypeReg}, tar.Header{Name: "n.json.gz", Typeflag: tar.TypeReg}),
		zipped([]byte(tarOf(tar.Header{Name: manifestName, Typeflag: tar.TypeReg}))), zipped([]byte(ones(1 << 10))), "PK\x03\x04", "",
	} {
		f.Add([]byte(seed))
	}
	small := standardLimits()
	small.total, small.file, small.object, small.files, small.free = 4<<20, 1<<20, 64<<10, 100, 1<<10
	f.Fuzz(func(t *testing.T, content []byte) {
		file := filepath.Join(t.TempDir(), "dump")
		if err := os.WriteFile(file, content, 0o600); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
		defer cancel()
		d, err := read(ctx, file, small, sources.Resources())
		if err != nil {
			if !strings.Contains(err.Error(), file) {
				t.Errorf("%q does not name the file", err)
			}
			return
		}
		if err := d.Close(); err != nil {
			t.Error(err)
		}
	})
}

// FuzzSamples verifies that recorded samples are taken or refused, and that what is
// taken is what the collector declares.
func FuzzSamples(f *testing.F) {
	def := collectors.DNS()
	f.Add("# TYPE " + def.Metrics[0].Name + " gauge\n" + def.Metrics[0].Name + "{a=\"b\"} 1\n")
	f.Add(def.Metrics[0].Name + " NaN\nother 1\n")
	f.Fuzz(func(t *testing.T, text string) {
		metrics, err := parseSamples(def, []byte(text), slog.New(slog.DiscardHandler))
		if err != nil && len(metrics) > 0 {
			t.Errorf("refused, and %d samples are taken: %v", len(metrics), err)
		}
	})
}

// FuzzManifest verifies that a manifest is one of this version, or refused.
func FuzzManifest(f *testing.F) {
	f.Add(`{"formatVersion":1,"taken":"2026-03-01T12:00:00Z","lists":[{"resource":"nodes","reason":"available"}]}`)
	f.Add(`{"formatVersion":1}`)
	f.Fuzz(func(t *testing.T, text string) {
		r := &reader{snapshot: &Snapshot{}, limits: standardLimits()}
		if err := r.readManifest(strings.NewReader(text)); err == nil && (r.snapshot.Manifest.FormatVersion != FormatVersion || r.snapshot.Manifest.Taken.IsZero()) {
			t.Errorf("%+v", r.snapshot.Manifest)
		}
	})
}
