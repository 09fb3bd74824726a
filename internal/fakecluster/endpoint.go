package fakecluster

import (
	"context"
	"crypto/tls"
	"net"
	"net/http"
	"strconv"
	"sync"
)

// Loopback is the only address that anything listens on.
const Loopback = "127.0.0.1"

// reservation gives a port up that was reserved.
type reservation func()

// endpoint is one API server or kubelet: a port that stays the same while what
// listens on it comes and goes.
type endpoint struct {
	name string
	// serve serves the listener until that ends.
	serve              func(*endpointListener)
	trusted, untrusted *tls.Config

	mu      sync.Mutex
	port    int
	fault   Fault
	release func()
	closed  bool
}

// endpointListener tells the server, through its base context, whom it serves.
type endpointListener struct {
	*listener
	endpoint *endpoint
}

type endpointKey struct{}

// withEndpoint hands the endpoint to the handlers.
func withEndpoint(ctx context.Context, l net.Listener) context.Context {
	return context.WithValue(ctx, endpointKey{}, l.(*endpointListener).endpoint)
}

func endpointOf(r *http.Request) *endpoint { return r.Context().Value(endpointKey{}).(*endpoint) }

// set puts the endpoint into a state; connections of the former state break, as
// they do when a process is started again.
func (e *endpoint) set(ctx context.Context, fault Fault) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.closed {
		return net.ErrClosed
	}
	if e.release != nil {
		e.release()
		e.release = nil
	}
	e.fault = fault
	if fault == Dead {
		release, port, err := reserve(e.port)
		if err != nil {
			return err
		}
		e.release, e.port = release, port
		return nil
	}
	config := e.trusted
	if fault == Untrusted {
		config = e.untrusted
	}
	l, err := listen(ctx, net.JoinHostPort(Loopback, strconv.Itoa(e.port)), config)
	if err != nil {
		return err
	}
	e.port = l.Addr().(*net.TCPAddr).Port
	e.release = func() { _ = l.Close() }
	e.serve(&endpointListener{l, e})
	return nil
}

func (e *endpoint) state() Fault {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.fault
}

// address is host and port.
func (e *endpoint) address() string {
	e.mu.Lock()
	defer e.mu.Unlock()
	return net.JoinHostPort(Loopback, strconv.Itoa(e.port))
}

func (e *endpoint) number() int32 {
	e.mu.Lock()
	defer e.mu.Unlock()
	return int32(e.port)
}

func (e *endpoint) close() {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.closed = true
	if e.release != nil {
		e.release()
		e.release = nil
	}
}
