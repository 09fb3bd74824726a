package cluster

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"time"
)

// authority signs certificates and knows the file with its own.
type authority struct {
	dir, file string
	cert      *x509.Certificate
	key       crypto.Signer
}

// pair is a certificate and its key as files.
type pair struct{ cert, key string }

func newAuthority(dir, name string) (*authority, error) {
	key, err := newKey()
	if err != nil {
		return nil, err
	}
	template := &x509.Certificate{
		SerialNumber:          big.NewInt(1),
		Subject:               pkix.Name{CommonName: name},
		NotBefore:             time.Now().Add(-time.Hour),
		NotAfter:              time.Now().AddDate(1, 0, 0),
		KeyUsage:              x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature,
		IsCA:                  true,
		BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return nil, fmt.Errorf("authority %s: %w", name, err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, fmt.Errorf("authority %s: %w", name, err)
	}
	a := &authority{dir: dir, file: filepath.Join(dir, name+".crt"), cert: cert, key: key}
	return a, writePEM(a.file, "CERTIFICATE", der)
}

func newKey() (*ecdsa.PrivateKey, error) { return ecdsa.GenerateKey(elliptic.P256(), rand.Reader) }

// client issues a certificate for a user and their groups.
func (a *authority) client(file, user string, groups ...string) (pair, error) {
	return a.issue(file, &x509.Certificate{
		Subject:     pkix.Name{CommonName: user, Organization: groups},
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
	})
}

// server issues a certificate for 127.0.0.1 and the names.
func (a *authority) server(file string, names ...string) (pair, error) {
	return a.issue(file, serverTemplate(file, names...))
}

func serverTemplate(name string, names ...string) *x509.Certificate {
	return &x509.Certificate{
		Subject:     pkix.Name{CommonName: name},
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		DNSNames:    names,
	}
}

func (a *authority) issue(file string, template *x509.Certificate) (pair, error) {
	p := pair{filepath.Join(a.dir, file+".crt"), filepath.Join(a.dir, file+".key")}
	key, err := newKey()
	if err != nil {
		return p, err
	}
	serial, err := rand.Int(rand.Reader, big.NewInt(1<<62))
	if err != nil {
		return p, err
	}
	template.SerialNumber = serial
	if template.NotAfter.IsZero() {
		template.NotBefore, template.NotAfter = time.Now().Add(-time.Hour), time.Now().AddDate(0, 11, 0)
	}
	template.KeyUsage = x509.KeyUsageDigitalSignature
	der, err := x509.CreateCertificate(rand.Reader, template, a.cert, key.Public(), a.key)
	if err != nil {
		return p, fmt.Errorf("certificate %s: %w", file, err)
	}
	if err := writePEM(p.cert, "CERTIFICATE", der); err != nil {
		return p, err
	}
	return p, writeKey(p.key, key)
}

// signingKey writes a key pair for service account tokens.
func signingKey(dir string) (pair, error) {
	p := pair{filepath.Join(dir, "sa.pub"), filepath.Join(dir, "sa.key")}
	key, err := newKey()
	if err != nil {
		return p, err
	}
	public, err := x509.MarshalPKIXPublicKey(key.Public())
	if err != nil {
		return p, err
	}
	if err := writePEM(p.cert, "PUBLIC KEY", public); err != nil {
		return p, err
	}
	return p, writeKey(p.key, key)
}

func writeKey(file string, key *ecdsa.PrivateKey) error {
	der, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		return fmt.Errorf("key %s: %w", file, err)
	}
	return writePEM(file, "EC PRIVATE KEY", der)
}

func writePEM(file, kind string, der []byte) error {
	return os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600)
}
