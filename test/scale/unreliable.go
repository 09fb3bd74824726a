package main

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"sync"
	"time"

	"github.com/kubevitals/kubevitals/internal/fakecluster"
)

// wrong is what an unreliable way does to connections.
type wrong int

const (
	nothing   wrong = iota
	freezing        // no byte flows
	hangingUp       // new connections are closed at once
	resetting       // all are reset, again and again
	wrongs          // how many there are
)

// unreliable is a way to an address that goes wrong at random. Kubelets answer with
// errors meanwhile, each with some probability.
type unreliable struct {
	listener net.Listener
	to       string

	mu      sync.Mutex
	now     wrong
	sick    float64 // the share of answers of kubelets that are errors
	changed chan struct{}
	conns   map[net.Conn]struct{}
	faults  int
}

func newUnreliable(ctx context.Context) (*unreliable, error) {
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", fakecluster.Loopback+":0")
	if err != nil {
		return nil, fmt.Errorf("unreliable way: %w", err)
	}
	return &unreliable{listener: l, changed: make(chan struct{}), conns: map[net.Conn]struct{}{}}, nil
}

// serve passes connections on until ctx ends, with faults of some seconds and pauses.
func (u *unreliable) serve(ctx context.Context, seed uint64) {
	var all sync.WaitGroup
	defer all.Wait()
	defer context.AfterFunc(ctx, func() { _ = u.listener.Close(); u.set(nothing, 0); u.cut() })()
	all.Go(func() { u.goWrong(ctx, rand.New(rand.NewPCG(seed, 0))) }) //nolint:gosec // to be repeated
	for {
		conn, err := u.listener.Accept()
		if err != nil {
			return
		}
		if now, _ := u.state(); now >= hangingUp {
			_ = conn.Close()
			continue
		}
		all.Go(func() { u.pass(ctx, conn) })
	}
}

func (u *unreliable) goWrong(ctx context.Context, r *rand.Rand) {
	for ctx.Err() == nil {
		wait(ctx, time.Duration(5+r.IntN(25))*time.Second)
		what := wrong(r.IntN(int(wrongs)))
		u.set(what, r.Float64()/2)
		for end := time.Now().Add(time.Duration(2+r.IntN(30)) * time.Second); time.Now().Before(end) && ctx.Err() == nil; {
			if what == resetting {
				u.cut()
			}
			wait(ctx, time.Second)
		}
		u.set(nothing, 0)
	}
}

func wait(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}

func (u *unreliable) set(now wrong, sick float64) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if now != nothing || sick > 0 {
		u.faults++
	}
	u.now, u.sick = now, sick
	close(u.changed)
	u.changed = make(chan struct{})
}

func (u *unreliable) state() (wrong, <-chan struct{}) {
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.now, u.changed
}

func (u *unreliable) cut() {
	u.mu.Lock()
	defer u.mu.Unlock()
	for conn := range u.conns {
		_ = conn.Close()
	}
}

func (u *unreliable) pass(ctx context.Context, client net.Conn) {
	server, err := (&net.Dialer{Timeout: time.Second}).DialContext(ctx, "tcp", u.to)
	if err != nil {
		_ = client.Close()
		return
	}
	u.mu.Lock()
	u.conns[client] = struct{}{}
	u.mu.Unlock()
	var both sync.WaitGroup
	for _, way := range [][2]net.Conn{{client, server}, {server, client}} {
		both.Go(func() {
			_, _ = io.Copy(gate{u, ctx, way[0]}, way[1])
			_ = client.Close()
			_ = server.Close()
		})
	}
	both.Wait()
	u.mu.Lock()
	delete(u.conns, client)
	u.mu.Unlock()
}

// gate lets bytes through while the way is not frozen.
type gate struct {
	way *unreliable
	ctx context.Context //nolint:containedctx // of the connection
	to  io.Writer
}

func (g gate) Write(p []byte) (int, error) {
	for now, changed := g.way.state(); now == freezing; now, changed = g.way.state() {
		select {
		case <-changed:
		case <-g.ctx.Done():
			return 0, g.ctx.Err()
		}
	}
	return g.to.Write(p)
}

// infect makes kubelets fail now and then while something is wrong.
func (u *unreliable) infect(kubelets func(string) fakecluster.Kubelet) func(string) fakecluster.Kubelet {
	failing := func(body fakecluster.Body) fakecluster.Body {
		return func(w io.Writer, q fakecluster.Request) error {
			u.mu.Lock()
			sick := rand.Float64() < u.sick //nolint:gosec // an example
			u.mu.Unlock()
			if sick {
				return fmt.Errorf("kubelet of %s is ill", q.Name)
			}
			return body(w, q)
		}
	}
	return func(node string) fakecluster.Kubelet {
		k := kubelets(node)
		k.Summary, k.Configz, k.Metrics = failing(k.Summary), failing(k.Configz), failing(k.Metrics)
		return k
	}
}
