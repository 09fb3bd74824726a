// Package faultproxy is a proxy in front of a server of the Kubernetes API that
// ends TLS and goes wrong on demand: at the level of connections, of bytes, of
// requests and of the events of watches, on what exists as well as on what is new.
package faultproxy

import (
	"context"
	"crypto/tls"
	"fmt"
	"log"
	"net/http"
	"net/url"
	"slices"
	"sync"
	"time"
)

// Options say between whom a proxy stands.
type Options struct {
	// Address is where it listens; a port of 0 takes a free one.
	Address string
	// Certificate is what it shows while nothing is wrong.
	Certificate tls.Certificate
	// Upstream is the server's URL, and Transport reaches it.
	Upstream  string
	Transport http.RoundTripper
	// HTTP1 offers no HTTP/2, as some load balancers do.
	HTTP1 bool
}

// Proxy passes requests on and goes wrong on demand. It is safe for concurrent use.
type Proxy struct {
	options  Options
	address  string
	server   *http.Server
	listener *listener
	served   chan struct{}

	mu       sync.Mutex
	upstream *url.URL
	active   []switched
	changed  chan struct{} // closed and replaced at each change
	clock    uint64        // counts connections, streams and changes, to tell their order
	conns    map[*conn]struct{}
	requests map[Kind]int
}

// switched is a fault that is on, and since when by the proxy's clock.
type switched struct {
	*Fault
	at uint64
}

// Start listens and serves until Close.
func Start(ctx context.Context, o Options) (*Proxy, error) {
	p := &Proxy{
		options: o, served: make(chan struct{}), changed: make(chan struct{}),
		conns: map[*conn]struct{}{}, requests: map[Kind]int{},
	}
	if err := p.SetUpstream(o.Upstream); err != nil {
		return nil, err
	}
	l, err := listen(ctx, p, o.Address)
	if err != nil {
		return nil, err
	}
	p.listener, p.address = l, l.Addr().String()
	var protocols http.Protocols
	protocols.SetHTTP1(true)
	protocols.SetHTTP2(!o.HTTP1)
	p.server = &http.Server{
		Handler:           p.handler(),
		TLSConfig:         &tls.Config{GetCertificate: p.certificate, MinVersion: tls.VersionTLS12},
		ReadHeaderTimeout: time.Hour, // how long to wait is the client's to know
		Protocols:         &protocols,
		HTTP2:             &http.HTTP2Config{MaxConcurrentStreams: 100}, // the API server's own
		ErrorLog:          log.New(discard{}, "", 0),
	}
	go func() {
		defer close(p.served)
		_ = p.server.ServeTLS(l, "", "")
	}()
	return p, nil
}

// URL is where clients reach the proxy.
func (p *Proxy) URL() string { return "https://" + p.address }

// Port is that at which the proxy listens.
func (p *Proxy) Port() int { return p.listener.address.Port }

// SetUpstream sends what comes from now on to another server.
func (p *Proxy) SetUpstream(to string) error {
	u, err := url.Parse(to)
	if err != nil {
		return fmt.Errorf("upstream: %w", err)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.upstream = u
	return nil
}

// Close ends the proxy and every connection.
func (p *Proxy) Close() {
	_ = p.listener.Close()
	_ = p.Heal()
	_ = p.server.Close()
	p.Cut(ResetAll)
	<-p.served
}

// Break switches the faults on, beside those that are on already.
func (p *Proxy) Break(faults ...Fault) {
	cut := Keep
	p.mu.Lock()
	for _, f := range faults {
		p.clock++
		// Who reads the faults that were on may still do so.
		p.active = append(slices.Clip(p.active), switched{&f, p.clock})
		cut = max(cut, f.Cut)
	}
	p.announce()
	refuse := p.accept() == Refuse
	p.mu.Unlock()
	if refuse {
		p.listener.refuse()
	}
	p.Cut(cut)
}

// Heal switches every fault off. It fails if the address is taken by now.
func (p *Proxy) Heal() error {
	p.mu.Lock()
	p.active = nil
	p.announce()
	p.mu.Unlock()
	return p.listener.listenAgain()
}

// Connections is the number of those that are open now.
func (p *Proxy) Connections() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.conns)
}

// Requests is the number of requests of a kind that came so far.
func (p *Proxy) Requests(k Kind) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.requests[k]
}

// announce wakes all who wait for a change; the lock must be held.
func (p *Proxy) announce() {
	close(p.changed)
	p.changed = make(chan struct{})
}

// faults are those that are on, and the channel that is closed at the next change.
func (p *Proxy) faults() ([]switched, <-chan struct{}) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.active, p.changed
}

// tick returns the next time of the proxy's clock.
func (p *Proxy) tick() uint64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.clock++
	return p.clock
}

// accept is the worst of what the faults do to new connections; the lock must be held.
func (p *Proxy) accept() Accept {
	worst := AcceptAndServe
	for _, f := range p.active {
		worst = max(worst, f.Accept)
	}
	return worst
}

func (p *Proxy) certificate(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	faults, _ := p.faults()
	for _, f := range faults {
		if f.Certificate != nil {
			return f.Certificate, nil
		}
	}
	return &p.options.Certificate, nil
}

// Cut ends every existing connection once.
func (p *Proxy) Cut(how Cut) {
	if how == Keep {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	for c := range p.conns {
		go c.end(how == ResetAll) // closing may wait for the peer
	}
}

// discard takes the server's own complaints, which are all of the faults' making.
type discard struct{}

func (discard) Write(b []byte) (int, error) { return len(b), nil }
