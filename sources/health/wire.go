package health

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"sync"
	"time"

	"k8s.io/client-go/rest"
	"k8s.io/client-go/transport"

	"github.com/kubevitals/kubevitals/sources/bounded"
)

// answerWithin is how long an API server may take to begin its answer.
const answerWithin = 10 * time.Second

// SilentError says that nothing came from whoever was asked, though the connection
// was not closed.
type SilentError struct {
	// What was waited for, such as "an answer".
	What string
	// For is how long it was waited for.
	For time.Duration
}

func (e *SilentError) Error() string { return fmt.Sprintf("no %s within %s", e.What, e.For) }

// Reason says what the error means.
func (*SilentError) Reason() Reason { return Timeout }

// Wire is the connection of a client to API servers. It bounds the time until an
// answer begins, tells of faults that client-go keeps to itself, and can drop
// connections on which nothing comes any more: HTTP/2 would send all requests over
// one that is half open until pings fail, which takes 45 s.
type Wire struct {
	dial func(ctx context.Context, network, address string) (net.Conn, error)

	mu    sync.Mutex
	conns map[*wireConn]time.Time // with when they were made
}

// NewWire makes the client of the configuration use a wire of its own.
func NewWire(c *rest.Config) *Wire {
	w := &Wire{dial: c.Dial, conns: map[*wireConn]time.Time{}}
	if w.dial == nil {
		w.dial = (&net.Dialer{Timeout: 5 * time.Second, KeepAlive: 15 * time.Second}).DialContext
	}
	c.Dial = w.dialContext
	c.WrapTransport = transport.Wrappers(bounded.Headers, c.WrapTransport)
	c.Wrap(func(next http.RoundTripper) http.RoundTripper { return &roundTripper{wire: w, next: next} })
	return w
}

func (w *Wire) dialContext(ctx context.Context, network, address string) (net.Conn, error) {
	conn, err := w.dial(ctx, network, address)
	if err != nil {
		return nil, err
	}
	tracked := &wireConn{Conn: conn, wire: w}
	w.mu.Lock()
	w.conns[tracked] = time.Now()
	w.mu.Unlock()
	return tracked, nil
}

// dropBefore closes the connections that are older. Requests on them fail and are
// made again on new ones.
func (w *Wire) dropBefore(t time.Time) {
	w.mu.Lock()
	var old []*wireConn
	for conn, made := range w.conns {
		if made.Before(t) {
			old = append(old, conn)
		}
	}
	w.mu.Unlock()
	for _, conn := range old {
		_ = conn.Close()
	}
}

// wireConn is a connection that its wire knows until it is closed.
type wireConn struct {
	net.Conn
	wire *Wire
}

func (c *wireConn) Close() error {
	c.wire.mu.Lock()
	delete(c.wire.conns, c)
	c.wire.mu.Unlock()
	return c.Conn.Close()
}

type roundTripper struct {
	wire *Wire
	next http.RoundTripper
}

// RoundTrip implements http.RoundTripper.
func (r *roundTripper) RoundTrip(request *http.Request) (*http.Response, error) {
	a := attemptOf(request.Context())
	started := time.Now()
	ctx, cancel := context.WithCancelCause(request.Context())
	silent := &SilentError{What: "answer", For: answerWithin}
	timer := time.AfterFunc(answerWithin, func() { cancel(silent) })
	response, err := r.next.RoundTrip(request.WithContext(ctx))
	timer.Stop()
	if err != nil {
		if errors.Is(context.Cause(ctx), silent) {
			err = silent
			// What is older than the request may be half open. A connection that was
			// made for it is not: it took a handshake.
			r.wire.dropBefore(started)
		}
		cancel(nil)
		if request.Context().Err() == nil {
			// As an http.Client would say it; it is not there yet.
			a.note(r.wire, &url.Error{Op: request.Method, URL: request.URL.Redacted(), Err: err})
		}
		return nil, err
	}
	a.note(r.wire, nil)
	// client-go would sleep as long as the API server says, ten times in a row, and
	// no health would tell of it. Reflectors back off on their own.
	if response.StatusCode == http.StatusTooManyRequests || response.StatusCode >= http.StatusInternalServerError {
		response.Header.Del("Retry-After")
	}
	body := &wireBody{ReadCloser: response.Body, attempt: a, cancel: func() { cancel(nil) }}
	if isWatch := request.URL.Query().Get("watch"); isWatch == "" || isWatch == "false" {
		body.pace = &pace{cancel: cancel}
	}
	response.Body = body
	return response, nil
}

// wireBody tells its attempt how it ended.
type wireBody struct {
	io.ReadCloser
	attempt *attempt
	cancel  func()
	// pace bounds the time that an answer takes which has an end; nil for watches, whose
	// silence is judged by what they should bring.
	pace *pace
}

func (b *wireBody) Read(p []byte) (int, error) {
	b.pace.wait()
	n, err := b.ReadCloser.Read(p)
	if late := b.pace.came(n); late != nil && err != nil && !errors.Is(err, io.EOF) {
		err = late // not that it was given up
	}
	if err != nil {
		b.attempt.ended(err)
	}
	return n, err
}

func (b *wireBody) Close() error {
	defer b.cancel()
	return b.ReadCloser.Close()
}
