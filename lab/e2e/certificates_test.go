package e2e

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"testing"
	"time"

	certificatesv1 "k8s.io/api/certificates/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubevitals/kubevitals/lab/cluster"
)

// TestKubeletCertificate lets the certificate with which a kubelet logs in run out, and
// renews it.
func TestKubeletCertificate(t *testing.T) {
	const left = 2 * time.Minute
	l, _ := wellLab(t, cluster.Options{Nodes: 2})
	k := l.Kubelets()[1]
	renew := func(left time.Duration) time.Time {
		if err := l.RenewClientCertificate(k, left); err != nil {
			t.Fatal(err)
		}
		return time.Now()
	}
	expiring := firing{"KubeVitalsKubeletCertificateExpiring", "node", k.Name}
	expired := firing{"KubeVitalsKubeletCertificateExpired", "node", k.Name}
	renewed := renew(left)
	l.named(t, renewed, expiring)
	l.wantAlone(t, time.Minute, expiring[0])

	time.Sleep(time.Until(renewed.Add(left)))
	// Whoever begins to look now comes too late to be told when it expired.
	l.vitals.wantHolding(t, 0, expired)

	l.gone(t, renew(300*24*time.Hour), expired)
	l.vitals.eventually(t, 2*time.Minute, func(s samples) error { return nodeIsReady(s, k.Name) })
	l.wantAlone(t, 3*time.Minute)
}

// TestCertificateRequests makes a request for a serving certificate, which nothing
// approves by itself, and verifies that it is told of until it is gone.
func TestCertificateRequests(t *testing.T) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	subject := pkix.Name{Organization: []string{"system:nodes"}, CommonName: "system:node:" + shared.Kubelets()[0].Name}
	der, err := x509.CreateCertificateRequest(rand.Reader, &x509.CertificateRequest{Subject: subject, DNSNames: []string{shared.Kubelets()[0].Name}}, key)
	if err != nil {
		t.Fatal(err)
	}
	requests := shared.Client().CertificatesV1().CertificateSigningRequests()
	made, err := requests.Create(t.Context(), &certificatesv1.CertificateSigningRequest{
		ObjectMeta: metav1.ObjectMeta{GenerateName: "csr-"},
		Spec: certificatesv1.CertificateSigningRequestSpec{
			Request: pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE REQUEST", Bytes: der}), SignerName: certificatesv1.KubeletServingSignerName,
			Usages: []certificatesv1.KeyUsage{certificatesv1.UsageDigitalSignature, certificatesv1.UsageServerAuth},
		},
	}, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := requests.Delete(context.Background(), made.Name, metav1.DeleteOptions{}); err != nil {
			t.Error(err)
		}
		shared.vitals.eventually(t, time.Minute, func(s samples) error {
			return s.want(0, "certificates_requests", "signer", "kubelet-serving", "state", "pending")
		})
	}()
	shared.vitals.eventually(t, 2*time.Minute, func(s samples) error {
		if since := s.all("certificates_requests_oldest_timestamp_seconds", "signer", "kubelet-serving", "state", "pending"); len(since) != 1 {
			return errors.New("no request waits")
		}
		return s.want(1, "certificates_requests", "signer", "kubelet-serving", "state", "pending")
	})
	shared.vitals.wantAlert(t, 80*time.Minute, "KubeVitalsCertificateRequestsPending", "signer", "kubelet-serving", "state", "pending")
}
