package valve

import (
	"bufio"
	"errors"
	"io"
	"net"
	"os"
	"testing"
	"time"
)

// echo serves what it is sent, line by line, and returns its address.
func echo(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() { _, _ = io.Copy(c, c) }()
		}
	}()
	return l.Addr().String()
}

// TestValve verifies that a connection lives through a valve that is shut, that nothing
// passes meanwhile, and that what passes a slow one comes late.
func TestValve(t *testing.T) {
	v, err := Start(t.Context(), echo(t))
	if err != nil {
		t.Fatal(err)
	}
	defer v.Close()
	c, err := net.Dial("tcp", v.Address())
	if err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewReader(c)
	ask := func(within time.Duration) error {
		if _, err := c.Write([]byte("x\n")); err != nil {
			t.Fatal(err)
		}
		_ = c.SetReadDeadline(time.Now().Add(within))
		_, err := lines.ReadString('\n')
		return err
	}
	if err := ask(10 * time.Second); err != nil {
		t.Fatal(err)
	}
	v.Shut()
	v.Shut() // is as good as once
	if err := ask(200 * time.Millisecond); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Fatalf("through a shut valve came %v", err)
	}
	v.Open()
	_ = c.SetReadDeadline(time.Now().Add(10 * time.Second))
	if _, err := lines.ReadString('\n'); err != nil {
		t.Fatalf("what was kept back did not come: %v", err)
	}
	v.Delay(150 * time.Millisecond)
	began := time.Now()
	if err := ask(10 * time.Second); err != nil || time.Since(began) < 300*time.Millisecond {
		t.Errorf("after %s there and back, each later by 150 ms: %v", time.Since(began), err)
	}
	v.Close()
	if err := ask(time.Second); err == nil {
		t.Error("a closed valve passes bytes on")
	}
}
