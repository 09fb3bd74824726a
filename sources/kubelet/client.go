package kubelet

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"sync/atomic"
	"time"

	"k8s.io/client-go/rest"
	"k8s.io/client-go/transport"

	"github.com/kubevitals/kubevitals/sources/bounded"
	"github.com/kubevitals/kubevitals/sources/certs"
	"github.com/kubevitals/kubevitals/sources/exposition"
	"github.com/kubevitals/kubevitals/sources/health"
)

// dialTimeout leaves room for one lost packet (a second) and no more: what does
// not accept a connection by then is dead, and holds up a slot for nothing.
const dialTimeout = 3 * time.Second

type dialer func(ctx context.Context, network, address string) (net.Conn, error)

// fetchKey is the key of the context that ends when a fetch returns, among the
// values of the fetch's requests.
type fetchKey struct{}

// dialledKey is the key of a flag that a connection came about, likewise.
type dialledKey struct{}

// forOneFetch makes a connection that ends with the fetch it is for. The
// transport keeps on dialling and shaking hands for a request that is long
// given up; with many frozen kubelets that would pile up.
func (d dialer) forOneFetch(ctx context.Context, network, address string) (net.Conn, error) {
	fetch, ok := ctx.Value(fetchKey{}).(context.Context)
	if !ok {
		return d(ctx, network, address)
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(fetch, cancel)() //nolint:contextcheck // joins the two contexts
	conn, err := d(ctx, network, address)
	if err != nil {
		return conn, err
	}
	context.AfterFunc(fetch, func() { _ = conn.Close() }) //nolint:contextcheck // the connection belongs to the fetch
	if dialled, ok := ctx.Value(dialledKey{}).(*atomic.Bool); ok {
		dialled.Store(true)
	}
	return conn, nil
}

// client asks one kubelet at a time for one thing. It is safe for concurrent use.
type client struct {
	http       *http.Client
	timeout    time.Duration
	exposition exposition.Options
	recorded   func(node, path string) (io.ReadCloser, error)
	// recordedServing is that of the options.
	recordedServing func(node string) time.Time
}

// answer holds what the endpoint that was asked gives.
type answer struct {
	summary Summary
	config  Config
	report  exposition.Report
	// header is that of the answer; nil in a snapshot.
	header http.Header
	// serving is when the certificate ends that the kubelet showed; zero if that is not known.
	serving time.Time
}

// newClient takes the credentials of cfg, and nothing else: kubelets have
// another authority than the API server, and no proxy leads to them. Token,
// certificate and CA files are read again when they change.
func newClient(o Options, cfg *rest.Config, dial dialer) (*client, error) {
	tc, err := rest.CopyConfig(cfg).TransportConfig()
	if err != nil {
		return nil, fmt.Errorf("credentials for the kubelets: %w", err)
	}
	// Only here, after an exec plugin was told of the API server's own CA.
	tc.TLS.CAFile, tc.TLS.CAData = o.CAFile, o.CAData
	tc.TLS.Insecure = o.InsecureSkipVerify
	tc.TLS.ServerName = ""
	tc.TLS.NextProtos = []string{"http/1.1"}
	tc.Transport = nil
	tc.DisableCompression = false
	tc.Proxy = func(*http.Request) (*url.URL, error) { return nil, nil }
	tc.DialHolder = &transport.DialHolder{Dial: dial.forOneFetch}
	tc.WrapTransport = transport.Wrappers(bounded.Headers, tc.WrapTransport)
	rt, err := transport.New(tc)
	if err != nil {
		return nil, fmt.Errorf("transport to the kubelets: %w", err)
	}
	return &client{
		http: &http.Client{
			Transport: rt,
			// To follow would hand the credentials to wherever the kubelet points.
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
		timeout:    o.Timeout,
		exposition: o.Exposition,
		recorded:   o.Recorded, recordedServing: o.RecordedServing,
	}, nil
}

// fetch asks one endpoint. An error names the node and the endpoint, is a
// health.Reasoner where the kubelet did answer, and wraps an *unreachedError
// where no connection came about.
func (c *client) fetch(ctx context.Context, t target, e endpoint) (answer, error) {
	a, err := c.get(ctx, t, e)
	if err != nil {
		return answer{serving: a.serving}, fmt.Errorf("kubelet of node %s: get %s: %w", t.node, e.path(), err)
	}
	return a, nil
}

func (c *client) get(ctx context.Context, t target, e endpoint) (a answer, err error) {
	if c.recorded != nil {
		return c.replay(t.node, e)
	}
	accept := ""
	if e == metrics {
		accept = "text/plain;version=0.0.4"
	}
	err = c.request(ctx, t, e.path(), accept, func(by origin, body io.Reader) error {
		a, err = c.decode(e, by, body)
		a.header, a.serving = by.header, by.serving
		return err
	})
	if err != nil && a.serving.IsZero() {
		a.serving = certs.Refused(err)
	}
	return a, err
}

// replay reads an answer of the past. Names in it may have been replaced, so that whose it
// is has to be known by whoever recorded it.
func (c *client) replay(node string, e endpoint) (a answer, err error) {
	if c.recordedServing != nil {
		defer func() { a.serving = c.recordedServing(node) }()
	}
	body, err := c.recorded(node, e.path())
	if none, ok := errors.AsType[*NoAnswer](err); ok {
		return answer{}, &answerError{none.Reason, none}
	}
	if err != nil {
		return answer{}, err
	}
	defer func() { _ = body.Close() }()
	return c.decode(e, origin{}, body)
}

// request asks for the path and hands the body of a good answer to read, with where it
// comes from.
func (c *client) request(ctx context.Context, t target, path, accept string, read func(origin, io.Reader) error) error {
	if t.err != nil {
		return &unreachedError{err: t.err}
	}
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	// Not cancelled with ctx: a connection closed under a request that runs out of
	// time would look like a kubelet that hung up.
	fetch, end := context.WithCancel(context.WithoutCancel(ctx))
	kept := false
	defer func() {
		if !kept {
			end()
		}
	}()
	ctx = context.WithValue(ctx, fetchKey{}, fetch)
	var dialled, connected atomic.Bool
	ctx = context.WithValue(ctx, dialledKey{}, &dialled)
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		GotConn: func(httptrace.GotConnInfo) { connected.Store(true) },
	})
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "https://"+t.host+path, nil)
	if err != nil {
		return &unreachedError{err: err}
	}
	if accept != "" {
		req.Header.Set("Accept", accept)
	}
	// One connection a request: 5,000 idle ones would cost more memory than a few
	// handshakes a second cost time, and none is left that died in between. But for
	// the next request right after, it stays.
	req.Close = !t.keep
	resp, err := c.http.Do(req)
	if err != nil {
		if errors.Is(err, http.ErrSchemeMismatch) {
			err = &answerError{reason: health.TLS, err: err}
		}
		if !connected.Load() {
			err = &unreachedError{err: err, dialled: dialled.Load()}
		}
		return err
	}
	defer func() { _ = resp.Body.Close() }()
	if resp.StatusCode != http.StatusOK {
		return statusError(resp)
	}
	by, err := originOf(t.node, resp.Header)
	by.serving = certs.Shown(resp.TLS)
	if err == nil {
		err = health.Framed(resp)
	}
	if err != nil {
		return err
	}
	if err := read(by, resp.Body); err != nil {
		return err
	}
	kept = t.keep && drained(resp.Body)
	return nil
}

func (c *client) decode(e endpoint, by origin, body io.Reader) (a answer, err error) {
	switch e {
	case statsSummary:
		a.summary, err = decodeSummary(body, by)
	case configz:
		a.config, err = decodeConfig(body)
	case metrics:
		a.report, err = exposition.Parse(body, c.exposition)
	}
	// What is no failure of the connection is an answer that makes no sense.
	if err != nil && health.Classify(err) == health.Failed {
		err = &answerError{reason: health.Invalid, err: err}
	}
	return a, err
}
