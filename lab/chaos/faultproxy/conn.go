package faultproxy

import (
	"net"
	"sync"
	"sync/atomic"
	"time"
)

// conn is a connection of a client, whose bytes the faults of the proxy stop,
// swallow or slow.
type conn struct {
	net.Conn
	proxy *Proxy
	began uint64
	done  chan struct{}
	once  sync.Once

	sent atomic.Int64 // bytes to the client
	lost atomic.Bool  // some of its bytes were swallowed, so that it is of no use any more
}

func newConn(p *Proxy, inner net.Conn) *conn {
	c := &conn{Conn: inner, proxy: p, began: p.tick(), done: make(chan struct{})}
	p.mu.Lock()
	p.conns[c] = struct{}{}
	p.mu.Unlock()
	return c
}

// flow is the worst of what the faults do to the bytes of the connection now, and
// the channel that is closed when that may have changed.
func (c *conn) flow() (Flow, <-chan struct{}) {
	faults, changed := c.proxy.faults()
	if c.lost.Load() {
		return Lost, changed
	}
	order := map[Flow]int{Flowing: 0, Trickle: 1, Frozen: 2, Lost: 3}
	worst := Flowing
	for _, f := range faults {
		if f.Connections.has(c.began, f.at) && c.sent.Load() >= f.AfterBytes && order[f.Flow] > order[worst] {
			worst = f.Flow
		}
	}
	return worst, changed
}

// pass waits while the connection is frozen and returns what the bytes at hand are
// to do. It fails once the connection is closed.
func (c *conn) pass() (Flow, error) {
	for {
		flow, changed := c.flow()
		if flow != Frozen {
			return flow, nil
		}
		select {
		case <-changed:
		case <-c.done:
			return flow, net.ErrClosed
		}
	}
}

// Read returns bytes of the client, unless they are lost. Bytes that were on their
// way when a fault began are subject to it.
func (c *conn) Read(b []byte) (int, error) {
	for {
		n, err := c.Conn.Read(b)
		if n == 0 {
			return n, err
		}
		flow, stopped := c.pass()
		switch {
		case stopped != nil:
			return 0, stopped
		case flow != Lost:
			return n, err
		}
		c.lost.Store(true)
	}
}

// Write sends bytes to the client: at once, one by one, later or never.
func (c *conn) Write(b []byte) (int, error) {
	for done := 0; done < len(b); {
		flow, err := c.pass()
		if err != nil {
			return done, err
		}
		if flow == Lost {
			c.lost.Store(true)
			return len(b), nil
		}
		part := b[done:]
		if limit := c.limit(flow); limit < int64(len(part)) {
			part = part[:limit]
		}
		n, err := c.Conn.Write(part)
		c.sent.Add(int64(n))
		done += n
		if err != nil {
			return done, err
		}
		if flow == Trickle {
			c.wait(time.Second)
		}
	}
	return len(b), nil
}

// limit is how many bytes may go out before the faults are to be asked again.
func (c *conn) limit(flow Flow) int64 {
	if flow == Trickle {
		return 1
	}
	limit := int64(1 << 20)
	faults, _ := c.proxy.faults()
	for _, f := range faults {
		if ahead := f.AfterBytes - c.sent.Load(); f.Flow != Flowing && ahead > 0 {
			limit = min(limit, ahead)
		}
	}
	return limit
}

// wait waits unless the connection ends or the faults change before.
func (c *conn) wait(d time.Duration) {
	_, changed := c.proxy.faults()
	select {
	case <-time.After(d):
	case <-changed:
	case <-c.done:
	}
}

// Close ends the connection and whoever waits for it.
func (c *conn) Close() error {
	c.forget()
	return c.Conn.Close()
}

func (c *conn) forget() {
	c.once.Do(func() {
		close(c.done)
		c.proxy.mu.Lock()
		delete(c.proxy.conns, c)
		c.proxy.mu.Unlock()
	})
}

// end closes the connection from the outside.
func (c *conn) end(reset bool) {
	c.forget()
	endNow(c.Conn, reset)
}
