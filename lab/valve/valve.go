// Package valve stands between a client and a server on loopback and keeps bytes back:
// all of them, as a network does that has lost a path without telling either side, or
// each for a while.
package valve

import (
	"context"
	"fmt"
	"io"
	"net"
	"sync"
	"time"
)

// Valve passes the bytes of connections on to an address, or keeps them back. It knows
// nothing of what they mean. Its methods are safe for concurrent use.
type Valve struct {
	listener net.Listener
	to       string
	all      sync.WaitGroup

	mu    sync.Mutex
	open  chan struct{} // closed while bytes flow
	delay time.Duration
	conns map[net.Conn]struct{}
}

// Start listens on a free port of loopback until Close, and leads to an address such as
// 127.0.0.1:2379.
func Start(ctx context.Context, to string) (*Valve, error) {
	return StartAt(ctx, "127.0.0.1:0", to)
}

// StartAt does the same at an address.
func StartAt(ctx context.Context, address, to string) (*Valve, error) {
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", address)
	if err != nil {
		return nil, fmt.Errorf("valve before %s: %w", to, err)
	}
	v := &Valve{listener: l, to: to, open: make(chan struct{}), conns: map[net.Conn]struct{}{}}
	close(v.open)
	v.all.Go(v.serve)
	return v, nil
}

// Address is where it listens, as host:port.
func (v *Valve) Address() string { return v.listener.Addr().String() }

func (v *Valve) serve() {
	for {
		client, err := v.listener.Accept()
		if err != nil {
			return
		}
		server, err := net.Dial("tcp", v.to) //nolint:noctx // of loopback
		if err != nil {
			_ = client.Close()
			continue
		}
		v.mu.Lock()
		v.conns[client], v.conns[server] = struct{}{}, struct{}{}
		v.mu.Unlock()
		v.all.Go(func() { v.pass(client, server) })
		v.all.Go(func() { v.pass(server, client) })
	}
}

func (v *Valve) pass(to, from net.Conn) {
	_, _ = io.Copy(throttled{to, v}, from)
	_, _ = to.Close(), from.Close()
	v.mu.Lock()
	delete(v.conns, to)
	delete(v.conns, from)
	v.mu.Unlock()
}

// throttled is a connection that takes bytes while the valve is open, after its delay.
type throttled struct {
	net.Conn
	valve *Valve
}

func (t throttled) Write(p []byte) (int, error) {
	t.valve.mu.Lock()
	open, delay := t.valve.open, t.valve.delay
	t.valve.mu.Unlock()
	time.Sleep(delay)
	<-open
	return t.Conn.Write(p)
}

// Shut keeps all bytes back, on new connections, too.
func (v *Valve) Shut() {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.isOpen() {
		v.open = make(chan struct{})
	}
}

// Open lets them flow again.
func (v *Valve) Open() {
	v.mu.Lock()
	defer v.mu.Unlock()
	if !v.isOpen() {
		close(v.open)
	}
}

// Delay makes what is passed on from now on arrive later by that, in either direction.
func (v *Valve) Delay(by time.Duration) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.delay = by
}

// isOpen must be called with the lock held.
func (v *Valve) isOpen() bool {
	select {
	case <-v.open:
		return true
	default:
		return false
	}
}

// Close ends all connections.
func (v *Valve) Close() {
	_ = v.listener.Close()
	v.Open()
	v.mu.Lock()
	for conn := range v.conns {
		_ = conn.Close()
	}
	v.mu.Unlock()
	v.all.Wait()
}
