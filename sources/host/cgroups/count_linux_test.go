package cgroups

import (
	"context"
	"errors"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// hierarchy is a place where the test may make cgroups.
type hierarchy struct {
	// root and proc are what Read is asked with; top is where the folders are.
	root, proc, top string
	version         int
	// controller is what the cgroups of the hierarchy are counted as.
	controller string
}

// version2Here mounts the hierarchy of version 2, which every kernel has.
func version2Here(t *testing.T) hierarchy {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("only root may mount a hierarchy and make cgroups in its root")
	}
	top := t.TempDir()
	if err := unix.Mount("none", top, "cgroup2", 0, ""); err != nil {
		t.Skipf("mount a hierarchy of version 2: %v", err)
	}
	t.Cleanup(func() {
		if err := unix.Unmount(top, 0); err != nil {
			t.Errorf("unmount: %v", err)
		}
	})
	return hierarchy{root: top, proc: "/proc", top: top, version: 2, controller: All}
}

// version1Here is the hierarchy of the memory controller, if this machine has it.
func version1Here(t *testing.T) hierarchy {
	t.Helper()
	const root = "/sys/fs/cgroup"
	if _, err := os.Stat(root + "/memory/cgroup.procs"); err != nil {
		t.Skip("this machine has no cgroups of version 1; the fixture stands for them")
	}
	if err := unix.Access(root+"/memory", unix.W_OK); err != nil {
		t.Skipf("no cgroups may be made here: %v", err)
	}
	return hierarchy{root: root, proc: "/proc", top: root + "/memory", version: 1, controller: "memory"}
}

// make adds a cgroup that is removed after the test.
func (h hierarchy) make(t *testing.T, name string) string {
	t.Helper()
	path := filepath.Join(h.top, name)
	if err := os.Mkdir(path, 0o755); err != nil {
		t.Skipf("no cgroups may be made here: %v", err)
	}
	t.Cleanup(func() { h.remove(t, path) })
	return path
}

// remove removes a cgroup; the kernel needs a moment to see that it is empty.
func (h hierarchy) remove(t *testing.T, path string) {
	t.Helper()
	eventually(t, "remove "+path, func() bool {
		err := os.Remove(path)
		return err == nil || errors.Is(err, fs.ErrNotExist)
	})
}

// eventually tries until it succeeds: others make and remove cgroups meanwhile.
func eventually(t *testing.T, what string, try func() bool) {
	t.Helper()
	for end := time.Now().Add(time.Minute); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		if try() {
			return
		}
	}
	t.Errorf("never happened: %s", what)
}

// live starts a process in the cgroup. It is not waited for, so that it stays as
// a zombie when it is killed.
func live(t *testing.T, path string) *os.Process {
	t.Helper()
	command := exec.Command("sleep", "600")
	if err := command.Start(); err != nil {
		t.Skipf("a process to put into a cgroup: %v", err)
	}
	t.Cleanup(func() {
		_ = command.Process.Kill()
		_ = command.Wait()
	})
	if err := os.WriteFile(filepath.Join(path, "cgroup.procs"), []byte(strconv.Itoa(command.Process.Pid)), 0o600); err != nil {
		t.Skipf("no process may be moved here: %v", err)
	}
	return command.Process
}

func (h hierarchy) read(t *testing.T) Count {
	t.Helper()
	c, err := Read(t.Context(), h.root, h.proc)
	if err != nil {
		t.Fatal(err)
	}
	if c.Version != h.version || c.CutShort || c.Folders == nil {
		t.Fatalf("count %+v", c)
	}
	return c
}

func TestCgroupsOfThisKernel(t *testing.T) {
	t.Parallel()
	for name, here := range map[string]func(*testing.T) hierarchy{"version 1": version1Here, "version 2": version2Here} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := here(t)
			base := "kubevitals-test-" + strconv.Itoa(os.Getpid())
			h.make(t, base)
			h.make(t, base+"/run-r1.scope")
			inhabited := h.make(t, base+"/run-r2.scope")
			live(t, inhabited)
			h.make(t, base+"/x.service")
			h.make(t, base+"/x.service/inner")
			h.make(t, base+"/kubepods.slice")
			h.make(t, base+"/kubepods.slice/pod1.slice")
			live(t, h.make(t, base+"/kubepods.slice/pod1.slice/cri-2.scope"))
			h.make(t, base+"/kubepods.slice/pod3.slice")

			w := walker{version: h.version, folders: map[Kind]Folders{}, buffer: make([]byte, 256)}
			if err := w.root(t.Context(), filepath.Join(h.top, base)); err != nil {
				t.Fatal(err)
			}
			want := map[Kind]Folders{
				Scopes: {Populated: 1, Empty: 1}, Services: {Empty: 2}, Pods: {Populated: 3, Empty: 1},
			}
			if !maps.Equal(w.folders, want) {
				t.Errorf("folders %v, want %v", w.folders, want)
			}
			if n := slow(t, filepath.Join(h.top, base)); w.total() != n {
				t.Errorf("%d folders, in the obvious way %d", w.total(), n)
			}
			countsOneMore(t, h, base)
			countsDying(t, h, base)
		})
	}
}

// slow counts folders in the most obvious way.
func slow(t *testing.T, top string) int64 {
	t.Helper()
	var n int64
	err := filepath.WalkDir(top, func(_ string, d fs.DirEntry, err error) error {
		if err == nil && d.IsDir() {
			n++
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return n - 1
}

// countsOneMore verifies that a cgroup more is one more by the kernel's own count and
// by that of folders.
func countsOneMore(t *testing.T, h hierarchy, base string) {
	t.Helper()
	eventually(t, "a cgroup more is counted", func() bool {
		before := h.read(t)
		path := filepath.Join(h.top, base, "one-more.scope")
		if err := os.Mkdir(path, 0o755); err != nil {
			t.Fatal(err)
		}
		after := h.read(t)
		h.remove(t, path)
		return after.Held[h.controller] == before.Held[h.controller]+1 &&
			after.Folders[Scopes].Empty == before.Folders[Scopes].Empty+1
	})
}

// countsDying removes a cgroup whose process is a zombie: the kernel keeps it until
// somebody waits for the process.
func countsDying(t *testing.T, h hierarchy, base string) {
	t.Helper()
	eventually(t, "a cgroup that cannot be freed is counted as dying, and not when it is freed", func() bool {
		before := h.read(t).Dying[h.controller]
		path := filepath.Join(h.top, base, "dying.scope")
		if err := os.Mkdir(path, 0o755); err != nil {
			t.Fatal(err)
		}
		process := live(t, path)
		_ = process.Kill()
		h.remove(t, path)
		held := h.read(t).Dying[h.controller]
		_, _ = process.Wait()
		for range 100 {
			if h.read(t).Dying[h.controller] == before {
				return held == before+1
			}
			time.Sleep(10 * time.Millisecond)
		}
		return false
	})
}

func TestTimeRunsOut(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	root := fixture(t, map[string]string{
		"cgroup.controllers": "cpu memory pids\n", "cgroup.stat": "nr_descendants 2\nnr_dying_descendants 0\n", "a.slice/cgroup.events": "populated 1\n",
	})
	c, err := Read(ctx, root, "/proc")
	if err != nil || !c.CutShort || c.Folders != nil || c.Held[All] != 2 {
		t.Errorf("no time was left for folders: %+v, %v", c, err)
	}
}

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
