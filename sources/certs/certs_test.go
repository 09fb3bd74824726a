package certs_test

import (
	"crypto/tls"
	"crypto/x509"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/kubevitals/kubevitals/sources/certs"
	"github.com/kubevitals/kubevitals/sources/certs/certstest"
)

func date(year int) time.Time { return time.Date(year, 6, 1, 12, 0, 0, 0, time.UTC) }

// TestBundle verifies that what counts of a bundle is its last certificate, and that a
// summary says the same.
func TestBundle(t *testing.T) {
	t.Parallel()
	soon, late := certstest.PEM(t, date(2027)), certstest.PEM(t, date(2031))
	for name, test := range map[string]struct {
		bundle string
		want   time.Time
	}{
		"one":                 {soon, date(2027)},
		"during a rotation":   {soon + late, date(2031)},
		"in another order":    {late + "# the old one\n" + soon, date(2031)},
		"with what is broken": {"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n" + soon, date(2027)},
		"none":                {"", time.Time{}},
		"no PEM":              {"certificate", time.Time{}},
		"a key":               {"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n", time.Time{}},
		"endless":             {strings.Repeat("-----BEGIN A-----\nAAAA\n-----END A-----\n", 10_000) + soon, time.Time{}},
	} {
		if got := certs.Bundle([]byte(test.bundle)); !got.Equal(test.want) {
			t.Errorf("%s: %s, want %s", name, got, test.want)
		}
		summary := certs.Summary([]byte(test.bundle))
		if got := certs.Bundle(summary); !got.Equal(test.want) || (summary == nil) != (test.bundle == "") {
			t.Errorf("%s: its summary %q says %s, want %s", name, summary, got, test.want)
		}
	}
}

// TestHandshakes verifies that the expiry of a server's certificate is known whether or
// not it is trusted, and of none where no certificate was shown.
func TestHandshakes(t *testing.T) {
	t.Parallel()
	server := httptest.NewUnstartedServer(http.NotFoundHandler())
	server.Config.ErrorLog = certstest.Silent()
	server.StartTLS()
	defer server.Close()
	want := server.Certificate().NotAfter
	dial := func(config *tls.Config) (*tls.Conn, error) {
		return tls.DialWithDialer(&net.Dialer{Timeout: 5 * time.Second}, "tcp", server.Listener.Addr().String(), config)
	}
	roots := x509.NewCertPool()
	roots.AddCert(server.Certificate())
	conn, err := dial(&tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12})
	if err != nil {
		t.Fatal(err)
	}
	state := conn.ConnectionState()
	_ = conn.Close()
	if got := certs.Shown(&state); !got.Equal(want) {
		t.Errorf("trusted: %s, want %s", got, want)
	}
	for name, config := range map[string]*tls.Config{
		"not trusted":  {RootCAs: x509.NewCertPool(), MinVersion: tls.VersionTLS12},
		"another name": {RootCAs: roots, ServerName: "elsewhere.invalid", MinVersion: tls.VersionTLS12},
		"expired":      {RootCAs: roots, Time: func() time.Time { return want.Add(time.Hour) }, MinVersion: tls.VersionTLS12},
	} {
		if _, err := dial(config); !certs.Refused(err).Equal(want) {
			t.Errorf("%s: %v tells %s, want %s", name, err, certs.Refused(err), want)
		}
	}
	if _, err := dial(&tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12, MaxVersion: tls.VersionTLS11}); err == nil || !certs.Refused(err).IsZero() {
		t.Errorf("%v tells of a certificate that was not shown", err)
	}
	if !certs.Shown(nil).IsZero() || !certs.Shown(&tls.ConnectionState{}).IsZero() {
		t.Error("without TLS there is a certificate")
	}
}

// FuzzBundle verifies that any text has a last certificate or none, and that the summary
// of what it has says the same.
func FuzzBundle(f *testing.F) {
	f.Add([]byte("-----BEGIN KUBEVITALS EXPIRY-----\nMjAyNy0wNi0wMVQxMjowMDowMFo=\n-----END KUBEVITALS EXPIRY-----\n"))
	f.Add([]byte("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"))
	f.Fuzz(func(t *testing.T, bundle []byte) {
		want := certs.Bundle(bundle)
		if got := certs.Bundle(certs.Summary(bundle)); !got.Equal(want.Truncate(time.Second)) {
			t.Errorf("%q expires %s, and by its summary %s", bundle, want, got)
		}
	})
}
