package faultproxy

import (
	"bufio"
	"context"
	"crypto/tls"
	"crypto/x509"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"
)

// Soon is long enough for what is to happen, and shortly for what is not.
const (
	soon    = 10 * time.Second
	shortly = 200 * time.Millisecond
)

// path is a client, a proxy and a server behind it.
type path struct {
	*Proxy
	t     *testing.T
	roots *x509.CertPool
	http1 bool
	// emit sends what is written to it to each client of the server's watch.
	emit chan []byte
}

// bothProtocols runs a test over HTTP/1.1 and over HTTP/2.
func bothProtocols(t *testing.T, test func(t *testing.T, p *path)) {
	for name, http1 := range map[string]bool{"http1": true, "http2": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, newPath(t, http1, "application/json"))
		})
	}
}

func newPath(t *testing.T, http1 bool, contentType string) *path {
	t.Helper()
	p := &path{t: t, http1: http1, roots: x509.NewCertPool(), emit: make(chan []byte)}
	server := httptest.NewUnstartedServer(p.server(contentType))
	server.EnableHTTP2 = true
	server.StartTLS()
	p.roots.AddCert(server.Certificate())
	var err error
	p.Proxy, err = Start(t.Context(), Options{
		Address: "127.0.0.1:0", Certificate: server.TLS.Certificates[0], Upstream: server.URL,
		Transport: server.Client().Transport, HTTP1: http1,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		p.Close()
		server.CloseClientConnections()
		server.Close()
	})
	return p
}

// server answers watches with what the test emits, and all else with its path.
func (p *path) server(contentType string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", contentType)
		if r.URL.Query().Get("watch") == "" {
			_, _ = io.WriteString(w, r.URL.Path)
			return
		}
		_ = http.NewResponseController(w).Flush()
		for {
			select {
			case event, ok := <-p.emit:
				if !ok {
					return
				}
				_, _ = w.Write(event)
				_ = http.NewResponseController(w).Flush()
			case <-r.Context().Done():
				return
			}
		}
	})
}

// client has connections of its own.
func (p *path) client() *http.Client {
	transport := &http.Transport{
		TLSClientConfig:   &tls.Config{RootCAs: p.roots, MinVersion: tls.VersionTLS12},
		ForceAttemptHTTP2: true,
	}
	p.t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport}
}

// get asks for a path and gives up when within has passed.
func (p *path) get(c *http.Client, url string, within time.Duration) (*http.Response, string, error) {
	ctx, cancel := context.WithTimeout(p.t.Context(), within)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, p.URL()+url, nil)
	if err != nil {
		p.t.Fatal(err)
	}
	response, err := c.Do(request)
	if err != nil {
		return nil, "", err
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(response.Body)
	return response, string(body), err
}

// works fails the test unless the client gets an answer of the server.
func (p *path) works(c *http.Client) {
	p.t.Helper()
	response, body, err := p.get(c, "/readyz", soon)
	if err != nil || body != "/readyz" {
		p.t.Fatalf("the proxy answers %q, %v", body, err)
	}
	if want := map[bool]int{true: 1, false: 2}[p.http1]; response.ProtoMajor != want {
		p.t.Fatalf("the proxy speaks HTTP/%d, want %d", response.ProtoMajor, want)
	}
}

// stalls fails the test if the client gets an answer or an error of the server.
func (p *path) stalls(c *http.Client) {
	p.t.Helper()
	if response, body, err := p.get(c, "/readyz", shortly); err == nil {
		p.t.Fatalf("got %s %q, want none", response.Status, body)
	} else if timeout, ok := err.(net.Error); !ok || !timeout.Timeout() { //nolint:errorlint // as url.Error is
		p.t.Fatalf("failed before its time: %v", err)
	}
}

// watch opens a watch and returns its lines as they come, and an empty one at its end.
func (p *path) watch(c *http.Client, query string) <-chan string {
	p.t.Helper()
	ctx, cancel := context.WithCancel(p.t.Context())
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, p.URL()+"/api/v1/nodes?watch=true"+query, nil)
	if err != nil {
		p.t.Fatal(err)
	}
	response, err := c.Do(request) //nolint:bodyclose // below
	if err != nil {
		p.t.Fatal(err)
	}
	lines := make(chan string, 100)
	p.t.Cleanup(func() { cancel(); _ = response.Body.Close() })
	go func() {
		defer close(lines)
		for reader := bufio.NewReader(response.Body); ; {
			line, err := reader.ReadString('\n')
			lines <- line
			if err != nil {
				return
			}
		}
	}()
	return lines
}

func wantLine(t *testing.T, lines <-chan string, want string) {
	t.Helper()
	select {
	case got := <-lines:
		if got != want {
			t.Fatalf("got %q, want %q", got, want)
		}
	case <-time.After(soon):
		t.Fatalf("got nothing, want %q", want)
	}
}

func wantSilence(t *testing.T, lines <-chan string) {
	t.Helper()
	select {
	case got := <-lines:
		t.Fatalf("got %q, want nothing", got)
	case <-time.After(shortly):
	}
}
