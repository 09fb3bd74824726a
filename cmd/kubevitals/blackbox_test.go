package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/kubevitals/kubevitals/internal/blackbox"
	"github.com/kubevitals/kubevitals/internal/diagnosis"
	"github.com/kubevitals/kubevitals/internal/web"
)

// incidentsAt is what the API of an exporter answers.
func incidentsAt(t *testing.T, pages string) (web.Incidents, error) {
	t.Helper()
	var told web.Incidents
	text := fetch(t, pages+web.API[1:])
	if err := json.Unmarshal([]byte(text), &told); err != nil {
		return told, fmt.Errorf("%w in:\n%s", err, text)
	}
	return told, nil
}

// TestBlackBox verifies that what is known when incidents begin is kept, that check reads it
// and names the same causes and is as blind as the exporter was, and that it outlives the
// exporter.
func TestBlackBox(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "box")
	flags := []string{"--demo", "--blackbox.dir=" + dir, "--blackbox.interval=1s", "--cluster-name=tiny"}
	pages := serving(t, flags...)
	var live web.Incidents
	eventually(t, func() (err error) {
		if live, err = incidentsAt(t, pages); err == nil && len(live.Snapshots) == 0 {
			err = fmt.Errorf("nothing is kept of %d incidents", len(live.Incidents))
		}
		return err
	})
	kept := live.Snapshots[len(live.Snapshots)-1]
	id := kept.Incidents[0]
	archive := fetch(t, pages+web.API[1:]+"/"+id+"/snapshot")
	if int64(len(archive)) != kept.Bytes {
		t.Fatalf("%d bytes, and %d are kept", len(archive), kept.Bytes)
	}
	file := filepath.Join(t.TempDir(), "night.tar.gz")
	if err := os.WriteFile(file, []byte(archive), 0o600); err != nil {
		t.Fatal(err)
	}
	result := checked(t, "--snapshot="+file)
	if !result.Snapshot || !result.At.Equal(kept.Taken) || len(result.Absent) > 0 && result.Absent[0].Kind == diagnosis.Kubelets {
		t.Errorf("a snapshot %v of %s, want %s; absent: %+v", result.Snapshot, result.At, kept.Taken, result.Absent)
	}
	causes := map[string]bool{}
	for _, one := range result.Incidents {
		causes[one.Cause.ID()] = true
	}
	named := 0
	for _, one := range live.Incidents {
		if slices.Contains(kept.Incidents, one.ID) {
			named++
			if !causes[one.Cause.ID()] {
				t.Errorf("check does not name %s %v", one.Cause.Alert, one.Cause.Labels)
			}
		}
	}
	if named == 0 {
		t.Errorf("none of the incidents %q goes on: %+v", kept.Incidents, live.Incidents)
	}
	if status := fetch(t, pages+"?lang=en"); !strings.Contains(status, "/snapshot") || !strings.Contains(status, "Kept of incidents") {
		t.Errorf("the page does not lead to it:\n%s", status)
	}

	again := serving(t, flags...)
	eventually(t, func() error {
		told, err := incidentsAt(t, again)
		if err == nil && !slices.ContainsFunc(told.Snapshots, func(r blackbox.Record) bool { return slices.Contains(r.Incidents, id) }) {
			err = fmt.Errorf("after a restart there is no snapshot of %s in %+v", id, told.Snapshots)
		}
		return err
	})
}

// checked is what check finds.
func checked(t *testing.T, args ...string) *diagnosis.Result {
	t.Helper()
	var out, errs bytes.Buffer
	run(t.Context(), append([]string{"check", "-o", "json"}, args...), &out, &errs, func(*slog.Logger) {})
	var result diagnosis.Result
	if err := json.Unmarshal(out.Bytes(), &result); err != nil {
		t.Fatalf("%v: %s\n%s", err, errs.String(), out.String())
	}
	return &result
}

// TestBlackBoxFlags verifies that what cannot be kept is refused at the start.
func TestBlackBoxFlags(t *testing.T) {
	t.Parallel()
	for flag, want := range map[string]string{
		"--blackbox.interval=10ms":   "less than a second",
		"--blackbox.max-snapshots=0": "less than 1",
		"--blackbox.max-bytes=0":     "not a positive size",
		"--scope=node":               "leave it out with --scope=node",
		"--snapshot=x":               "nothing begins in a snapshot",
	} {
		var errs bytes.Buffer
		code := run(context.Background(), []string{"--blackbox.dir=" + t.TempDir(), flag}, io.Discard, &errs, func(*slog.Logger) {})
		if code != exitUsage || !strings.Contains(errs.String(), want) {
			t.Errorf("%s: exit code %d, %s", flag, code, errs.String())
		}
	}
}
