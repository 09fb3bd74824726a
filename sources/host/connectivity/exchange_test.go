package connectivity

import (
	"context"
	"encoding/binary"
	"errors"
	"io"
	"log/slog"
	"net"
	"os"
	"syscall"
	"testing"
	"time"

	"github.com/kubevitals/kubevitals/sources/health"
)

func quiet() *slog.Logger { return slog.New(slog.DiscardHandler) }

// listen accepts connections on loopback and gives each to handle.
func listen(t *testing.T, handle func(net.Conn)) string {
	t.Helper()
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer func() { _ = conn.Close() }()
				handle(conn)
			}()
		}
	}()
	return l.Addr().String()
}

// respond is a real responder of the node n1.
func respond(t *testing.T) string {
	t.Helper()
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() {
		done <- (&responder{greeting: greeting("n1", NodeNetwork), logger: quiet()}).serve(ctx, l)
	}()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	return l.Addr().String()
}

func closedPort(t *testing.T) string {
	t.Helper()
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_ = l.Close()
	return l.Addr().String()
}

// hang reads until the other side gives up.
func hang(conn net.Conn) { _, _ = io.Copy(io.Discard, conn) }

func TestOutcomes(t *testing.T) {
	t.Parallel()
	r := responder{greeting: greeting("n1", NodeNetwork)}
	tests := []struct {
		name, address string
		want          health.Reason
	}{
		{"an agent", respond(t), health.Available},
		{"no agent listens", closedPort(t), Refused},
		{"it hangs", listen(t, hang), health.Timeout},
		{"small messages pass", listen(t, func(conn net.Conn) {
			size, err := readSize(conn)
			if err == nil {
				_, err = io.CopyN(io.Discard, conn, int64(size))
			}
			if err == nil && writeMessage(conn, r.greeting, size) == nil {
				hang(conn)
			}
		}), LargeFailed},
		{"it hangs up", listen(t, func(net.Conn) {}), Refused},
		{"another program", listen(t, func(conn net.Conn) { _, _ = conn.Write([]byte("HTTP/1.1 400 Bad Request\r\n\r\n")) }), Refused},
		{"the agent of another node", listen(t, func(conn net.Conn) {
			_ = (&responder{greeting: greeting("n2", NodeNetwork)}).answer(conn)
		}), Refused},
		{"the agent of the other network", listen(t, func(conn net.Conn) {
			_ = (&responder{greeting: greeting("n1", PodNetwork)}).answer(conn)
		}), Refused},
		{"it answers with more than was asked for", listen(t, func(conn net.Conn) {
			_, _ = readSize(conn)
			_ = writeMessage(conn, r.greeting, largeSize)
		}), Refused},
		// The own machine cannot even ask: no fact about the network.
		{"no address", "127.0.0.1:99999", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			timeout := 20 * time.Second
			if tt.want == health.Timeout || tt.want == LargeFailed {
				timeout = 3 * time.Second // for the small exchange on a slow machine, too
			}
			got, took, err := attempt(t.Context(), Peer{Node: "n1", Kind: NodeNetwork, Address: tt.address}, timeout)
			if got != tt.want {
				t.Errorf("%q (%v), want %q", got, err, tt.want)
			}
			if small := tt.want == health.Available || tt.want == LargeFailed; small != (took > 0) {
				t.Errorf("took %s", took)
			}
		})
	}
}

func TestErrorsOfTheKernel(t *testing.T) {
	t.Parallel()
	for errno, want := range map[syscall.Errno]health.Reason{
		syscall.EHOSTUNREACH: NoRoute, syscall.ENETUNREACH: NoRoute, syscall.EINVAL: NoRoute, syscall.EACCES: NoRoute,
		syscall.ECONNREFUSED: Refused, syscall.ECONNRESET: Refused, syscall.ETIMEDOUT: health.Timeout,
		syscall.EADDRNOTAVAIL: "", syscall.EMFILE: "",
	} {
		if got := outcomeOf(t.Context(), &net.OpError{Op: "dial", Err: errno}); got != want {
			t.Errorf("%v is %q, want %q", errno, got, want)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if got := outcomeOf(ctx, syscall.ETIMEDOUT); got != "" {
		t.Errorf("a probe that was called off is %q", got)
	}
}

// TestResponderRefuses checks what a responder does not answer.
func TestResponderRefuses(t *testing.T) {
	t.Parallel()
	head := func(word string, size uint32) []byte { return binary.BigEndian.AppendUint32([]byte(word), size) }
	for name, message := range map[string][]byte{
		"another word": head("GET ", 512), "too large": head(word, mostSize+1), "far too large": head(word, 1<<31), "too small": head(word, 1),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			conn, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", respond(t))
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = conn.Close() }()
			_ = conn.SetDeadline(time.Now().Add(20 * time.Second))
			if _, err := conn.Write(message); err != nil {
				t.Fatal(err)
			}
			if n, err := conn.Read(make([]byte, 1)); n > 0 || err == nil {
				t.Errorf("it answered")
			} else if errors.Is(err, os.ErrDeadlineExceeded) {
				t.Error("it waits for more")
			}
		})
	}
}

// TestResponderIsBounded: a flood empties the bucket, which fills again.
func TestResponderIsBounded(t *testing.T) {
	t.Parallel()
	var r responder
	now := time.Now()
	allowed := 0
	for range 1000 {
		if r.allow(now) {
			allowed++
		}
	}
	if allowed != 2*perSecond {
		t.Errorf("%d of 1000 at once are answered, want %d", allowed, 2*perSecond)
	}
	if !r.allow(now.Add(time.Second)) {
		t.Error("a second later no peer is answered")
	}
}

// TestResponderHoldsFewConnections: those that say nothing take places, and the
// next is hung up on.
func TestResponderHoldsFewConnections(t *testing.T) {
	t.Parallel()
	address := respond(t)
	dial := func() net.Conn {
		conn, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", address)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = conn.Close() })
		return conn
	}
	for range mostConnections {
		dial()
	}
	conn := dial()
	_ = conn.SetDeadline(time.Now().Add(answerWithin / 2))
	if _, err := conn.Read(make([]byte, 1)); !errors.Is(err, io.EOF) {
		t.Errorf("one more connection: %v, want it closed", err)
	}
}
