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
