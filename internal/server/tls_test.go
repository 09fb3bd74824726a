package server

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"io"
	"log/slog"
	"math/big"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.yaml.in/yaml/v3"
)

// authority signs certificates.
type authority struct {
	certificate *x509.Certificate
	key         *ecdsa.PrivateKey
}

func newAuthority(t *testing.T) authority {
	t.Helper()
	a := authority{}
	a.certificate, a.key = authority{}.sign(t, &x509.Certificate{
		Subject: pkix.Name{CommonName: "authority"}, IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	})
	return a
}

// sign makes a key and its certificate, which signs itself where there is no authority.
func (a authority) sign(t *testing.T, template *x509.Certificate) (*x509.Certificate, *ecdsa.PrivateKey) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	if template.SerialNumber, err = rand.Int(rand.Reader, big.NewInt(1<<62)); err != nil {
		t.Fatal(err)
	}
	template.NotBefore, template.NotAfter = time.Now().Add(-time.Hour), time.Now().Add(time.Hour)
	if a.key == nil {
		a = authority{template, key}
	}
	der, err := x509.CreateCertificate(rand.Reader, template, a.certificate, key.Public(), a.key)
	if err != nil {
		t.Fatal(err)
	}
	made, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return made, key
}

// write writes tls.crt, tls.key and ca.crt, as a Secret has them.
func (a authority) write(t *testing.T, dir string, certificate *x509.Certificate, key *ecdsa.PrivateKey) {
	t.Helper()
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	for name, block := range map[string]*pem.Block{
		"tls.crt": {Type: "CERTIFICATE", Bytes: certificate.Raw}, "tls.key": {Type: "PRIVATE KEY", Bytes: private},
		"ca.crt": {Type: "CERTIFICATE", Bytes: a.certificate.Raw},
	} {
		if err := os.WriteFile(filepath.Join(dir, name), pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

func (a authority) pool() *x509.CertPool {
	pool := x509.NewCertPool()
	pool.AddCert(a.certificate)
	return pool
}

// serveBy serves by a file for --web.config.file until the test ends, and returns where.
func serveBy(t *testing.T, config string) string {
	t.Helper()
	f := flags("127.0.0.1:0")
	*f.WebConfigFile = filepath.Join(t.TempDir(), "web.yaml")
	if err := os.WriteFile(*f.WebConfigFile, []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	listeners, err := Listen(t.Context(), f)
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.WithoutCancel(t.Context()))
	hello := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "hello") })
	urls, ended := make(chan string, 1), make(chan error, 1)
	go func() {
		ended <- Serve(ctx, listeners, hello, Options{Web: f, WriteTimeout: time.Minute, Serving: func(u string) { urls <- u }}, slog.New(slog.DiscardHandler))
	}()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	return <-urls
}

func get(t *testing.T, url string, config *tls.Config) (*tls.ConnectionState, error) {
	t.Helper()
	client := &http.Client{Timeout: 10 * time.Second, Transport: &http.Transport{TLSClientConfig: config, DisableKeepAlives: true}}
	response, err := client.Get(url)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("status %d", response.StatusCode)
	}
	return response.TLS, nil
}

// TestShippedTLSComponent verifies of the file that the component components/tls mounts that
// it serves the certificate of the Secret, by the name that its ServiceMonitors verify, and
// a renewed one without a restart.
func TestShippedTLSComponent(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../../deploy/components/tls/configmap.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var shipped struct{ Data map[string]string }
	if err := yaml.Unmarshal(text, &shipped); err != nil {
		t.Fatal(err)
	}
	const mounted, serverName = "/etc/kubevitals-tls/", "kubevitals.kubevitals.svc"
	if n := strings.Count(shipped.Data["web.yaml"], mounted); n != 2 {
		t.Fatalf("%d files of the Secret, want its certificate and its key:\n%s", n, shipped.Data["web.yaml"])
	}
	dir, a := t.TempDir(), newAuthority(t)
	issue := func() *x509.Certificate {
		c, key := a.sign(t, &x509.Certificate{DNSNames: []string{serverName}, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}})
		a.write(t, dir, c, key)
		return c
	}
	issued := issue()
	url := serveBy(t, strings.ReplaceAll(shipped.Data["web.yaml"], mounted, dir+"/"))
	for _, which := range []string{"first", "renewed"} {
		seen, err := get(t, url, &tls.Config{RootCAs: a.pool(), ServerName: serverName})
		if err != nil {
			t.Fatal(err)
		}
		if !seen.PeerCertificates[0].Equal(issued) {
			t.Errorf("it serves another certificate than the %s one", which)
		}
		issued = issue()
	}
	if _, err := get(t, url, &tls.Config{RootCAs: newAuthority(t).pool(), ServerName: serverName}); err == nil {
		t.Error("a client that trusts somebody else reads it")
	}
}

// TestClientCertificates verifies that a file which asks clients for certificates lets in
// those alone that have one of the authority.
func TestClientCertificates(t *testing.T) {
	t.Parallel()
	dir, a := t.TempDir(), newAuthority(t)
	server, serverKey := a.sign(t, &x509.Certificate{DNSNames: []string{"vitals"}, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}})
	a.write(t, dir, server, serverKey)
	url := serveBy(t, fmt.Sprintf("tls_server_config:\n  cert_file: %[1]s/tls.crt\n  key_file: %[1]s/tls.key\n  client_ca_file: %[1]s/ca.crt\n  client_auth_type: RequireAndVerifyClientCert\n", dir))
	present := func(by authority) []tls.Certificate {
		c, key := by.sign(t, &x509.Certificate{Subject: pkix.Name{CommonName: "prometheus"}, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}})
		return []tls.Certificate{{Certificate: [][]byte{c.Raw}, PrivateKey: key}}
	}
	for who, test := range map[string]struct {
		certificates []tls.Certificate
		in           bool
	}{
		"one of the authority": {present(a), true}, "one of another": {present(newAuthority(t)), false}, "none": {nil, false},
	} {
		_, err := get(t, url, &tls.Config{RootCAs: a.pool(), ServerName: "vitals", Certificates: test.certificates})
		if (err == nil) != test.in {
			t.Errorf("a client with %s: %v", who, err)
		}
	}
}
