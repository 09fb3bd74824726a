package connectivity

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"syscall"
	"time"

	"github.com/kubevitals/kubevitals/sources/health"
)

// An exchange is a message there and one of the same size back. A message is a
// word, its size and that many bytes, which in an answer begin with the kind of
// network and the name of the node that answers.
const (
	word      = "KVp1"
	headSize  = len(word) + 4
	smallSize = 512      // holds the longest name, and passes where 576 bytes do
	largeSize = 16 << 10 // more than any MTU, 9000 and the loopback's 65536 less headers aside
	mostSize  = 64 << 10 // what a responder accepts
)

// errOther is an answer that is not that of the agent which was asked.
var errOther = errors.New("somebody else answers")

func writeMessage(w io.Writer, greeting string, size int) error {
	message := make([]byte, headSize+size)
	copy(message, word)
	binary.BigEndian.PutUint32(message[len(word):], uint32(size))
	copy(message[headSize:], greeting)
	_, err := w.Write(message)
	return err
}

// readSize reads the head of a message.
func readSize(r io.Reader) (int, error) {
	head := make([]byte, headSize)
	if _, err := io.ReadFull(r, head); err != nil {
		return 0, err
	}
	size := binary.BigEndian.Uint32(head[len(word):])
	if string(head[:len(word)]) != word || size < smallSize || size > mostSize {
		return 0, errOther
	}
	return int(size), nil
}

func greeting(node string, kind Kind) string { return string(kind) + " " + node + "\n" }

// exchange asks once for size bytes, and checks who answers.
func exchange(conn net.Conn, p Peer, size int) error {
	if err := writeMessage(conn, "", size); err != nil {
		return err
	}
	got, err := readSize(conn)
	if err != nil {
		return err
	}
	body := make([]byte, size)
	if got != size {
		return errOther
	}
	if _, err := io.ReadFull(conn, body); err != nil {
		return err
	}
	if !bytes.HasPrefix(body, []byte(greeting(p.Node, p.Kind))) {
		return errOther
	}
	return nil
}

// attempt is one connection with a small and a large exchange. It returns no
// outcome if the own machine could not even ask, or ctx ended.
func attempt(ctx context.Context, p Peer, timeout time.Duration) (health.Reason, time.Duration, error) {
	deadline := time.Now().Add(timeout)
	bounded, cancel := context.WithDeadline(ctx, deadline)
	defer cancel()
	conn, err := (&net.Dialer{KeepAlive: -1}).DialContext(bounded, "tcp", p.Address)
	if err != nil {
		return outcomeOf(ctx, err), 0, err
	}
	defer func() { _ = conn.Close() }()
	stop := context.AfterFunc(ctx, func() { _ = conn.Close() })
	defer stop()

	start := time.Now()
	if err = conn.SetDeadline(deadline); err == nil {
		err = exchange(conn, p, smallSize)
	}
	if err != nil {
		return outcomeOf(ctx, err), 0, err
	}
	took := time.Since(start)
	if err = conn.SetDeadline(time.Now().Add(timeout)); err == nil {
		err = exchange(conn, p, largeSize)
	}
	if err == nil {
		return health.Available, took, nil
	}
	outcome := outcomeOf(ctx, err)
	if outcome == health.Timeout || outcome == NoRoute {
		outcome = LargeFailed
	}
	return outcome, took, fmt.Errorf("large exchange: %w", err)
}

// outcomeOf says what an error tells of the network; nothing if it is none of it.
func outcomeOf(ctx context.Context, err error) health.Reason {
	is := func(numbers ...syscall.Errno) bool {
		for _, n := range numbers {
			if errors.Is(err, n) {
				return true
			}
		}
		return false
	}
	timeout, isNet := errors.AsType[net.Error](err)
	switch {
	case ctx.Err() != nil:
		return ""
	case is(syscall.ENETUNREACH, syscall.EHOSTUNREACH, syscall.ENETDOWN, syscall.EHOSTDOWN,
		// What Linux says of the routes blackhole and prohibit, and of a firewall.
		syscall.EINVAL, syscall.EACCES, syscall.EPERM):
		return NoRoute
	case is(syscall.ECONNREFUSED, syscall.ECONNRESET, syscall.EPIPE),
		errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, errOther):
		return Refused
	case is(syscall.ETIMEDOUT), errors.Is(err, os.ErrDeadlineExceeded), errors.Is(err, context.DeadlineExceeded), isNet && timeout.Timeout():
		return health.Timeout
	}
	return "" // no more ports or files, an address that is none
}
