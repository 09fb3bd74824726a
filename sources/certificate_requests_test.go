package sources

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	certificatesv1 "k8s.io/api/certificates/v1"
	corev1 "k8s.io/api/core/v1"
)

// TestCertificateRequestOf verifies what a request waits for, and that nothing of it is
// kept that tells of keys or people.
func TestCertificateRequestOf(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		signer      string
		issued      bool
		conditions  []certificatesv1.RequestConditionType
		state, from string
	}{
		"new":      {"kubernetes.io/kubelet-serving", false, nil, RequestPending, "kubelet-serving"},
		"approved": {"kubernetes.io/kube-apiserver-client-kubelet", false, []certificatesv1.RequestConditionType{certificatesv1.CertificateApproved}, RequestApproved, "kube-apiserver-client-kubelet"},
		"issued":   {"kubernetes.io/kube-apiserver-client", true, []certificatesv1.RequestConditionType{certificatesv1.CertificateApproved}, RequestIssued, "kube-apiserver-client"},
		"denied":   {"example.com/ours", false, []certificatesv1.RequestConditionType{certificatesv1.CertificateDenied}, RequestDenied, OtherSigner},
		"failed":   {"kubernetes.io/kubelet-serving", false, []certificatesv1.RequestConditionType{certificatesv1.CertificateApproved, certificatesv1.CertificateFailed}, RequestFailed, "kubelet-serving"},
	} {
		r := &certificatesv1.CertificateSigningRequest{}
		r.Spec = certificatesv1.CertificateSigningRequestSpec{SignerName: tt.signer, Username: "somebody", Request: []byte("secret")}
		for _, c := range tt.conditions {
			r.Status.Conditions = append(r.Status.Conditions, certificatesv1.CertificateSigningRequestCondition{Type: c, Status: corev1.ConditionTrue, Message: "words"})
		}
		if tt.issued {
			r.Status.Certificate = []byte("PEM")
		}
		kept := trimCertificateRequest(r, &Latest{})
		got, err := certificateRequestOf(kept)
		if err != nil || got.State != tt.state || got.Signer != tt.from {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
		if text, err := json.Marshal(kept); err != nil || len(text) == 0 || containsAny(string(text), "somebody", "c2VjcmV0", "words", "UEVN") {
			t.Errorf("%s: too much is kept: %s, %v", name, text, err)
		}
	}
	if _, err := certificateRequestOf(&corev1.Pod{}); err == nil {
		t.Error("a pod is taken for a request")
	}
}

// TestCertificateRequestOfAKubelet verifies that a request of a kubelet is that of its node, also
// in a snapshot, and that its name goes where names are to go.
func TestCertificateRequestOfAKubelet(t *testing.T) {
	t.Parallel()
	r := &certificatesv1.CertificateSigningRequest{}
	r.Spec.SignerName, r.Spec.Username = "kubernetes.io/kube-apiserver-client-kubelet", "system:node:worker-1"
	trimmed, ok := trimCertificateRequest(r, &Latest{}).(*certificatesv1.CertificateSigningRequest)
	if !ok {
		t.Fatal("not a request")
	}
	for form, o := range map[string]*certificatesv1.CertificateSigningRequest{"watched": r, "trimmed": trimmed} {
		if got, err := certificateRequestOf(o); err != nil || got.Node != "worker-1" {
			t.Errorf("%s: %+v, %v", form, got, err)
		}
	}
	redactCertificateRequest(trimmed, renamed{})
	if got, err := certificateRequestOf(trimmed); err != nil || got.Node != "xworker-1" || trimmed.Spec.Username != "system:node:xworker-1" {
		t.Errorf("redacted: %+v, %v", got, err)
	}
}

func containsAny(text string, parts ...string) bool {
	return slices.ContainsFunc(parts, func(part string) bool { return strings.Contains(text, part) })
}
