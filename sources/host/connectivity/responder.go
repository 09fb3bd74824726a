package connectivity

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"sync"
	"time"
)

// The bounds of a responder. Twice as many agents as peers ask it, four times a
// minute each; who floods it is hung up on, and others with him.
const (
	mostConnections = 64
	perSecond       = 50
	mostExchanges   = 2
	answerWithin    = 10 * time.Second
)

// responder answers peers. It holds no state, and tells nothing but the name of
// its node.
type responder struct {
	greeting string
	logger   *slog.Logger

	mu     sync.Mutex
	tokens float64
	filled time.Time
}

// serve answers at the listener until ctx ends.
func (r *responder) serve(ctx context.Context, l net.Listener) error {
	var wait sync.WaitGroup
	defer wait.Wait()
	stop := context.AfterFunc(ctx, func() { _ = l.Close() })
	defer stop()
	places := make(chan struct{}, mostConnections)
	for {
		conn, err := l.Accept()
		if err != nil {
			if ctx.Err() != nil {
				return nil //nolint:nilerr // closed because ctx ended
			}
			return fmt.Errorf("accept: %w", err)
		}
		select {
		case places <- struct{}{}:
		default:
			_ = conn.Close()
			continue
		}
		if !r.allow(time.Now()) {
			_ = conn.Close()
			<-places
			continue
		}
		wait.Go(func() {
			defer func() { <-places }()
			defer func() { _ = conn.Close() }()
			over := context.AfterFunc(ctx, func() { _ = conn.Close() })
			defer over()
			if err := r.answer(conn); err != nil {
				r.logger.DebugContext(ctx, "a peer was not answered", "peer", conn.RemoteAddr().String(), "err", err)
			}
		})
	}
}

// allow takes a token from a bucket that holds those of two seconds.
func (r *responder) allow(now time.Time) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.tokens = min(2*perSecond, r.tokens+perSecond*now.Sub(r.filled).Seconds())
	r.filled = now
	if r.tokens < 1 {
		return false
	}
	r.tokens--
	return true
}

// answer reads messages and sends as much back. A message that is none, or too
// large, ends the connection before its body is read.
func (r *responder) answer(conn net.Conn) error {
	if err := conn.SetDeadline(time.Now().Add(answerWithin)); err != nil {
		return err
	}
	for range mostExchanges {
		size, err := readSize(conn)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if _, err := io.CopyN(io.Discard, conn, int64(size)); err != nil {
			return err
		}
		if err := writeMessage(conn, r.greeting, size); err != nil {
			return err
		}
	}
	return nil
}
