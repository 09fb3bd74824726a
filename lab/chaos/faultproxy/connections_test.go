package faultproxy

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"net/http/httptest"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestNewConnections verifies what becomes of those that are made while a fault
// lasts, and that the same address serves again once it is healed.
func TestNewConnections(t *testing.T) {
	t.Parallel()
	for accept, want := range map[Accept]error{
		Refuse: syscall.ECONNREFUSED, AcceptAndReset: syscall.ECONNRESET, AcceptAndClose: io.EOF,
	} {
		bothProtocols(t, func(t *testing.T, p *path) {
			old := p.client()
			p.works(old)
			p.Break(Fault{Accept: accept})
			if _, _, err := p.get(p.client(), "/readyz", soon); !errors.Is(err, want) {
				t.Errorf("a new connection: %v, want %v", err, want)
			}
			p.works(old) // which has its connection
			if err := p.Heal(); err != nil {
				t.Fatal(err)
			}
			p.works(p.client())
		})
	}
}

// TestCut verifies that existing connections end as they are told to.
func TestCut(t *testing.T) {
	t.Parallel()
	for how, want := range map[Cut]error{ResetAll: syscall.ECONNRESET, CloseAll: io.EOF} {
		p := newPath(t, true, "")
		c, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", strings.TrimPrefix(p.URL(), "https://"))
		if err != nil {
			t.Fatal(err)
		}
		for deadline := time.Now().Add(soon); p.Connections() == 0 && time.Now().Before(deadline); {
			time.Sleep(time.Millisecond)
		}
		p.Break(Fault{Cut: how})
		if err := c.SetDeadline(time.Now().Add(soon)); err != nil {
			t.Fatal(err)
		}
		if _, err := c.Read(make([]byte, 1)); !errors.Is(err, want) {
			t.Errorf("cut %d: %v, want %v", how, err, want)
		}
		_ = c.Close()
	}
}

// TestHandshakes verifies that they can stop before and in their midst, and that
// what was frozen goes on.
func TestHandshakes(t *testing.T) {
	t.Parallel()
	for _, after := range []int64{0, 200} {
		p := newPath(t, false, "")
		p.Break(Fault{Flow: Frozen, Connections: New, AfterBytes: after})
		inner, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", strings.TrimPrefix(p.URL(), "https://"))
		if err != nil {
			t.Fatal(err)
		}
		counted := &countingConn{Conn: inner}
		c := tls.Client(counted, &tls.Config{RootCAs: p.roots, ServerName: "127.0.0.1", MinVersion: tls.VersionTLS12})
		defer func() { _ = c.Close() }()
		shaken := make(chan error, 1)
		go func() { shaken <- c.HandshakeContext(t.Context()) }()
		select {
		case err := <-shaken:
			t.Fatalf("the handshake ended: %v", err)
		case <-time.After(shortly):
		}
		if err := p.Heal(); err != nil {
			t.Fatal(err)
		}
		if err := <-shaken; err != nil {
			t.Errorf("thawed: %v", err)
		}
		if counted.first != after && after > 0 {
			t.Errorf("the first read has %d bytes, want %d", counted.first, after)
		}
	}
}

// countingConn knows how many bytes came before the first pause.
type countingConn struct {
	net.Conn
	first int64
}

func (c *countingConn) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	if c.first == 0 {
		c.first = int64(n)
	}
	return n, err
}

// TestCertificates verifies that another one is shown, and only while the fault lasts.
func TestCertificates(t *testing.T) {
	t.Parallel()
	bothProtocols(t, func(t *testing.T, p *path) {
		other := httptest.NewUnstartedServer(nil)
		other.StartTLS()
		defer other.Close()
		strange := other.TLS.Certificates[0]
		leaf, err := x509.ParseCertificate(strange.Certificate[0])
		if err != nil {
			t.Fatal(err)
		}
		p.roots = x509.NewCertPool() // trusts no authority
		p.Break(Fault{Certificate: &strange})
		_, _, err = p.get(p.client(), "/readyz", soon)
		var unknown x509.UnknownAuthorityError
		if !errors.As(err, &unknown) || !unknown.Cert.Equal(leaf) {
			t.Errorf("got %v, want a refusal of the strange certificate", err)
		}
	})
}
