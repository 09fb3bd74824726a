//go:build linux

package realnode

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// inside is a thread in the namespaces and the cgroups of a node. What is started on it
// is a process of the node, and still a child of this one: it can be waited for, stopped
// and killed like any other.
type inside struct {
	calls   chan func()
	left    chan struct{}
	leaving sync.Once
	// unified is the file by which processes join the node's cgroup of v2; nil if the
	// machine has none.
	unified *os.File
}

// errLeft is of a node that is stopped.
var errLeft = errors.New("the node is stopped")

// enter joins the namespaces of a process of the node, and its cgroup of that path in
// each hierarchy.
func enter(pid int, cgroup string) (*inside, error) {
	all, err := hierarchies()
	if err != nil {
		return nil, err
	}
	i, entered := &inside{calls: make(chan func()), left: make(chan struct{})}, make(chan error)
	for _, h := range all {
		if h.version != 2 {
			continue
		}
		// By a file that was opened outside of its cgroup namespace, processes may also
		// come into a cgroup from there (nsdelegate).
		if i.unified, err = os.OpenFile(filepath.Join(h.mount, cgroup, "cgroup.procs"), os.O_WRONLY, 0); err != nil {
			return nil, fmt.Errorf("cgroup of the node: %w", err)
		}
	}
	onOwnThread(func() {
		err := errors.Join(joinThread(all, cgroup), join(pid))
		entered <- err
		if err == nil {
			i.serve()
		}
	})
	if err := <-entered; err != nil {
		i.leave()
		return nil, fmt.Errorf("enter the namespaces of process %d: %w", pid, err)
	}
	return i, nil
}

// onOwnThread calls f on a thread of its own, which ends when f does: what it was in is
// then free.
func onOwnThread(f func()) {
	go func() {
		runtime.LockOSThread()
		if unix.Gettid() != unix.Getpid() {
			f() // and never unlocked: the thread ends with the goroutine
			return
		}
		// The main thread lives as long as the process. While it is kept here, another one
		// is found.
		begun := make(chan struct{})
		onOwnThread(func() { close(begun); f() })
		<-begun
		runtime.UnlockOSThread()
	}()
}

func (i *inside) serve() {
	for {
		select {
		case call := <-i.calls:
			call()
		case <-i.left:
			return
		}
	}
}

// joinThread moves this thread, and so what it starts, into cgroups of v1. In v2, all
// threads of a process are in one.
func joinThread(all []hierarchy, cgroup string) error {
	for _, h := range all {
		if h.version != 1 {
			continue
		}
		if err := os.WriteFile(filepath.Join(h.mount, cgroup, "tasks"), []byte("0"), 0); err != nil {
			return err
		}
	}
	return nil
}

// join moves this thread; only processes that it starts are in the namespace of
// processes.
func join(pid int) error {
	// Threads share their root and working folders until they say otherwise.
	if err := unix.Unshare(unix.CLONE_FS); err != nil {
		return err
	}
	var files []*os.File
	kinds := []string{"cgroup", "ipc", "uts", "net", "pid", "mnt"}
	for _, kind := range kinds {
		f, err := os.Open(fmt.Sprintf("/proc/%d/ns/%s", pid, kind))
		if err != nil {
			return err
		}
		defer func() { _ = f.Close() }()
		files = append(files, f)
	}
	for i, f := range files {
		if err := unix.Setns(int(f.Fd()), 0); err != nil {
			return fmt.Errorf("%s: %w", kinds[i], err)
		}
	}
	return nil
}

// do calls f on the thread and returns when it has ended.
func (i *inside) do(f func()) error {
	done := make(chan struct{})
	select {
	case i.calls <- func() { defer close(done); f() }:
		<-done
		return nil
	case <-i.left:
		return errLeft
	}
}

// leave ends the thread. It can be called more than once.
func (i *inside) leave() {
	i.leaving.Do(func() {
		close(i.left)
		_ = i.unified.Close() // nil where there is none
	})
}

// start starts a command in the node, whose programs it finds by the node's PATH.
func (i *inside) start(cmd *exec.Cmd) error {
	cmd.Env = []string{"PATH=" + binDir + ":/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/root"}
	i.adopt(cmd)
	var err error
	if left := i.do(func() { err = cmd.Start() }); left != nil {
		return left
	}
	return err
}

// adopt lets a command join the node's cgroup of v2 before it begins.
func (i *inside) adopt(cmd *exec.Cmd) {
	if i.unified == nil || cmd.Err != nil {
		return
	}
	cmd.ExtraFiles = append(cmd.ExtraFiles, i.unified)
	join := fmt.Sprintf(`echo 0 >&%[1]d && exec %[1]d>&- "$0" "$@"`, 2+len(cmd.ExtraFiles))
	cmd.Path, cmd.Args = "/bin/sh", append([]string{"sh", "-c", join, cmd.Path}, cmd.Args[1:]...)
}

// outputDelay is for how long the output of a program that has ended is waited for: what
// it started may hold that open.
const outputDelay = 10 * time.Second

// run runs a program of the node to its end and returns what it prints, also if it
// fails.
func (i *inside) run(ctx context.Context, command ...string) ([]byte, error) {
	cmd := exec.CommandContext(ctx, command[0], command[1:]...)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	cmd.WaitDelay = outputDelay
	if err := i.start(cmd); err != nil {
		return nil, err
	}
	if err := cmd.Wait(); err != nil {
		return stdout.Bytes(), fmt.Errorf("%v: %w: %s", command, errors.Join(err, ctx.Err()), bytes.TrimSpace(stderr.Bytes()))
	}
	return stdout.Bytes(), nil
}

// dial connects to an address that the node can reach.
func (i *inside) dial(ctx context.Context, network, address string) (conn net.Conn, err error) {
	if left := i.do(func() { conn, err = (&net.Dialer{}).DialContext(ctx, network, address) }); left != nil {
		return nil, left
	}
	return conn, err
}
