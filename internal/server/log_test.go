package server

import (
	"bytes"
	"context"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// TestSparseLog verifies that a flood of errors is a few lines, that the next line tells of
// those which are missing, and that single ones are all there.
func TestSparseLog(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var out bytes.Buffer
		l := sparseLog(slog.New(slog.NewTextHandler(&out, nil)), slog.LevelWarn)
		for range 1000 {
			l.Print("http: TLS handshake error from 10.0.0.1:1: EOF")
		}
		if n := strings.Count(out.String(), "handshake"); n != linesAtOnce {
			t.Errorf("a flood is %d lines, want %d", n, linesAtOnce)
		}
		out.Reset()
		for i := range 10 {
			time.Sleep(linesEach)
			l.Print("one")
			if got, says := strings.Count(out.String(), "level=WARN msg=") == i+1, strings.Contains(out.String(), "(995 lines before this one were left out)"); !got || !says {
				t.Fatalf("after %d more: %s", i+1, out.String())
			}
		}
		if n := strings.Count(out.String(), "left out"); n != 1 {
			t.Errorf("what was left out is told %d times:\n%s", n, out.String())
		}
	})
}

// locked is a buffer that a server writes to while a test reads it.
type locked struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (l *locked) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.Write(p)
}

func (l *locked) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.String()
}

// TestHandshakesDoNotFloodTheLog verifies it of a server that serves TLS, to clients that
// speak in the clear.
func TestHandshakesDoNotFloodTheLog(t *testing.T) {
	t.Parallel()
	made, err := SelfMade(time.Now())
	if err != nil {
		t.Fatal(err)
	}
	f := flags("127.0.0.1:0")
	listeners, err := Listen(t.Context(), f)
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	var out locked
	ended := make(chan error, 1)
	go func() {
		ended <- Serve(ctx, listeners, http.NotFoundHandler(), Options{Web: f, TLS: made, WriteTimeout: time.Minute}, slog.New(slog.NewTextHandler(&out, nil)))
	}()
	for range 50 {
		c, err := net.Dial("tcp", listeners[0].Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		_, _ = c.Write([]byte("no TLS at all\r\n"))
		_, _ = c.Read(make([]byte, 64)) // it is closed once the error was written
		_ = c.Close()
	}
	stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	if n := strings.Count(out.String(), "TLS handshake error"); n == 0 || n > linesAtOnce {
		t.Errorf("50 handshakes that failed are %d lines, want some and at most %d:\n%s", n, linesAtOnce, out.String())
	}
}

// TestListenWithoutAnAddress verifies that an empty variable in brackets does not open the
// port everywhere.
func TestListenWithoutAnAddress(t *testing.T) {
	t.Parallel()
	if l, err := Listen(t.Context(), flags("127.0.0.1:0", "[]:0")); err == nil || !strings.Contains(err.Error(), "--web.listen-address=[]:0") || !strings.Contains(err.Error(), "POD_IP") {
		l.Close()
		t.Errorf("no address is taken: %v", err)
	}
	if l, err := ListenHealth(t.Context(), "[]:0"); err == nil || !strings.Contains(err.Error(), "--web.health-listen-address=[]:0") {
		l.Close()
		t.Errorf("no address for health is taken: %v", err)
	}
}
