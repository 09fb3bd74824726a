package fakecluster

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"sync"
)

// listener is a TLS listener on loopback that knows its connections, so that it
// can break them all when what it stands for dies.
type listener struct {
	net.Listener
	tls *tls.Config

	mu     sync.Mutex
	closed bool
	open   map[net.Conn]struct{}
}

func listen(ctx context.Context, address string, config *tls.Config) (*listener, error) {
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", address)
	if err != nil {
		return nil, fmt.Errorf("listen on %s: %w", address, err)
	}
	return &listener{Listener: l, tls: config, open: map[net.Conn]struct{}{}}, nil
}

// Accept returns the next connection; it is a *tls.Conn, as net/http wants to
// see for HTTP/2.
func (l *listener) Accept() (net.Conn, error) {
	raw, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	c := &conn{Conn: raw, of: l}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		_ = raw.Close()
		return nil, net.ErrClosed
	}
	l.open[c] = struct{}{}
	return tls.Server(c, l.tls), nil
}

// Close ends the listener and all its connections.
func (l *listener) Close() error {
	err := l.Listener.Close()
	l.mu.Lock()
	l.closed = true
	open := l.open
	l.open = nil
	l.mu.Unlock()
	for c := range open {
		_ = c.Close()
	}
	return err
}

type conn struct {
	net.Conn
	of *listener
}

func (c *conn) Close() error {
	c.of.mu.Lock()
	delete(c.of.open, c)
	c.of.mu.Unlock()
	return c.Conn.Close()
}
