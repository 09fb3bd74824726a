package manifests

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/kubernetes/pkg/probe"
	httpprobe "k8s.io/kubernetes/pkg/probe/http"

	"github.com/kubevitals/kubevitals/lab/process"
)

// binaryEnv names the kubevitals binary under test.
const binaryEnv = "KUBEVITALS_BINARY"

// TestKubeletProbes verifies, with what kubelets probe with, that the probes of the
// shipped Deployment succeed whatever its web configuration asks others for, and that
// probes of the port of the metrics would not.
func TestKubeletProbes(t *testing.T) {
	binary := os.Getenv(binaryEnv)
	if binary == "" {
		t.Skipf("no binary under test: set %s, or run make e2e", binaryEnv)
	}
	container := shippedContainer(t)
	for asks, file := range webConfigs(t) {
		t.Run(asks, func(t *testing.T) {
			health := freePort(t)
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			log, err := os.Create(filepath.Join(t.TempDir(), "log"))
			if err != nil {
				t.Fatal(err)
			}
			defer log.Close()
			cmd, metrics, err := process.Kubevitals(ctx, binary, log, nil, "--demo", "--web.config.file="+file, fmt.Sprintf("--web.health-listen-address=127.0.0.1:%d", health))
			if err != nil {
				t.Fatal(err)
			}
			defer process.Kill(cmd)
			for _, p := range []*corev1.Probe{container.LivenessProbe, container.ReadinessProbe} {
				get := *p.HTTPGet
				get.Port = intstr.FromInt(health) // of many on this machine
				eventuallyIs(t, probe.Success, &get, container)
			}
			main := *container.LivenessProbe.HTTPGet
			main.Port = portOf(t, metrics)
			want := probe.Success
			if file != "" {
				want = probe.Failure
			}
			eventuallyIs(t, want, &main, container)
		})
	}
}

// eventuallyIs probes as a kubelet does until the result is as wanted.
func eventuallyIs(t *testing.T, want probe.Result, get *corev1.HTTPGetAction, container *corev1.Container) {
	t.Helper()
	prober := httpprobe.New(false)
	var got probe.Result
	var said string
	for range 100 {
		request, err := httpprobe.NewRequestForHTTPGetAction(get, container, "127.0.0.1", "probe")
		if err != nil {
			t.Fatal(err)
		}
		if got, said, err = prober.Probe(request, time.Second); err != nil {
			t.Fatal(err)
		}
		if got == want {
			return
		}
		time.Sleep(200 * time.Millisecond)
	}
	t.Errorf("%s at port %s: %s (%s), want %s", get.Path, get.Port.String(), got, said, want)
}

func shippedContainer(t *testing.T) *corev1.Container {
	t.Helper()
	objects, err := Build("../../deploy/base")
	if err != nil {
		t.Fatal(err)
	}
	for _, o := range objects {
		if o.GetKind() != "Deployment" {
			continue
		}
		var d appsv1.Deployment
		if err := runtime.DefaultUnstructuredConverter.FromUnstructured(o.Object, &d); err != nil {
			t.Fatal(err)
		}
		return &d.Spec.Template.Spec.Containers[0]
	}
	t.Fatal("no Deployment is shipped")
	return nil
}

func freePort(t *testing.T) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}

func portOf(t *testing.T, address string) intstr.IntOrString {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	return intstr.Parse(u.Port())
}

// webConfigs are files for --web.config.file, by what they ask clients for.
func webConfigs(t *testing.T) map[string]string {
	t.Helper()
	dir := t.TempDir()
	write := func(name string, text []byte) string {
		file := filepath.Join(dir, name)
		if err := os.WriteFile(file, text, 0o600); err != nil {
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
	certFile := write("cert.pem", pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
	keyFile := write("key.pem", pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: secret}))
	const password = "$2b$04$gOCVSs3WfmdJeQsd4hzDje.03BDZBMHvHktgXrhbMqUVTZk.x5N6y" // of "secret"
	return map[string]string{
		"nothing":    "",
		"a password": write("password.yaml", []byte("basic_auth_users:\n  prometheus: "+password+"\n")),
		"a client certificate": write("certificate.yaml", fmt.Appendf(nil,
			"tls_server_config:\n  cert_file: %s\n  key_file: %s\n  client_auth_type: RequireAndVerifyClientCert\n  client_ca_file: %s\n", certFile, keyFile, certFile)),
	}
}
