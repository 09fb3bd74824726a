package export_test

import (
	"bytes"
	"io/fs"
	"os"
	"strings"
	"testing"

	"github.com/kubevitals/kubevitals/internal/export"
)

// TestChartIsThatOfTheRepository verifies that whoever has the program alone gets the
// files that whoever has the repository installs.
func TestChartIsThatOfTheRepository(t *testing.T) {
	t.Parallel()
	folder, got := os.DirFS("../../deploy/chart"), map[string][]byte{}
	for _, f := range files(t, export.Chart) {
		got[f.Path] = f.Data
	}
	err := fs.WalkDir(folder, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		want, err := fs.ReadFile(folder, name)
		if err != nil {
			return err
		}
		if text, ok := got[name]; !ok || !bytes.Equal(text, want) {
			t.Errorf("%s is handed out (%v), and differs or is missing", name, ok)
		}
		delete(got, name)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for name := range got {
		t.Errorf("%s is handed out, and not in the repository", name)
	}
}

// TestSettingsReachTheChart verifies that rules, inhibit rules and dashboards of the chart
// are those of the settings, and all else is as it was.
func TestSettingsReachTheChart(t *testing.T) {
	t.Parallel()
	plain := map[string][]byte{}
	for _, f := range files(t, export.Chart) {
		plain[f.Path] = f.Data
	}
	list := files(t, export.Chart, "clusterLabel=k8s_cluster", "disabledSignals=dns")
	if len(list) != len(plain)-1 {
		t.Errorf("%d files, want one less than the %d of all signals: no dashboard of DNS", len(list), len(plain))
	}
	changed := 0
	for _, f := range list {
		if bytes.Equal(f.Data, plain[f.Path]) {
			continue
		}
		changed++
		if !strings.HasPrefix(f.Path, "files/") || bytes.Contains(f.Data, []byte("alert: KubeVitalsDNSDown")) || !bytes.Contains(f.Data, []byte("k8s_cluster")) {
			t.Errorf("%s is changed, and not by the settings", f.Path)
		}
	}
	if changed < 5 {
		t.Errorf("only %d files are changed", changed)
	}
	if _, err := export.Stream(export.Chart, list); err == nil || !strings.Contains(err.Error(), "--out") {
		t.Errorf("as one text: %v", err)
	}
}
