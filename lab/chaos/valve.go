package chaos

import (
	"context"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
)

// valve passes the bytes of connections on to an address, or keeps them back. It
// knows nothing of what they mean.
type valve struct {
	listener net.Listener
	to       string
	all      sync.WaitGroup

	mu    sync.Mutex
	open  chan struct{} // closed while bytes flow
	conns map[net.Conn]struct{}
}

// startValve listens on loopback until Close; to is the URL of an HTTP server.
func startValve(ctx context.Context, to string) (*valve, error) {
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("valve before %s: %w", to, err)
	}
	v := &valve{listener: l, to: strings.TrimPrefix(to, "http://"), open: make(chan struct{}), conns: map[net.Conn]struct{}{}}
	close(v.open)
	v.all.Go(v.serve)
	return v, nil
}

func (v *valve) url() string { return "http://" + v.listener.Addr().String() }

func (v *valve) serve() {
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

func (v *valve) pass(to, from net.Conn) {
	_, _ = io.Copy(throttled{to, v}, from)
	_, _ = to.Close(), from.Close()
}

// throttled is a connection that takes bytes while the valve is open.
type throttled struct {
	net.Conn
	valve *valve
}

func (t throttled) Write(p []byte) (int, error) {
	t.valve.mu.Lock()
	open := t.valve.open
	t.valve.mu.Unlock()
	<-open
	return t.Conn.Write(p)
}

// shut keeps all bytes back, on new connections, too.
func (v *valve) shut() {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.open = make(chan struct{})
}

// reopen lets them flow. It must follow a shut.
func (v *valve) reopen() {
	v.mu.Lock()
	defer v.mu.Unlock()
	close(v.open)
}

// close ends all connections.
func (v *valve) close() {
	_ = v.listener.Close()
	v.mu.Lock()
	select {
	case <-v.open:
	default:
		close(v.open)
	}
	for conn := range v.conns {
		_ = conn.Close()
	}
	v.mu.Unlock()
	v.all.Wait()
}
