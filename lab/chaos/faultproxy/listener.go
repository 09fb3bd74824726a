package faultproxy

import (
	"context"
	"fmt"
	"io"
	"net"
	"sync"
	"time"
)

// listener accepts connections for a proxy. It can stop listening and start
// again at the same address without its user noticing.
type listener struct {
	proxy    *Proxy
	accepted chan net.Conn
	closed   chan struct{}
	address  *net.TCPAddr

	mu    sync.Mutex
	inner net.Listener // nil while it refuses
	ended bool
}

func listen(ctx context.Context, p *Proxy, address string) (*listener, error) {
	inner, err := (&net.ListenConfig{}).Listen(ctx, "tcp", address)
	if err != nil {
		return nil, fmt.Errorf("fault proxy: %w", err)
	}
	at, ok := inner.Addr().(*net.TCPAddr)
	if !ok {
		_ = inner.Close()
		return nil, fmt.Errorf("fault proxy: %s is no TCP address", inner.Addr())
	}
	l := &listener{proxy: p, accepted: make(chan net.Conn), closed: make(chan struct{}), address: at, inner: inner}
	go l.run(inner)
	return l, nil
}

// run takes connections until the socket is closed.
func (l *listener) run(inner net.Listener) {
	for {
		c, err := inner.Accept()
		if err != nil {
			return
		}
		l.proxy.mu.Lock()
		accept := l.proxy.accept()
		l.proxy.mu.Unlock()
		if accept != AcceptAndServe {
			turnAway(c, accept != AcceptAndClose)
			continue
		}
		select {
		case l.accepted <- newConn(l.proxy, c):
		case <-l.closed:
			_ = c.Close()
			return
		}
	}
}

// refuse stops listening, so that the kernel refuses connections.
func (l *listener) refuse() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.inner != nil {
		_ = l.inner.Close()
		l.inner = nil
	}
}

// listenAgain undoes refuse.
func (l *listener) listenAgain() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.inner != nil || l.ended {
		return nil
	}
	inner, err := net.Listen(l.address.Network(), l.address.String()) //nolint:noctx // it returns at once
	if err != nil {
		return fmt.Errorf("fault proxy: %w", err)
	}
	l.inner = inner
	go l.run(inner)
	return nil
}

// Accept returns the next connection that no fault befalls.
func (l *listener) Accept() (net.Conn, error) {
	select {
	case c := <-l.accepted:
		return c, nil
	case <-l.closed:
		return nil, net.ErrClosed
	}
}

// Close ends the listener for good.
func (l *listener) Close() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.ended {
		return nil
	}
	l.ended = true
	close(l.closed)
	if l.inner != nil {
		return l.inner.Close()
	}
	return nil
}

// Addr is where it listens, or did.
func (l *listener) Addr() net.Addr { return l.address }

// turnAway ends a new connection with RST or FIN.
func turnAway(c net.Conn, reset bool) {
	tcp, ok := c.(*net.TCPConn)
	if !ok || reset {
		endNow(c, true)
		return
	}
	_ = tcp.CloseWrite()
	go func() {
		// Closed with bytes that were not read, the kernel would send RST.
		_ = tcp.SetReadDeadline(time.Now().Add(time.Second))
		_, _ = io.Copy(io.Discard, tcp)
		_ = tcp.Close()
	}()
}

// endNow closes a connection, with RST in place of FIN if asked to.
func endNow(c net.Conn, reset bool) {
	if tcp, ok := c.(*net.TCPConn); ok && reset {
		_ = tcp.SetLinger(0)
	}
	_ = c.Close()
}
