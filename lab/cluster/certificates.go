package cluster

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"os"
	"path/filepath"
)

// ServingCertificate is one that the API server could show. Spoil, if any,
// changes what is signed.
func (c *Cluster) ServingCertificate(name string, spoil func(*x509.Certificate)) (tls.Certificate, error) {
	return c.files.ca.keyPair(name, spoil)
}

// KubeletServingCertificate is one that a kubelet could show.
func (c *Cluster) KubeletServingCertificate(name string) (tls.Certificate, error) {
	return c.files.kubelets.keyPair(name, nil)
}

// StrangeCertificate is signed by an authority that no one else knows.
func StrangeCertificate() (tls.Certificate, error) {
	dir, err := os.MkdirTemp("", "strange-ca-")
	if err != nil {
		return tls.Certificate{}, fmt.Errorf("strange authority: %w", err)
	}
	defer func() { _ = os.RemoveAll(dir) }()
	a, err := newAuthority(dir, "strange-ca")
	if err != nil {
		return tls.Certificate{}, err
	}
	return a.keyPair("strange", nil)
}

func (a *authority) keyPair(name string, spoil func(*x509.Certificate)) (tls.Certificate, error) {
	template := serverTemplate(name, "localhost")
	if spoil != nil {
		spoil(template)
	}
	p, err := a.issue(name, template)
	if err != nil {
		return tls.Certificate{}, err
	}
	certificate, err := tls.LoadX509KeyPair(p.cert, p.key)
	if err != nil {
		return tls.Certificate{}, fmt.Errorf("certificate %s: %w", name, err)
	}
	return certificate, nil
}

// RenewServingCertificate writes the serving certificate of the API server anew, which it
// takes up within a minute. Spoil, if any, changes what is signed.
func (c *Cluster) RenewServingCertificate(spoil func(*x509.Certificate)) error {
	return c.files.writeServingCertificate(spoil)
}

// AdminFiles are the certificate and the key of the administrator.
func (c *Cluster) AdminFiles() (cert, key string) {
	return filepath.Join(c.options.Dir, "user-admin.crt"), filepath.Join(c.options.Dir, "user-admin.key")
}
