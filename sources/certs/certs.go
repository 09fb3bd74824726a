// Package certs reads until when certificates are valid: of servers, from the handshake
// with them whether it came about or not, and of the bundles by which API servers trust
// webhooks and aggregated APIs.
package certs

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"time"
)

// Shown is when the certificate expires that a server showed in a handshake; zero without
// TLS.
func Shown(state *tls.ConnectionState) time.Time {
	if state == nil || len(state.PeerCertificates) == 0 {
		return time.Time{}
	}
	return state.PeerCertificates[0].NotAfter
}

// Refused is when the certificate expires for which a handshake failed; zero if it failed
// for something else. Whoever answered showed it: it proves nothing of who that is.
func Refused(err error) time.Time {
	refused, ok := errors.AsType[*tls.CertificateVerificationError](err)
	if !ok || len(refused.UnverifiedCertificates) == 0 {
		return time.Time{}
	}
	return refused.UnverifiedCertificates[0].NotAfter
}

const (
	// mostCertificates bounds those that are read of a bundle: each may sign, and those of
	// the public authorities are some 150.
	mostCertificates = 300
	// expiryBlock is the type of the block that Summary writes.
	expiryBlock = "KUBEVITALS EXPIRY"
)

// Bundle is when the last certificate of a bundle in PEM expires: before, one of them may
// be the one that counts, and after that none can. It is zero where none can be read.
func Bundle(bundle []byte) time.Time {
	var last time.Time
	for range mostCertificates {
		var block *pem.Block
		if block, bundle = pem.Decode(bundle); block == nil {
			break
		}
		var expires time.Time
		switch block.Type {
		case "CERTIFICATE":
			if c, err := x509.ParseCertificate(block.Bytes); err == nil {
				expires = c.NotAfter
			}
		case expiryBlock:
			expires, _ = time.Parse(time.RFC3339, string(bytes.TrimSpace(block.Bytes))) // zero where it is no time
		}
		if expires.After(last) {
			last = expires
		}
	}
	return last
}

// Summary stands for a bundle in a snapshot: Bundle reads the same time of it, and it has
// no names. That of no bundle is none.
func Summary(bundle []byte) []byte {
	if len(bundle) == 0 {
		return nil
	}
	var text []byte
	if last := Bundle(bundle); !last.IsZero() {
		text = []byte(last.UTC().Format(time.RFC3339))
	}
	return pem.EncodeToMemory(&pem.Block{Type: expiryBlock, Bytes: text})
}
