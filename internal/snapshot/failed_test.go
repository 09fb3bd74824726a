package snapshot_test

import (
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/kubevitals/kubevitals/internal/snapshot"
)

// TestFailedFilesAreTold verifies that files that should hold objects and hold none are
// told by name, with what they are, and that foreign files are not.
func TestFailedFilesAreTold(t *testing.T) {
	t.Parallel()
	const (
		nodes     = `{"apiVersion":"v1","kind":"NodeList","items":[{"metadata":{"name":"n"}}]}`
		forbidden = `Error from server (Forbidden): pods is forbidden: User "dev" cannot list resource`
		talk      = "E1127 09:29:50.123456    4711 memcache.go:265] couldn't get current server API group list: the server is currently unable to handle the request\n"
		zip       = "PK\x03\x04\x14\x00\x00"
	)
	tar := strings.Repeat("\x00", 257) + "ustar\x0000" + strings.Repeat("\x00", 512)
	for name, c := range map[string]struct {
		files map[string]string
		// want is what is said of each file that is told.
		want map[string]string
	}{
		"a command that wrote nothing": {map[string]string{"pods.json": "", "prod/hpa.yml": "\n"}, map[string]string{"pods.json": "is empty", "prod/hpa.yml": "is empty"}},
		"an empty file of PowerShell":  {map[string]string{"hpa.json": "\xff\xfe"}, map[string]string{"hpa.json": "is empty"}},
		"what kubectl said": {
			map[string]string{"hpa.yaml": forbidden, "pods.json": "E0610 12:00:00.1 1 memcache.go:265] no list\nWarning: old\nUnable to connect to the server: EOF\n"},
			map[string]string{"hpa.yaml": `what kubectl said: ` + forbidden, "pods.json": "what kubectl said: Unable to connect to the server: EOF"},
		},
		"warnings before JSON that is cut": {map[string]string{"all.json": strings.Repeat(talk, 100) + `{"apiVersion":"v1","kind":"List","items":[{"kind":"Po`}, map[string]string{"all.json": "is cut short"}},
		"a table":                          {map[string]string{"leases.yaml": "NAME  HOLDER\na  b\n"}, map[string]string{"leases.yaml": "begins with"}},
		"cut within its first":             {map[string]string{"all.json": `{"apiVersion":"v1","kind":"List","items":[{"kind":"Po`}, map[string]string{"all.json": "is cut short"}},
		"archives": {
			map[string]string{"dump.zip": zip, "prod/old.tar": tar, "rest.tgz": "\x1f\x8b\x08\x00\x00", "pods.json.xz": "\xfd7zXZ\x00\x00"},
			map[string]string{"dump.zip": "zip", "prod/old.tar": "tar", "rest.tgz": "gzip", "pods.json.xz": "xz"},
		},
		"an archive that was unpacked": {map[string]string{"dump.zip": zip, "dump/pods.json": `{"apiVersion":"v1","kind":"PodList","items":[]}`}, nil},
		"foreign files": {map[string]string{
			"kubelet.log": "error: no", "index.html": "<html>", "notes.txt": forbidden, "version": "v1", "empty.txt": "", "version.txt": "",
			"values.yaml": "replicas: 1\nerror: none\n", "settings.json": `{"a":1}`, "app.jar": zip, "picture.png": "\x89PNG\x00", "list.json": "[]",
		}, nil},
		"a must-gather": {map[string]string{
			"q/namespaces/a/core/events.html": "", "q/cluster-scoped-resources/x.io/widgets.yaml": "", "q/ceph/status.json": "Error from server (NotFound): no", "q/sos.tar": tar,
		}, nil},
		"a must-gather that lacks a kind": {
			map[string]string{"q/namespaces/a/core/pods.yaml": "", "q/timestamp": "2025-06-10 12:00:00.0 +0000 UTC"},
			map[string]string{"q/namespaces/a/core/pods.yaml": "is empty"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := folder(t, c.files)
			if err := os.WriteFile(filepath.Join(dir, "nodes.json"), []byte(nodes), 0o600); err != nil {
				t.Fatal(err)
			}
			s, err := snapshot.Read(t.Context(), dir)
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = s.Close() }()
			told := map[string]string{}
			for _, file := range s.Unreadable {
				told[file.Name] = file.Err.Error()
			}
			if got, want := slices.Sorted(maps.Keys(told)), slices.Sorted(maps.Keys(c.want)); !slices.Equal(got, want) {
				t.Errorf("told of %q, want %q", got, want)
			}
			for file, want := range c.want {
				if !strings.Contains(told[file], want) {
					t.Errorf("%s: %q, want %q in it", file, told[file], want)
				}
			}
			if len(s.Objects) != 1 {
				t.Errorf("%d objects, want the node", len(s.Objects))
			}
		})
	}
}
