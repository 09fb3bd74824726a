package e2e

import (
	"context"
	"io"
	"net"
	"os"
	"os/exec"
	"runtime"
	"syscall"
	"testing"
)

// namespace is a network namespace that nothing else is in. What is called in
// it makes sockets and processes of it; they stay so wherever they are used.
type namespace struct{ calls chan func() }

// newNamespace makes one, with a loopback of its own. It lives until the test
// ends.
func newNamespace(t *testing.T) *namespace {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("a network namespace needs root")
	}
	n, made := &namespace{calls: make(chan func())}, make(chan error)
	go func() {
		runtime.LockOSThread() // and never unlocked: the thread ends with the goroutine
		err := syscall.Unshare(syscall.CLONE_NEWNET)
		made <- err
		if err != nil {
			return
		}
		for call := range n.calls {
			call()
		}
	}()
	if err := <-made; err != nil {
		t.Skipf("a network namespace: %v", err)
	}
	t.Cleanup(func() { close(n.calls) })
	n.do(func() {
		if out, err := exec.Command("ip", "link", "set", "lo", "up").CombinedOutput(); err != nil {
			t.Errorf("loopback of the namespace: %v: %s", err, out)
		}
	})
	if t.Failed() {
		t.FailNow()
	}
	return n
}

// do calls f in the namespace and returns when it has ended. Neither must call
// the other within.
func (n *namespace) do(f func()) {
	done := make(chan struct{})
	n.calls <- func() { defer close(done); f() }
	<-done
}

// dial connects to an address of the namespace.
func (n *namespace) dial(ctx context.Context, network, address string) (conn net.Conn, err error) {
	n.do(func() { conn, err = (&net.Dialer{}).DialContext(ctx, network, address) })
	return conn, err
}

// relay lets the namespace reach an address of the machine's loopback under the
// same address.
func (n *namespace) relay(t *testing.T, address string) {
	t.Helper()
	var (
		l   net.Listener
		err error
	)
	n.do(func() { l, err = (&net.ListenConfig{}).Listen(t.Context(), "tcp", address) })
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			inside, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer func() { _ = inside.Close() }()
				outside, err := net.Dial("tcp", address)
				if err != nil {
					return
				}
				defer func() { _ = outside.Close() }()
				go func() { _, _ = io.Copy(outside, inside); _ = outside.Close() }()
				_, _ = io.Copy(inside, outside)
			}()
		}
	}()
}
