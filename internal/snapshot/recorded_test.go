package snapshot_test

import (
	"bytes"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/kubevitals/kubevitals/collectors"
	"github.com/kubevitals/kubevitals/exporter"
	"github.com/kubevitals/kubevitals/internal/snapshot"
)

// TestRecordedFailuresAreNotLogged verifies that who reads what an exporter knew in an outage
// is not told in a log, too, of each collector that failed then.
func TestRecordedFailuresAreNotLogged(t *testing.T) {
	t.Parallel()
	families, err := exporter.Parse(strings.NewReader("kubevitals_scrape_collector_success{collector=\"etcd\"} 0\n"))
	if err != nil {
		t.Fatal(err)
	}
	at := time.Unix(1.7e9, 0)
	var archive, log bytes.Buffer
	m := snapshot.Moment{At: at, Before: at, Families: families, Errors: func(string) error { return errors.New("no answer") }}
	if err := m.Write(&archive); err != nil {
		t.Fatal(err)
	}
	name := filepath.Join(t.TempDir(), "night.tar.gz")
	if err := os.WriteFile(name, archive.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	read, err := snapshot.Read(t.Context(), name)
	if err != nil {
		t.Fatal(err)
	}
	defer read.Close()
	logger := slog.New(slog.NewTextHandler(&log, nil))
	all := collectors.Catalogue()
	etcd := all[slices.IndexFunc(all, func(d collectors.Definition) bool { return d.Name == "etcd" })]
	frame := exporter.NewFrame([]exporter.Named{{Name: "etcd", Collector: read.Recorded(time.Now, logger)(etcd), Metrics: etcd.Metrics}}, logger)
	got, err := frame.Scrape(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	success := -1.0
	got.Of("kubevitals_scrape_collector_success").Each(func(_ []string, value float64) { success = value })
	if success != 0 || log.Len() > 0 {
		t.Errorf("success %v, and in the log: %s", success, log.String())
	}
}
