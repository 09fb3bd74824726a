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
	"runtime"

	"golang.org/x/sys/unix"
)

// inside is a thread in the namespaces of a node. What is started on it is a process
// of the node, and still a child of this one: it can be waited for, stopped and killed
// like any other.
type inside struct{ calls chan func() }

// enter joins the namespaces of a process.
func enter(pid int) (*inside, error) {
	i, entered := &inside{calls: make(chan func())}, make(chan error)
	go func() {
		runtime.LockOSThread() // and never unlocked: the thread ends with the goroutine
		err := join(pid)
		entered <- err
		if err != nil {
			return
		}
		for call := range i.calls {
			call()
		}
	}()
	if err := <-entered; err != nil {
		return nil, fmt.Errorf("enter the namespaces of process %d: %w", pid, err)
	}
	return i, nil
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
func (i *inside) do(f func()) {
	done := make(chan struct{})
	i.calls <- func() { defer close(done); f() }
	<-done
}

func (i *inside) leave() { close(i.calls) }

// start starts a command in the node, whose programs it finds by the node's PATH.
func (i *inside) start(cmd *exec.Cmd) (err error) {
	cmd.Env = []string{"PATH=" + binDir + ":/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/root"}
	i.do(func() { err = cmd.Start() })
	return err
}

// run runs a program of the node to its end and returns what it prints, also if it
// fails.
func (i *inside) run(ctx context.Context, command ...string) ([]byte, error) {
	cmd := exec.CommandContext(ctx, command[0], command[1:]...)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
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
	i.do(func() { conn, err = (&net.Dialer{}).DialContext(ctx, network, address) })
	return conn, err
}
