package inotify

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// role tells a process of this test binary, started again, what to do.
const role = "KUBEVITALS_TEST_ROLE"

func TestMain(m *testing.M) {
	switch os.Getenv(role) {
	case "hold":
		hold()
	case "idle":
		_, _ = io.Copy(io.Discard, os.Stdin)
	default:
		os.Exit(m.Run())
	}
}

// heldInstances is how many instances a holder has, each with a watch on every
// one of heldFolders.
const heldInstances = 3

func heldFolders() []string { return []string{"/", "/dev", "/etc", "/proc", "/tmp", "/usr", "/var"} }

// hold keeps instances with watches open until its input ends. It starts a child
// that inherits the first instance.
func hold() {
	for i := range heldInstances {
		fd, err := unix.InotifyInit1(unix.IN_CLOEXEC)
		for _, folder := range heldFolders() {
			if err == nil {
				_, err = unix.InotifyAddWatch(fd, folder, unix.IN_DELETE_SELF)
			}
		}
		if i == 0 && err == nil {
			child := exec.Command("/proc/self/exe")
			child.Env, child.Stdin = []string{role + "=idle"}, os.Stdin
			child.ExtraFiles = []*os.File{os.NewFile(uintptr(fd), "inotify")}
			if err = child.Start(); err == nil {
				fmt.Println(child.Process.Pid)
			}
		}
		if err != nil {
			fmt.Println("error:", err)
			return
		}
	}
	fmt.Println("ready")
	_, _ = io.Copy(io.Discard, os.Stdin)
}

// holder starts a process that holds instances; it returns its number and that of
// its child. It skips the test if there are no namespaces of that kind.
func holder(t *testing.T, attributes *syscall.SysProcAttr) []int {
	t.Helper()
	command := exec.CommandContext(t.Context(), "/proc/self/exe")
	command.Env, command.SysProcAttr = []string{role + "=hold"}, attributes
	in, err := command.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := command.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := command.Start(); err != nil && attributes != nil {
		t.Skipf("this machine makes no such user namespace: %v", err)
	} else if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = in.Close()
		_ = command.Wait()
	})
	pids := []int{command.Process.Pid}
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		if lines.Text() == "ready" {
			return pids
		}
		pid, err := strconv.Atoi(lines.Text())
		if err != nil {
			t.Fatalf("the process that holds instances says: %s", lines.Text())
		}
		pids = append(pids, pid)
	}
	t.Fatal("the process that holds instances ended")
	return nil
}

// userNamespace is one in which root is that user of the present one.
func userNamespace(uid, size int) *syscall.SysProcAttr {
	return &syscall.SysProcAttr{
		Cloneflags:  unix.CLONE_NEWUSER,
		UidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: uid, Size: size}},
		GidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getegid(), Size: 1}},
		// Becomes that user; until then it is still whoever made the namespace.
		Credential: &syscall.Credential{Uid: 0, Gid: 0, NoSetGroups: true},
	}
}

// slow does the same in the most obvious way: it finds all instances of the
// processes, shared ones as often as they are shared.
func slow(t *testing.T, proc string, of func(pid int) bool) map[instance]int64 {
	t.Helper()
	found := map[instance]int64{}
	files, err := filepath.Glob(proc + "/[0-9]*/fd/*")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		parts := strings.Split(strings.TrimPrefix(file, proc+"/"), "/")
		pid, _ := strconv.Atoi(parts[0])
		fd, _ := strconv.Atoi(parts[2])
		if target, err := os.Readlink(file); err != nil || target != "anon_inode:inotify" || !of(pid) {
			continue
		}
		info, err := os.ReadFile(fmt.Sprintf("%s/%d/fdinfo/%d", proc, pid, fd))
		if err != nil {
			continue
		}
		found[instance{pid, fd}] = int64(strings.Count("\n"+string(info), "\ninotify wd:"))
	}
	return found
}

// fast finds the same instances by the means of the package.
func fast(t *testing.T, proc string, of func(pid int) bool) (all map[instance]int64, told []instance) {
	t.Helper()
	s, err := newScanner(proc)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = unix.Close(s.proc) }()
	if err := s.find(t.Context()); err != nil {
		t.Fatal(err)
	}
	s.instances = slices.DeleteFunc(s.instances, func(i instance) bool { return !of(i.pid) })
	all = map[instance]int64{}
	for _, i := range s.instances {
		n, err := s.lines.count(s.proc, fmt.Sprintf("%d/fdinfo/%d", i.pid, i.fd))
		if err != nil {
			t.Fatal(err)
		}
		all[i] = n
	}
	s.unshare()
	if !s.scan.Told {
		return all, nil
	}
	return all, s.instances
}

// TestScanAgreesWithTheObviousWay on processes of its own, because others come
// and go.
func TestScanAgreesWithTheObviousWay(t *testing.T) {
	t.Parallel()
	pids := holder(t, nil)
	mine := func(pid int) bool { return slices.Contains(pids, pid) }
	got, told := fast(t, "/proc", mine)
	if want := slow(t, "/proc", mine); !maps.Equal(got, want) || len(want) != heldInstances+1 {
		t.Errorf("found %v\nwant  %v, which are %d instances and one that the child inherited", got, want, heldInstances)
	}
	if told == nil {
		t.Skip("the kernel does not tell which files are shared")
	}
	if len(told) != heldInstances || slices.ContainsFunc(told, func(i instance) bool { return i.pid != pids[0] }) {
		t.Errorf("instances, shared ones once: %v, want the %d of process %d", told, heldInstances, pids[0])
	}
}

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
