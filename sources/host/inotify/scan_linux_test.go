package inotify

import (
	"bufio"
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
