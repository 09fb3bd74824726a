package apiserver

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"

	"golang.org/x/net/http2"
	"k8s.io/client-go/rest"

	"github.com/kubevitals/kubevitals/sources/bounded"
	"github.com/kubevitals/kubevitals/sources/roots"
)

// inClusterName is a name that every API server's certificate bears, because
// pods may reach it by that name. API servers verify each other by it, too.
const inClusterName = "kubernetes.default.svc"

// tlsDialer opens a TLS connection to one API server.
type tlsDialer struct {
	server string
	config *tls.Config // nil when the API server is not reached over TLS
}

// transport is how one API server is reached.
type transport struct {
	plain         *http.Transport
	authenticated http.RoundTripper
	dialer        tlsDialer
}

// newTransport returns a transport with the credentials of the configuration.
func newTransport(c *rest.Config, server string, isConfigured bool) (transport, error) {
	c = rest.CopyConfig(c)
	config, err := rest.TLSConfigFor(c)
	if err != nil {
		return transport{}, fmt.Errorf("tls: %w", err)
	}
	if config == nil && !isConfigured {
		config = &tls.Config{MinVersion: tls.VersionTLS12}
	}
	if err := verified(config, c.CAFile, server, isConfigured); err != nil {
		return transport{}, err
	}
	dial := c.Dial
	if dial == nil {
		dial = (&net.Dialer{Timeout: 5 * time.Second, KeepAlive: 15 * time.Second}).DialContext
	}
	plain := &http.Transport{
		TLSClientConfig: config, DialContext: dial, ForceAttemptHTTP2: true,
		TLSHandshakeTimeout: 5 * time.Second, IdleConnTimeout: 90 * time.Second,
		MaxIdleConnsPerHost: 4, MaxResponseHeaderBytes: bounded.HeaderLimit,
	}
	if isConfigured {
		// Only the configured address may be meant to go through a proxy.
		plain.Proxy = http.ProxyFromEnvironment
		if c.Proxy != nil {
			plain.Proxy = c.Proxy
		}
	}
	authenticated, err := rest.HTTPWrappersForConfig(c, plain)
	if err != nil {
		return transport{}, fmt.Errorf("credentials: %w", err)
	}
	// net/http changes the configuration it is given when it first dials.
	return transport{plain, authenticated, tlsDialer{server, config.Clone()}}, nil
}

// verified makes a configuration, which may be nil, verify the server by the authorities
// that stand in the file at present, if there is one. One that was found may show a
// certificate for its address or for its name in the cluster.
func verified(config *tls.Config, file, server string, isConfigured bool) error {
	if config == nil || config.InsecureSkipVerify || isConfigured && file == "" {
		return nil
	}
	host, _, err := net.SplitHostPort(server)
	if err != nil {
		host = server
	}
	names := []string{host, inClusterName}
	if isConfigured {
		names = names[:1]
	}
	if file != "" {
		return roots.Follow(config, file, names...)
	}
	known := config.RootCAs
	roots.Verify(config, func() *x509.CertPool { return known }, names...)
	return nil
}

// limitAnswer is how many streams a server allows on one connection, and when it said
// so; no time if it did not in the last round.
type limitAnswer struct {
	streams uint32
	at      time.Time
}

// readLimit looks at how many streams the server allows on one connection, which it
// says at the beginning of every HTTP/2 connection and nowhere else. A limit is
// looked at again after LimitInterval, and one that could not be read in the next
// round.
func readLimit(ctx context.Context, i *instance, last limitAnswer) (limitAnswer, error) {
	now := i.prober.now()
	if !last.at.IsZero() && now.Sub(last.at) < i.prober.options.LimitInterval {
		return last, nil
	}
	limit, err := i.tls.streamLimit(ctx)
	if err != nil {
		i.prober.logger.DebugContext(ctx, "stream limit of an API server", "server", i.server, "err", err)
		return limitAnswer{streams: last.streams}, nil
	}
	return limitAnswer{limit, now}, nil
}

func (d tlsDialer) streamLimit(ctx context.Context) (uint32, error) {
	if d.config == nil {
		return 0, errNoTLS
	}
	config := d.config.Clone()
	config.NextProtos = []string{http2.NextProtoTLS}
	raw, err := (&tls.Dialer{Config: config}).DialContext(ctx, "tcp", d.server)
	if err != nil {
		return 0, fmt.Errorf("dial: %w", err)
	}
	defer func() { _ = raw.Close() }()
	if deadline, ok := ctx.Deadline(); ok {
		if err := raw.SetDeadline(deadline); err != nil {
			return 0, err
		}
	}
	if _, err := raw.Write([]byte(http2.ClientPreface)); err != nil {
		return 0, fmt.Errorf("write the preface: %w", err)
	}
	framer := http2.NewFramer(raw, raw)
	if err := framer.WriteSettings(); err != nil {
		return 0, fmt.Errorf("write settings: %w", err)
	}
	// The server's settings are the first frame that it sends.
	frame, err := framer.ReadFrame()
	if err != nil {
		return 0, fmt.Errorf("read settings: %w", err)
	}
	settings, ok := frame.(*http2.SettingsFrame)
	if !ok {
		return 0, fmt.Errorf("the first frame is %s, not SETTINGS", frame.Header().Type)
	}
	limit, ok := settings.Value(http2.SettingMaxConcurrentStreams)
	if !ok {
		return 0, errors.New("the server sets no limit")
	}
	return limit, nil
}
