package e2e

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestPrometheusReads lets a real Prometheus scrape over TLS with its token: with a
// certificate that kubevitals made for itself, with one that is verified, without a token
// and with that of somebody who may not.
func TestPrometheusReads(t *testing.T) {
	l := shared
	dir := t.TempDir()
	write := func(name string, text []byte) string {
		file := filepath.Join(dir, name)
		if err := os.WriteFile(file, text, 0o600); err != nil {
			t.Fatal(err)
		}
		return file
	}
	const serverName = "kubevitals.kubevitals.svc"
	pair, err := l.ServingCertificate(serverName, func(c *x509.Certificate) { c.DNSNames = []string{serverName} })
	if err != nil {
		t.Fatal(err)
	}
	certFile, keyFile := writePair(t, write, pair)
	web := write("web.yaml", fmt.Appendf(nil, "tls_server_config: {cert_file: %s, key_file: %s}\n", certFile, keyFile))
	selfMade := startGuarded(t, l, "self-made", l.kubeconfig)
	given := startGuarded(t, l, "given", l.kubeconfig, "--web.config.file="+web)
	good, bad := write("good", []byte(l.account(t, "of-prometheus", "/metrics"))), write("bad", []byte(l.account(t, "of-nobody")))
	config := "global: {scrape_interval: 2s}\nscrape_configs:\n"
	job := func(name string, g guarded, settings string) {
		config += fmt.Sprintf("  - {job_name: %s, scheme: https, static_configs: [{targets: [%q]}], %s}\n", name, strings.TrimPrefix(g.base, "https://"), settings)
	}
	const any = "tls_config: {insecure_skip_verify: true}"
	job("self-made", selfMade, fmt.Sprintf("%s, authorization: {credentials_file: %s}", any, good))
	verified := fmt.Sprintf("tls_config: {ca_file: %s, server_name: %s}", l.CAFile(), serverName)
	job("verified", given, fmt.Sprintf("%s, authorization: {credentials_file: %s}", verified, good))
	job("no-token", selfMade, any)
	job("no-right", given, fmt.Sprintf("%s, authorization: {credentials_file: %s}", verified, bad))
	job("not-verified", selfMade, fmt.Sprintf("%s, authorization: {credentials_file: %s}", verified, good))
	p := startPrometheus(t, l.LogDir(), config)
	p.eventually(t, time.Minute, `up{job=~"self-made|verified"}`, 2, 1)
	p.eventually(t, time.Minute, `count by (job) (kubevitals_node_readiness_leases{state="fresh"})`, 2, 1)
	p.eventually(t, time.Minute, `up{job=~"no-token|no-right|not-verified"}`, 3, 0)
}

// writePair writes a certificate and its key.
func writePair(t *testing.T, write func(string, []byte) string, pair tls.Certificate) (certFile, keyFile string) {
	t.Helper()
	var text []byte
	for _, der := range pair.Certificate {
		text = append(text, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})...)
	}
	key, err := x509.MarshalPKCS8PrivateKey(pair.PrivateKey)
	if err != nil {
		t.Fatal(err)
	}
	return write("tls.crt", text), write("tls.key", pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: key}))
}
