package sources

import (
	"fmt"
	"slices"
	"strings"
	"time"

	certificatesv1 "k8s.io/api/certificates/v1"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/kubevitals/kubevitals/sources/health"
)

// CertificateRequest is what is kept of a CertificateSigningRequest.
type CertificateRequest struct {
	// Name is that of the object.
	Name string
	// Signer is who is asked: one of those of Kubernetes, or "other".
	Signer string
	// Node is the one whose kubelet asks; empty of all others, and where it asks as somebody
	// else, as one does that joins.
	Node string
	// Made is when it was made.
	Made time.Time
	// State is what became of it: pending, approved (a certificate is yet to come),
	// issued, denied or failed.
	State string
}

// States of a CertificateRequest. The first two are waited for.
const (
	RequestPending  = "pending"
	RequestApproved = "approved"
	RequestIssued   = "issued"
	RequestDenied   = "denied"
	RequestFailed   = "failed"
)

// Signers are those of Kubernetes, without the prefix that they have in common, and what
// stands for all others.
func Signers() []string {
	return []string{"kubelet-serving", "kube-apiserver-client-kubelet", "kube-apiserver-client", "legacy-unknown", OtherSigner}
}

// OtherSigner stands for the signers of others than Kubernetes.
const OtherSigner = "other"

const (
	signerPrefix = "kubernetes.io/"
	// kubeletPrefix is that of the names of users that kubelets are.
	kubeletPrefix = "system:node:"
)

// CertificateRequests are all requests for certificates that the cluster holds: those that
// wait for a day, and those that are done for an hour or a day.
func (s *Sources) CertificateRequests() *health.View[CertificateRequest] {
	return viewOf(s, CertificateRequests, certificateRequestOf)
}

func certificateRequestOf(obj any) (CertificateRequest, error) {
	r, ok := obj.(*certificatesv1.CertificateSigningRequest)
	if !ok {
		return CertificateRequest{}, fmt.Errorf("unexpected type %T", obj)
	}
	kept := CertificateRequest{Name: strings.Clone(r.Name), Signer: OtherSigner, Made: r.CreationTimestamp.Time, State: RequestPending}
	for _, signer := range Signers() {
		if r.Spec.SignerName == signerPrefix+signer {
			kept.Signer = signer
		}
	}
	if node, ok := strings.CutPrefix(r.Spec.Username, kubeletPrefix); ok {
		kept.Node = strings.Clone(node)
	}
	has := func(kind certificatesv1.RequestConditionType) bool {
		return slices.ContainsFunc(r.Status.Conditions, func(c certificatesv1.CertificateSigningRequestCondition) bool { return c.Type == kind })
	}
	switch {
	case has(certificatesv1.CertificateDenied):
		kept.State = RequestDenied
	case has(certificatesv1.CertificateFailed):
		kept.State = RequestFailed
	case len(r.Status.Certificate) > 0:
		kept.State = RequestIssued
	case has(certificatesv1.CertificateApproved):
		kept.State = RequestApproved
	}
	return kept, nil
}

// Refused are the last requests of the kubelet of each node to each signer, of those that
// were denied or failed: whoever asked again since waits, or was served.
func Refused(requests []CertificateRequest) []CertificateRequest {
	type asked struct{ node, signer string }
	last := map[asked]CertificateRequest{}
	for _, r := range requests {
		k := asked{r.Node, r.Signer}
		if r.Node != "" && !r.Made.Before(last[k].Made) {
			last[k] = r
		}
	}
	var refused []CertificateRequest
	for _, r := range last {
		if r.State == RequestDenied || r.State == RequestFailed {
			refused = append(refused, r)
		}
	}
	return refused
}

// trimCertificateRequest keeps who is asked, by which kubelet, and what became of it. Of a
// certificate all that counts is that there is one.
func trimCertificateRequest(r *certificatesv1.CertificateSigningRequest, latest *Latest) runtime.Object {
	kept := &certificatesv1.CertificateSigningRequest{ObjectMeta: trimMeta(r.ObjectMeta, latest)}
	kept.Spec.SignerName = r.Spec.SignerName
	if strings.HasPrefix(r.Spec.Username, kubeletPrefix) {
		kept.Spec.Username = r.Spec.Username // nobody else is of interest
	}
	for _, c := range r.Status.Conditions {
		latest.saw(c.LastUpdateTime.Time, c.LastTransitionTime.Time)
		kept.Status.Conditions = append(kept.Status.Conditions, certificatesv1.CertificateSigningRequestCondition{Type: c.Type, Status: c.Status})
	}
	if len(r.Status.Certificate) > 0 {
		kept.Status.Certificate = []byte("issued")
	}
	return kept
}

func redactCertificateRequest(r *certificatesv1.CertificateSigningRequest, n Names) {
	redactMeta(r, "request", n)
	kept, err := certificateRequestOf(r)
	if err != nil || kept.Signer == OtherSigner {
		r.Spec.SignerName = OtherSigner
	}
	if kept.Node != "" {
		r.Spec.Username = kubeletPrefix + n.Node(kept.Node)
	}
}
