package cgroups

import (
	"errors"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// fixture writes files below a folder.
func fixture(t *testing.T, files map[string]string) string {
	t.Helper()
	root := t.TempDir()
	for name, text := range files {
		path := filepath.Join(root, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, []byte(text), 0o600)); err != nil {
			t.Fatal(err)
		}
	}
	return root
}

// TestVersion2 reads what a kernel of a node has, since the one here need not have
// the memory controller in its hierarchy of version 2. Files on a disk are links
// to folders as the kernel's are, but for what they count to.
func TestVersion2(t *testing.T) {
	t.Parallel()
	root := fixture(t, map[string]string{
		"cgroup.controllers":     "cpuset cpu io memory pids\n",
		"cgroup.max.descendants": "20000\n",
		"cgroup.stat": "nr_descendants 120\nnr_subsys_cpu 90\nnr_subsys_memory 118\nnr_dying_descendants 3400\n" +
			"nr_dying_subsys_cpu 0\nnr_dying_subsys_memory 3399\nsomething_new 7\n",
		"init.scope/cgroup.events":                  "populated 1\nfrozen 0\n",
		"system.slice/cgroup.events":                "populated 1\nfrozen 0\n",
		"system.slice/a.service/cgroup.events":      "populated 1\nfrozen 0\n",
		"system.slice/run-r1.scope/cgroup.events":   "populated 0\nfrozen 0\n",
		"kubepods.slice/cgroup.events":              "populated 0\nfrozen 0\n",
		"kubepods.slice/pod1.slice/cgroup.events":   "populated 0\nfrozen 0\n",
		"kubepods.slice/pod1.slice/x/cgroup.events": "populated 0\nfrozen 0\n",
	})
	c, err := Read(t.Context(), root, "/proc")
	if err != nil {
		t.Fatal(err)
	}
	if want := map[string]int64{All: 3520, "cpu": 90, "memory": 3517}; !maps.Equal(c.Held, want) {
		t.Errorf("held %v, want %v", c.Held, want)
	}
	if want := map[string]int64{All: 3400, "cpu": 0, "memory": 3399}; !maps.Equal(c.Dying, want) {
		t.Errorf("dying %v, want %v", c.Dying, want)
	}
	if want := map[string]int64{All: 20000, "memory": MemoryIDs}; !maps.Equal(c.Limit, want) {
		t.Errorf("limit %v, want %v", c.Limit, want)
	}
	want := map[Kind]Folders{Scopes: {Populated: 1, Empty: 1}, Others: {Populated: 1}, Services: {Populated: 1}, Pods: {Empty: 3}}
	if !maps.Equal(c.Folders, want) {
		t.Errorf("folders %v, want %v", c.Folders, want)
	}
}

// TestVersion2WithoutControllers reads what a kernel before 6.12 has.
func TestVersion2WithoutControllers(t *testing.T) {
	t.Parallel()
	root := fixture(t, map[string]string{
		"cgroup.controllers": "cpu memory\n", "cgroup.max.descendants": "max\n", "cgroup.stat": "nr_descendants 100\nnr_dying_descendants 7\n",
	})
	c, err := Read(t.Context(), root, "/proc")
	if err != nil {
		t.Fatal(err)
	}
	if want := map[string]int64{All: 107, "memory": 107}; !maps.Equal(c.Held, want) {
		t.Errorf("held %v, want %v", c.Held, want)
	}
	if want := map[string]int64{"memory": MemoryIDs}; !maps.Equal(c.Limit, want) || c.Dying["memory"] != 7 {
		t.Errorf("limit %v, want %v; dying %v", c.Limit, want, c.Dying)
	}
}

func TestVersion1(t *testing.T) {
	t.Parallel()
	proc := fixture(t, map[string]string{
		"cgroups": "#subsys_name\thierarchy\tnum_cgroups\tenabled\ncpu\t4\t70\t1\nmemory\t9\t65000\t1\nnet_prio\t0\t1\t1\nrdma\t3\t1\t0\n",
	})
	root := fixture(t, map[string]string{
		"memory/system.slice/cgroup.procs":                 "",
		"memory/system.slice/kubelet.service/cgroup.procs": "812\n",
		"memory/kubepods/cgroup.procs":                     "",
		"memory/kubepods/besteffort/cgroup.procs":          "",
		"memory/kubepods/besteffort/pod1/cgroup.procs":     "",
	})
	c, err := Read(t.Context(), root, proc)
	if err != nil {
		t.Fatal(err)
	}
	if want := map[string]int64{"cpu": 70, "memory": 65000}; c.Version != 1 || !maps.Equal(c.Held, want) {
		t.Errorf("version %d, held %v, want %v", c.Version, c.Held, want)
	}
	if want := map[string]int64{"memory": 65000 - 5 - 1}; !maps.Equal(c.Dying, want) {
		t.Errorf("dying %v, want %v", c.Dying, want)
	}
	if want := map[string]int64{"memory": MemoryIDs}; !maps.Equal(c.Limit, want) {
		t.Errorf("limit %v, want %v", c.Limit, want)
	}
	want := map[Kind]Folders{Others: {Populated: 1}, Services: {Populated: 1}, Pods: {Empty: 3}}
	if !maps.Equal(c.Folders, want) {
		t.Errorf("folders %v, want %v", c.Folders, want)
	}
}

// TestNothingToCount verifies that a machine whose cgroups are not seen does not count
// as one with none.
func TestNothingToCount(t *testing.T) {
	t.Parallel()
	empty := t.TempDir()
	for name, proc := range map[string]map[string]string{
		"nothing mounted": {"cgroups": "#subsys_name\thierarchy\tnum_cgroups\tenabled\nmemory\t0\t80\t1\n"},
		"no file":         {},
		"not a number":    {"cgroups": "memory\t1\tmany\t1\n"},
	} {
		if c, err := Read(t.Context(), empty, fixture(t, proc)); err == nil {
			t.Errorf("%s: %+v", name, c)
		}
	}
	for _, stat := range []string{"", "nr_dying_descendants 1\n", "nr_descendants many\n"} {
		root := fixture(t, map[string]string{"cgroup.controllers": "cpu\n", "cgroup.stat": stat})
		if c, err := Read(t.Context(), root, "/proc"); err == nil {
			t.Errorf("%q: %+v", strings.TrimSpace(stat), c)
		}
	}
}
