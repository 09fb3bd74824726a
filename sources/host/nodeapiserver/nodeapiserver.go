// Package nodeapiserver tries the way from a node to the API server: a connection of
// its own, the handshake and one question that needs no rights.
package nodeapiserver

import (
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"strings"
	"sync"
	"time"

	"k8s.io/client-go/rest"

	"github.com/kubevitals/kubevitals/sources/bounded"
	"github.com/kubevitals/kubevitals/sources/health"
	"github.com/kubevitals/kubevitals/sources/roots"
)

// Stage is a part of the way. The set is closed.
type Stage string

// The stages, in their order.
const (
	Connect   Stage = "connect"   // a connection
	Handshake Stage = "handshake" // TLS on it
	Answer    Stage = "answer"    // the answer through it
)

// Stages returns all stages.
func Stages() []Stage { return []Stage{Connect, Handshake, Answer} }

// Result is how far the last try came.
type Result struct {
	// Answered tells whether the server answered at all, be it that it is not well.
	Answered bool
	// Reason is Available if the server says that it is well, and otherwise says
	// what the try came to.
	Reason health.Reason
	// Took is how long each stage took that was passed.
	Took map[Stage]time.Duration
}

// Prober tries the way to one API server.
type Prober struct {
	url     string
	client  *http.Client
	timeout time.Duration
	now     func() time.Time

	mu      sync.Mutex
	replies health.Dated
}

// New returns a prober of the address of the configuration, with its authority
// and its credentials. It does not contact it yet.
func New(c *rest.Config, timeout time.Duration, now func() time.Time) (*Prober, error) {
	if timeout <= 0 {
		return nil, fmt.Errorf("timeout %s: not positive", timeout)
	}
	base, _, err := rest.DefaultServerUrlFor(c)
	if err != nil {
		return nil, fmt.Errorf("address of the API server: %w", err)
	}
	config, err := rest.TLSConfigFor(c)
	if err != nil {
		return nil, fmt.Errorf("tls: %w", err)
	}
	if config != nil && c.CAFile != "" && !config.InsecureSkipVerify {
		if err := roots.Follow(config, c.CAFile, base.Hostname()); err != nil {
			return nil, err
		}
	}
	// A connection that is kept would go on working while new ones do not.
	plain := &http.Transport{TLSClientConfig: config, DisableKeepAlives: true, Proxy: c.Proxy, DialContext: c.Dial, MaxResponseHeaderBytes: bounded.HeaderLimit}
	if plain.DialContext == nil {
		plain.DialContext = (&net.Dialer{}).DialContext
	}
	authenticated, err := rest.HTTPWrappersForConfig(rest.CopyConfig(c), plain)
	if err != nil {
		return nil, fmt.Errorf("credentials: %w", err)
	}
	u := url.URL{Scheme: base.Scheme, Host: base.Host, Path: "/livez"}
	return &Prober{
		url: u.String(), timeout: timeout, now: now,
		client: &http.Client{
			Transport:     authenticated,
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
	}, nil
}

// clock notes when each stage was passed. The hooks of a request may be called
// by several goroutines, and even after it has ended.
type clock struct {
	mu       sync.Mutex
	now      func() time.Time
	last     time.Time
	took     map[Stage]time.Duration
	finished bool
}

func (c *clock) pass(s Stage) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, again := c.took[s]; again || c.finished {
		return
	}
	now := c.now()
	c.took[s], c.last = now.Sub(c.last), now
}

func (c *clock) finish() map[Stage]time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.finished = true
	return c.took
}

// Ask tries the way once. It fails only with ctx.
func (p *Prober) Ask(ctx context.Context) (Result, error) {
	bounded, cancel := context.WithTimeout(ctx, p.timeout)
	defer cancel()
	c := &clock{now: p.now, last: p.now(), took: map[Stage]time.Duration{}}
	status, err := p.get(httptrace.WithClientTrace(bounded, &httptrace.ClientTrace{
		ConnectDone: func(_, _ string, err error) {
			if err == nil {
				c.pass(Connect)
			}
		},
		TLSHandshakeDone: func(_ tls.ConnectionState, err error) {
			if err == nil {
				c.pass(Handshake)
			}
		},
		GotFirstResponseByte: func() { c.pass(Answer) },
	}))
	if ctx.Err() != nil {
		return Result{}, ctx.Err()
	}
	if err == nil && status != http.StatusOK {
		err = statusError(status)
	}
	took := c.finish()
	if status == 0 { // its first byte may still arrive while the request is given up
		delete(took, Answer)
	}
	return Result{Answered: status != 0, Reason: health.Classify(err), Took: took}, nil
}

// get returns the status of the answer, and 0 with the error if there is none that the API
// server gave at this time.
func (p *Prober) get(ctx context.Context) (int, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, p.url, nil)
	if err != nil {
		return 0, err
	}
	response, err := p.client.Do(request)
	if err != nil {
		return 0, fmt.Errorf("ask the API server: %w", err)
	}
	defer func() { _ = response.Body.Close() }()
	const limit = 64 << 10
	body, err := io.ReadAll(io.LimitReader(response.Body, limit))
	if err != nil {
		return 0, fmt.Errorf("read the answer: %w", err)
	}
	if err := p.own(response.Header); err != nil {
		return 0, err
	}
	if response.StatusCode == http.StatusOK && strings.TrimSpace(string(body)) != "ok" {
		return 0, health.Foreign("the answer is none of a health endpoint")
	}
	return response.StatusCode, nil
}

// own returns an error if the answer with that header is of a cache or a page of a proxy.
func (p *Prober) own(header http.Header) error {
	if err := health.Own(header); err != nil {
		return err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.replies.Next(header, p.now())
}

// statusError is an answer with another status than 200.
type statusError int

func (e statusError) Error() string { return "the API server answers " + http.StatusText(int(e)) }

// Reason says what the answer means.
func (e statusError) Reason() health.Reason { return health.OfStatus(int(e)) }
