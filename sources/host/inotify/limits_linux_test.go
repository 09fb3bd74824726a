package inotify

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// TestKernelRefuses adds watches, and then instances, until the kernel refuses
// more, and wants the scan to say that the limit is reached. It does so in
// namespaces with limits of their own, so that nothing else on this machine is
// refused anything.
func TestKernelRefuses(t *testing.T) {
	t.Parallel()
	const inside = "KUBEVITALS_TEST_INSIDE"
	if os.Getenv(inside) != "" {
		refused(t)
		return
	}
	command := exec.CommandContext(t.Context(), "/proc/self/exe", "-test.run=^TestKernelRefuses$", "-test.v")
	command.Env = append(os.Environ(), inside+"=1", "TMPDIR="+t.TempDir())
	command.SysProcAttr = userNamespace(os.Geteuid(), manyUsers())
	command.SysProcAttr.Cloneflags |= unix.CLONE_NEWPID | unix.CLONE_NEWNS
	out, err := command.CombinedOutput()
	switch {
	case command.Process == nil:
		t.Skipf("this machine makes no user namespaces: %v", err)
	case err != nil:
		t.Errorf("%v\n%s", err, out)
	case strings.Contains(string(out), "--- SKIP"):
		t.Skipf("%s", out)
	case !strings.Contains(string(out), "--- PASS: TestKernelRefuses"):
		t.Errorf("nothing was tested:\n%s", out)
	}
}

// manyUsers is how many users a namespace may have that this process makes.
func manyUsers() int {
	if os.Geteuid() == 0 {
		return 2000
	}
	return 1
}

// refused runs as the first process of its namespaces.
func refused(t *testing.T) {
	const proc = "/proc" // where only this mount namespace sees it
	if err := unix.Mount("proc", proc, "proc", 0, ""); err != nil {
		t.Skipf("mount of a procfs: %v", err)
	}
	const watches, instances = 50, 12
	for file, limit := range map[string]int{"max_inotify_watches": watches, "max_inotify_instances": instances} {
		if err := os.WriteFile(filepath.Join(proc, "sys/user", file), []byte(strconv.Itoa(limit)), 0o600); err != nil {
			t.Skipf("limits of a user namespace: %v", err)
		}
	}
	used := func() Use {
		scan, err := Run(t.Context(), proc)
		if err != nil {
			t.Fatal(err)
		}
		if !scan.Complete() || scan.Limit != (Use{watches, instances}) || scan.Processes < 1 {
			t.Fatalf("scan %+v", scan)
		}
		return scan.Users()[0]
	}
	// What is held in a namespace below, as whatever user, counts here against its
	// maker: the kernel says so when it refuses.
	other := 0
	if text, err := os.ReadFile("/proc/self/uid_map"); err == nil && strings.Fields(string(text))[2] != "1" {
		other = 1000
	}
	holder(t, userNamespace(other, 1))
	before := used()
	if want := (Use{int64(heldInstances * len(heldFolders())), heldInstances}); before != want {
		t.Errorf("a namespace below holds %+v, and the scan says %+v", want, before)
	}
	fds, err := fill(watches)
	if !errors.Is(err, unix.ENOSPC) {
		t.Fatalf("inotify_add_watch at the limit: %v, want ENOSPC", err)
	}
	if got := used(); got.Watches != watches {
		t.Errorf("the kernel refuses watches, and the scan says %d of %d (%d at first)", got.Watches, watches, before.Watches)
	}
	for {
		fd, err := unix.InotifyInit1(unix.IN_CLOEXEC)
		if err != nil {
			if !errors.Is(err, unix.EMFILE) {
				t.Fatalf("inotify_init at the limit: %v, want EMFILE", err)
			}
			break
		}
		fds = append(fds, fd)
	}
	if got := used(); got.Instances != instances {
		t.Errorf("the kernel refuses instances, and the scan says %d of %d", got.Instances, instances)
	}
	for _, fd := range fds {
		_ = unix.Close(fd)
	}
	if got := used(); got != before {
		t.Errorf("all is closed, and the scan says %+v, at first %+v", got, before)
	}
}

// fill adds watches to one instance until there is an error.
func fill(limit int) ([]int, error) {
	fd, err := unix.InotifyInit1(unix.IN_CLOEXEC)
	for i := 0; err == nil && i <= limit; i++ {
		var dir string
		if dir, err = os.MkdirTemp("", "watched-"); err == nil {
			_, err = unix.InotifyAddWatch(fd, dir, unix.IN_CREATE)
		}
	}
	return []int{fd}, err
}

// TestUserNamespaceIsChargedToItsOwner verifies the rule that a process in another
// user namespace counts against the limit of whoever made the namespace.
func TestUserNamespaceIsChargedToItsOwner(t *testing.T) {
	t.Parallel()
	other := os.Geteuid()
	if other == 0 {
		other = 1234
	}
	pids := holder(t, userNamespace(other, 1))
	s, err := newScanner("/proc")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = unix.Close(s.proc) })
	h, err := s.owners.of(pids[0])
	if err != nil {
		t.Fatal(err)
	}
	if want := uint32(os.Geteuid()); h.UID != want {
		t.Errorf("charged to user %d, want %d, who made the namespace", h.UID, want)
	}
}

func TestTimeRunsOut(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	scan, err := Run(ctx, "/proc")
	if err != nil && !errors.As(err, &deniedError{}) {
		t.Fatal(err)
	}
	if err == nil && (!scan.CutShort || scan.Complete()) {
		t.Errorf("no time was left, and the scan counts as complete: %+v", scan)
	}
}

// TestDenied runs as a user who may not read the files of any other.
func TestDenied(t *testing.T) {
	t.Parallel()
	const inside = "KUBEVITALS_TEST_NOBODY"
	if os.Getenv(inside) != "" {
		scan, err := Run(t.Context(), "/proc")
		if !errors.As(err, &deniedError{}) && (err != nil || scan.Denied == 0 || scan.Complete()) {
			t.Errorf("the files of others cannot be read, and the scan says %+v, %v", scan, err)
		}
		return
	}
	if os.Geteuid() != 0 {
		t.Skip("only root can become another user")
	}
	// By its own path, in a folder of root, that user could not run it.
	command := exec.CommandContext(t.Context(), "/proc/self/exe", "-test.run=^TestDenied$", "-test.v")
	command.Env, command.Dir = []string{inside + "=1"}, "/"
	command.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
	if out, err := command.CombinedOutput(); err != nil || !strings.Contains(string(out), "--- PASS: TestDenied") {
		t.Errorf("%v\n%s", err, out)
	}
}

func TestNoProcesses(t *testing.T) {
	t.Parallel()
	if _, err := Run(t.Context(), t.TempDir()); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a folder that is no procfs: %v", err)
	}
}

// BenchmarkRun scans the processes of this machine.
func BenchmarkRun(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		scan, err := Run(b.Context(), "/proc")
		if err != nil {
			b.Fatal(err)
		}
		b.ReportMetric(float64(scan.Processes), "processes")
	}
}
