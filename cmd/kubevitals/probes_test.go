package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/yaml"

	"github.com/kubevitals/kubevitals/deploy"
)

// webConfigs are files for --web.config.file, by what they ask clients for.
func webConfigs(t *testing.T) map[string]string {
	t.Helper()
	dir := t.TempDir()
	write := func(name, text string) string {
		file := filepath.Join(dir, name)
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return file
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "kubevitals"}, NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	secret, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	certFile := write("cert.pem", string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})))
	keyFile := write("key.pem", string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: secret})))
	const password = "$2b$04$gOCVSs3WfmdJeQsd4hzDje.03BDZBMHvHktgXrhbMqUVTZk.x5N6y" // of "secret"
	return map[string]string{
		"nothing":              "",
		"a password":           write("password.yaml", fmt.Sprintf("basic_auth_users:\n  prometheus: %s\n", password)),
		"a client certificate": write("mtls.yaml", fmt.Sprintf("tls_server_config:\n  cert_file: %s\n  key_file: %s\n  client_auth_type: RequireAndVerifyClientCert\n  client_ca_file: %s\n", certFile, keyFile, certFile)),
	}
}

// freeAddress is one at which nothing listens.
func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// TestProbesWithoutCredentials verifies that a client that behaves as a kubelet's
// prober, without credentials and without looking at certificates, finds the program
// alive whatever the web configuration asks others for, and learns nothing else.
func TestProbesWithoutCredentials(t *testing.T) {
	t.Parallel()
	prober := &http.Client{
		Timeout:   time.Minute, // of a machine that stalls, and not of a probe
		Transport: &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, DisableKeepAlives: true},
	}
	probe := func(url string) (int, string) {
		response, err := prober.Get(url)
		if err != nil {
			return 0, err.Error()
		}
		defer response.Body.Close()
		body, err := io.ReadAll(response.Body)
		if err != nil {
			return 0, err.Error()
		}
		return response.StatusCode, string(body)
	}
	for asks, file := range webConfigs(t) {
		t.Run(asks, func(t *testing.T) {
			t.Parallel()
			health := "http://" + freeAddress(t)
			pages := serving(t, "--demo", "--web.config.file="+file, "--web.health-listen-address="+strings.TrimPrefix(health, "http://"))
			if code, _ := probe(pages + "livez"); (code == http.StatusOK) != (file == "") {
				t.Errorf("the pages answer %d though %s is asked for", code, asks)
			}
			if code, body := probe(health + "/livez"); code != http.StatusOK || body != "ok\n" {
				t.Errorf("/livez: %d %q", code, body)
			}
			eventually(t, func() error {
				if code, body := probe(health + "/readyz"); code != http.StatusOK || body != "ok\n" {
					return fmt.Errorf("/readyz: %d %q", code, body)
				}
				return nil
			})
			for _, path := range []string{"/", "/metrics", "/runbooks/", "/livez/more", "/debug/pprof/"} {
				if code, body := probe(health + path); code != http.StatusNotFound || strings.Contains(body, "kubevitals") {
					t.Errorf("%s: %d %q", path, code, body)
				}
			}
		})
	}
}

// TestManifestsProbeTheHealthAddress verifies that each probe of the shipped manifests
// goes where the container answers without credentials.
func TestManifestsProbeTheHealthAddress(t *testing.T) {
	t.Parallel()
	probes := 0
	err := fs.WalkDir(deploy.Files(), ".", func(path string, _ fs.DirEntry, err error) error {
		if err != nil || !slices.Contains([]string{"deployment.yaml", "daemonset.yaml"}, filepath.Base(path)) {
			return err
		}
		text, err := fs.ReadFile(deploy.Files(), path)
		if err != nil {
			return err
		}
		var workload appsv1.DaemonSet // a Deployment has the same template
		if err := yaml.Unmarshal(text, &workload); err != nil {
			return err
		}
		c := workload.Spec.Template.Spec.Containers[0]
		for _, p := range []*corev1.Probe{c.LivenessProbe, c.ReadinessProbe} {
			if p == nil {
				continue
			}
			probes++
			if err := probesHealth(c, p.HTTPGet); err != nil {
				t.Errorf("%s: %v", path, err)
			}
		}
		return nil
	})
	if err != nil || probes < 5 {
		t.Errorf("%d probes, %v", probes, err)
	}
}

func probesHealth(c corev1.Container, get *corev1.HTTPGetAction) error {
	if get == nil || !slices.Contains([]string{"/livez", "/readyz"}, get.Path) || get.Scheme == corev1.URISchemeHTTPS {
		return fmt.Errorf("probes %v", get)
	}
	port := get.Port.IntVal
	for _, p := range c.Ports {
		if p.Name == get.Port.StrVal {
			port = p.ContainerPort
		}
	}
	for _, arg := range c.Args {
		if arg == fmt.Sprintf("--web.health-listen-address=%s:%d", get.Host, port) {
			return nil
		}
	}
	return errors.New("no argument makes it listen where it is probed")
}
