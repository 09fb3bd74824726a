// Package roots verifies servers by the authorities in a file as it is now. What is read
// once, as crypto/tls does, is wrong from the day on which a cluster changes its authority,
// and calls servers dead that are not.
package roots

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"

	"github.com/kubevitals/kubevitals/sources/bounded"
)

// fileLimit bounds the file; that of a public list of authorities has some 250 KiB.
const fileLimit = 1 << 20

// Follow makes connections of the configuration accept a server if its certificate is of
// an authority that stands in the file when they are made, and is for one of the names, which
// are hosts or addresses, or else for the server's name of the configuration. A file that
// cannot be read any more, or holds no certificate, changes nothing. The error of one that
// cannot be read now names it.
func Follow(config *tls.Config, file string, names ...string) error {
	a := &authorities{file: file}
	if _, err := a.now(); err != nil {
		return err
	}
	Verify(config, a.last, names...)
	return nil
}

// Verify is the same for authorities that a function returns; nil are those of the system.
func Verify(config *tls.Config, roots func() *x509.CertPool, names ...string) {
	if config.ServerName != "" {
		names = []string{config.ServerName}
	}
	config.InsecureSkipVerify = true // VerifyConnection verifies instead
	config.VerifyConnection = func(s tls.ConnectionState) error { return verify(s, roots(), names) }
}

func verify(s tls.ConnectionState, roots *x509.CertPool, names []string) error {
	if len(names) == 0 { // a certificate for anybody would do
		return errors.New("it is not known for what name a certificate has to be")
	}
	intermediates := x509.NewCertPool()
	for _, cert := range s.PeerCertificates[1:] {
		intermediates.AddCert(cert)
	}
	var all error
	for _, name := range names {
		_, err := s.PeerCertificates[0].Verify(x509.VerifyOptions{Roots: roots, Intermediates: intermediates, DNSName: name})
		if err == nil {
			return nil
		}
		all = errors.Join(all, err)
	}
	return &tls.CertificateVerificationError{UnverifiedCertificates: s.PeerCertificates, Err: all}
}

// authorities are those of a file.
type authorities struct {
	file string

	mu   sync.Mutex
	text []byte
	pool *x509.CertPool
}

// last returns the authorities as of now, or else as they were when they could last be read.
func (a *authorities) last() *x509.CertPool {
	pool, _ := a.now()
	return pool
}

func (a *authorities) now() (*x509.CertPool, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	text, err := read(a.file)
	if err != nil {
		return a.pool, fmt.Errorf("authorities: %w", err)
	}
	if a.pool != nil && bytes.Equal(text, a.text) {
		return a.pool, nil
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(text) {
		return a.pool, fmt.Errorf("authorities: no certificate in %s", a.file)
	}
	a.text, a.pool = text, pool
	return pool, nil
}

func read(file string) ([]byte, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	text, err := io.ReadAll(bounded.Reader(f, fileLimit))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	return text, nil
}
