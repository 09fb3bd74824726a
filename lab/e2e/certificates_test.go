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
	"fmt"
	"testing"
	"time"

	certificatesv1 "k8s.io/api/certificates/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubevitals/kubevitals/lab/cluster"
)

// expire lets the certificate with which a kubelet logs in run out, and renews it.
func (l *lab) expire(t *testing.T, k *cluster.Kubelet) {
	t.Helper()
	const left = 75 * time.Second
	renew := func(left time.Duration) error { return l.RenewClientCertificate(k, left) }
	l.suffer(t, ill{
		name: "expiring", alert: firing{"KubeVitalsKubeletCertificateExpiring", "node", k.Name},
		begin: func(t *testing.T) func(context.Context) error {
			t.Helper()
			if err := renew(time.Hour); err != nil {
				t.Fatal(err)
			}
			return func(context.Context) error { return renew(300 * 24 * time.Hour) }
		},
	})
	// The kubevitals that runs remembers what the kubelet said before; whoever begins to look
	// now comes too late.
	if err := renew(left); err != nil {
		t.Fatal(err)
	}
	renewed := time.Now()
	expired := ill{alert: firing{"KubeVitalsKubeletCertificateExpired", "node", k.Name}}
	l.vitals.eventually(t, left, func(s samples) error {
		at := s.all("certificates_kubelet_client_expiry_timestamp_seconds", "node", k.Name)
		if len(at) != 1 || at[0] > float64(renewed.Add(left+5*time.Second).Unix()) {
			return fmt.Errorf("the certificate of %s expires at %v, want %v", k.Name, at, renewed.Add(left).Unix())
		}
		return nil
	})
	time.Sleep(time.Until(renewed.Add(left)))
	over, dir := time.Now(), t.TempDir()
	if err := cluster.Eventually(t.Context(), namedWithin, func(ctx context.Context) error { return l.holdsAlone(ctx, dir, expired) }); err != nil {
		t.Error(err)
	}
	t.Logf("expired: named alone after %.0f s", time.Since(over).Seconds())
	l.oneLookAtExpired(t, k)
	if err := renew(300 * 24 * time.Hour); err != nil {
		t.Fatal(err)
	}
	over = time.Now()
	err := cluster.Eventually(t.Context(), goneWithin, func(ctx context.Context) error {
		all, err := l.vitals.alerts(ctx, dir, 0)
		if err != nil {
			return err
		}
		for _, h := range all {
			if h.Severity != "info" {
				return fmt.Errorf("what holds is still %v", all)
			}
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
	t.Logf("expired: gone after %.0f s", time.Since(over).Seconds())
	l.wantAlone(t, time.Minute)
}

// oneLookAtExpired verifies what is said of a kubelet whose certificate has expired by whoever
// comes too late to know when: that it takes no credentials any more, which may have this cause,
// live and from a snapshot.
func (l *lab) oneLookAtExpired(t *testing.T, k *cluster.Kubelet) {
	t.Helper()
	i := ill{
		alert: firing{"KubeVitalsNodeNotReady", "node", k.Name}, stays: 11 * time.Minute,
		says: []string{"does not take the credentials that other kubelets take", "the certificate with which the kubelet logs in there has expired"},
	}
	err := cluster.Eventually(t.Context(), namedWithin, func(ctx context.Context) error {
		looked, err := check(ctx, nil, append(l.vitals.sameFlags(t), "--stays="+i.stays.String())...)
		if err != nil {
			return err
		}
		return errors.Join(looked.mustName(i.alert), i.saidBy(looked))
	})
	if err != nil {
		t.Error(err)
	}
	l.sameFromSnapshot(t, i)
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
