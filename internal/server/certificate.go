package server

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"fmt"
	"math/big"
	"net"
	"os"
	"time"

	"github.com/prometheus/exporter-toolkit/web"
	"go.yaml.in/yaml/v3"
)

// SelfMade returns what serves TLS by a certificate that is made now and kept in memory.
// Nobody can verify it: it keeps those from reading along who cannot answer in our place.
func SelfMade(now time.Time) (*tls.Config, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("key of the certificate: %w", err)
	}
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 127))
	if err != nil {
		return nil, fmt.Errorf("number of the certificate: %w", err)
	}
	template := &x509.Certificate{
		SerialNumber: serial, Subject: pkix.Name{CommonName: "kubevitals, made by itself"},
		// Longer than a process lives, which makes another at its start.
		NotBefore: now.Add(-time.Hour), NotAfter: now.AddDate(10, 0, 0),
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		DNSNames: []string{"localhost"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1), net.IPv6loopback},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return nil, fmt.Errorf("make a certificate: %w", err)
	}
	return &tls.Config{
		MinVersion: tls.VersionTLS12, NextProtos: []string{"http/1.1"},
		Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}},
	}, nil
}

// WebConfig is what a file for --web.config.file asks for, as far as others must know.
type WebConfig struct{ TLS, Passwords bool }

// ReadWebConfig reads the file, which exporter-toolkit has found to be right; without a
// name it asks for nothing.
func ReadWebConfig(file string) (WebConfig, error) {
	if file == "" {
		return WebConfig{}, nil
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return WebConfig{}, err
	}
	var asks struct {
		TLS   web.TLSConfig  `yaml:"tls_server_config"`
		Users map[string]any `yaml:"basic_auth_users"`
	}
	if err := yaml.Unmarshal(text, &asks); err != nil {
		return WebConfig{}, fmt.Errorf("%s: %w", file, err)
	}
	// A section that names no certificate asks for nothing: it is served in the clear.
	return WebConfig{TLS: asks.TLS.IsEnabled(), Passwords: len(asks.Users) > 0}, nil
}
