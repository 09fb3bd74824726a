package roots_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/kubevitals/kubevitals/sources/roots"
)

// authority signs certificates.
type authority struct {
	certificate *x509.Certificate
	key         *ecdsa.PrivateKey
	pem         []byte
}

func newAuthority(t *testing.T) authority {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "authority"}, IsCA: true, BasicConstraintsValid: true,
		NotAfter: time.Now().Add(time.Hour), KeyUsage: x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	certificate, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return authority{certificate, key, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})}
}

// serve answers TLS handshakes on loopback with a certificate for the names.
func (a authority) serve(t *testing.T, addresses []net.IP, names ...string) string {
	t.Helper()
	template := &x509.Certificate{
		SerialNumber: big.NewInt(2), DNSNames: names, IPAddresses: addresses, NotAfter: time.Now().Add(time.Hour),
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, a.certificate, a.key.Public(), a.key)
	if err != nil {
		t.Fatal(err)
	}
	l, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: a.key}}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				_ = conn.(*tls.Conn).HandshakeContext(t.Context())
				_ = conn.Close()
			}()
		}
	}()
	return l.Addr().String()
}

func dial(t *testing.T, server string, config *tls.Config) error {
	t.Helper()
	conn, err := (&tls.Dialer{Config: config}).DialContext(t.Context(), "tcp", server)
	if err == nil {
		err = conn.Close()
	}
	return err
}

// TestAuthorityIsExchanged verifies that a server is accepted from the moment at which its
// authority stands in the file, and until it does not, and that damage of the file changes
// nothing.
func TestAuthorityIsExchanged(t *testing.T) {
	t.Parallel()
	before, after := newAuthority(t), newAuthority(t)
	loopback := []net.IP{net.IPv4(127, 0, 0, 1)}
	oldServer, newServer := before.serve(t, loopback), after.serve(t, loopback)
	file := filepath.Join(t.TempDir(), "ca.crt")
	write := func(text ...byte) {
		if err := os.WriteFile(file, text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write(before.pem...)
	config := &tls.Config{MinVersion: tls.VersionTLS12}
	if err := roots.Follow(config, file, "127.0.0.1"); err != nil {
		t.Fatal(err)
	}
	expect := func(when string, old, fresh bool) {
		t.Helper()
		for _, server := range []struct {
			address string
			good    bool
		}{{oldServer, old}, {newServer, fresh}} {
			err := dial(t, server.address, config)
			var refused *tls.CertificateVerificationError
			if server.good && err != nil || !server.good && !errors.As(err, &refused) {
				t.Errorf("%s: %v, want good: %t", when, err, server.good)
			}
		}
	}
	expect("with the old authority", true, false)
	write(append(before.pem, after.pem...)...)
	expect("with both", true, true)
	write(after.pem...)
	expect("with the new one", false, true)
	write([]byte("damaged")...)
	expect("with a damaged file", false, true)
	if err := os.Remove(file); err != nil {
		t.Fatal(err)
	}
	expect("without a file", false, true)
}

// TestNameIsVerified verifies that a certificate of the right authority for another host is
// refused, also where the host is an address, which is not said in a handshake.
func TestNameIsVerified(t *testing.T) {
	t.Parallel()
	a := newAuthority(t)
	file := filepath.Join(t.TempDir(), "ca.crt")
	if err := os.WriteFile(file, a.pem, 0o600); err != nil {
		t.Fatal(err)
	}
	named, addressed := a.serve(t, nil, "one.example"), a.serve(t, []net.IP{net.IPv4(127, 0, 0, 1)})
	for _, tt := range []struct {
		name, server string
		names        []string
		serverName   string
		want         bool
	}{
		{"its address", addressed, []string{"127.0.0.1"}, "", true},
		{"another address", addressed, []string{"127.0.0.2"}, "", false},
		{"one of its names", named, []string{"127.0.0.1", "one.example"}, "", true},
		{"another name", named, []string{"two.example"}, "", false},
		{"the name of the configuration counts alone", named, []string{"one.example"}, "two.example", false},
		{"the name of the configuration", named, nil, "one.example", true},
		{"no name", addressed, nil, "", false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			config := &tls.Config{MinVersion: tls.VersionTLS12, ServerName: tt.serverName}
			if err := roots.Follow(config, file, tt.names...); err != nil {
				t.Fatal(err)
			}
			if err := dial(t, tt.server, config); (err == nil) != tt.want {
				t.Errorf("%v, want accepted: %t", err, tt.want)
			}
		})
	}
}

func TestFileThatCannotBeRead(t *testing.T) {
	t.Parallel()
	empty := filepath.Join(t.TempDir(), "empty.crt")
	if err := os.WriteFile(empty, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, file := range []string{empty, filepath.Join(t.TempDir(), "absent.crt")} {
		if err := roots.Follow(&tls.Config{MinVersion: tls.VersionTLS12}, file, "host"); err == nil || !strings.Contains(err.Error(), file) {
			t.Errorf("%v, want one that names %s", err, file)
		}
	}
}
