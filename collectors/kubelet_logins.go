package collectors

import (
	"math"
	"slices"
	"strings"

	"github.com/prometheus/client_golang/prometheus"
	corev1 "k8s.io/api/core/v1"

	"github.com/kubevitals/kubevitals/exporter"
	"github.com/kubevitals/kubevitals/sources"
	"github.com/kubevitals/kubevitals/sources/health"
	"github.com/kubevitals/kubevitals/sources/kubelet"
)

var kubeletLoginSign = exporter.NewGauge(certificatesName, "kubelet_login_sign",
	"Is 1 where something says that the kubelet of a node that is not ready cannot log in at the API server: no_certificate, the kubelet has none that is valid, as it says; cannot_authenticate, it does not take the credentials that other kubelets take, as one that cannot ask the API server about them; request_pending, request_approved, request_denied, request_failed, what became of its latest request for one; of 20 nodes.",
	"node", "sign")

// Signs that a kubelet cannot log in, beside what became of its latest request.
const (
	noCertificate      = "no_certificate"
	cannotAuthenticate = "cannot_authenticate"
	latestRequest      = "request_"
)

// clientSigner signs the certificates with which kubelets log in.
const clientSigner = "kube-apiserver-client-kubelet"

// sendLoginSigns tells what one look can see of kubelets that cannot log in. When their
// certificates expired it cannot: an expired one is none to its kubelet.
func sendLoginSigns(ch chan<- prometheus.Metric, nodes []*corev1.Node, kubelets []*kubelet.Result, requests []sources.CertificateRequest) {
	taken := slices.ContainsFunc(kubelets, func(k *kubelet.Result) bool { return k.Metrics.Reason == health.Available })
	says := map[string]string{}
	for _, k := range kubelets {
		switch {
		case k.Metrics.Reason == health.Available && math.IsInf(k.Metrics.Value.ClientCertificateTTL, 1):
			says[k.Node] = noCertificate
		case k.Metrics.Reason == health.Unauthorized && taken:
			says[k.Node] = cannotAuthenticate
		}
	}
	latest := latestRequests(requests)
	told, left := 0, 0
	for _, node := range slices.SortedFunc(slices.Values(nodes), func(a, b *corev1.Node) int { return strings.Compare(a.Name, b.Name) }) {
		if ready := sources.ConditionOf(node, corev1.NodeReady); ready != nil && ready.Status == corev1.ConditionTrue {
			continue
		}
		var signs []string
		if sign := says[node.Name]; sign != "" {
			signs = append(signs, sign)
		}
		if r, ok := latest[node.Name]; ok && r.State != sources.RequestIssued {
			signs = append(signs, latestRequest+r.State)
		}
		if len(signs) == 0 {
			continue
		}
		if told++; told > mostExpiries {
			left++
			continue
		}
		for _, sign := range signs {
			ch <- kubeletLoginSign.Sample(1, node.Name, sign)
		}
	}
	ch <- exporter.LeftOut(left)
}

// latestRequests are the latest ones for certificates with which the kubelets of nodes log in.
func latestRequests(requests []sources.CertificateRequest) map[string]sources.CertificateRequest {
	latest := map[string]sources.CertificateRequest{}
	for _, r := range requests {
		if before, ok := latest[r.Node]; r.Node != "" && r.Signer == clientSigner && (!ok || r.Made.After(before.Made)) {
			latest[r.Node] = r
		}
	}
	return latest
}
