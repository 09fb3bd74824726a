package cluster

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// took is a cluster that has taken its folder, with state in it, and started nothing.
func took(t *testing.T, dir string) *Cluster {
	t.Helper()
	c := &Cluster{options: Options{Dir: dir}}
	if err := c.takeFolder(); err != nil {
		t.Fatal(err)
	}
	for _, file := range []string{"etcd/member/wal", "node-0/pods/one", "node-0.clock", "logs/etcd.log"} {
		file = filepath.Join(c.Dir(), file)
		if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte("state"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return c
}

// inFolder are the names in a folder; none if it is gone.
func inFolder(t *testing.T, dir string) []string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

// TestFolder verifies what is left of the folder of a cluster.
func TestFolder(t *testing.T) {
	for name, tt := range map[string]struct {
		temporary, failed bool
		left              []string
	}{
		"ended":         {temporary: true},
		"failed":        {temporary: true, failed: true, left: []string{"logs"}},
		"in a folder":   {left: []string{"etcd", "lock", "logs", "node-0", "node-0.clock"}},
		"failed in one": {failed: true, left: []string{"etcd", "lock", "logs", "node-0", "node-0.clock"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Setenv("TMPDIR", t.TempDir())
			dir := filepath.Join(t.TempDir(), "lab")
			if tt.temporary {
				dir = ""
			}
			c := took(t, dir)
			c.failed = tt.failed
			c.Stop()
			if left := inFolder(t, c.Dir()); !slices.Equal(left, tt.left) {
				t.Errorf("left are %v, want %v", left, tt.left)
			}
		})
	}
}

// TestFolderAgain verifies that a folder has one cluster at a time, and that the next one
// finds no state of an earlier one.
func TestFolderAgain(t *testing.T) {
	dir := t.TempDir()
	first := took(t, dir)
	if err := (&Cluster{options: Options{Dir: dir}}).takeFolder(); err == nil || !strings.Contains(err.Error(), "another lab has it") {
		t.Errorf("two clusters in one folder: %v", err)
	}
	first.Stop()
	second := &Cluster{options: Options{Dir: dir}}
	if err := second.takeFolder(); err != nil {
		t.Fatal(err)
	}
	defer second.Stop()
	if left, want := inFolder(t, dir), []string{"lock", "logs"}; !slices.Equal(left, want) {
		t.Errorf("the second cluster finds %v, want %v", left, want)
	}
	if _, err := os.Stat(filepath.Join(second.LogDir(), "etcd.log")); err != nil {
		t.Errorf("the logs of the first: %v", err)
	}
}

// TestRemoveForgotten verifies that the folder goes whose cluster was killed, and that
// those stay of clusters that live, that failed, and that are about to start.
func TestRemoveForgotten(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	killed, living, failed, young := took(t, ""), took(t, ""), took(t, ""), took(t, "")
	defer living.Stop()
	failed.Fail()
	failed.Stop()
	ago := time.Now().Add(-2 * forgottenAfter)
	for _, c := range []*Cluster{killed, living} {
		if err := os.Chtimes(c.lock.Name(), ago, ago); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []*Cluster{killed, young} {
		_ = c.lock.Close() // as the kernel does
	}
	if n := RemoveForgotten(); n != 1 {
		t.Errorf("%d folders are removed, want 1", n)
	}
	for what, c := range map[string]*Cluster{"a living": living, "a failed": failed, "a young": young} {
		if inFolder(t, c.Dir()) == nil {
			t.Errorf("the folder of %s cluster is removed", what)
		}
	}
	if left := inFolder(t, killed.Dir()); left != nil {
		t.Errorf("of a cluster that was killed, %v are left", left)
	}
}
