package collectors

import (
	"context"
	"errors"
	"math"
	"slices"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	corev1 "k8s.io/api/core/v1"

	"github.com/kubevitals/kubevitals/exporter"
	"github.com/kubevitals/kubevitals/sources"
	"github.com/kubevitals/kubevitals/sources/health"
	"github.com/kubevitals/kubevitals/sources/kubelet"
)

const certificatesName = "certificates"

var (
	kubeletCertificateExpiry = exporter.NewGauge(certificatesName, "kubelet_client_expiry_timestamp_seconds",
		"Unix time, in seconds, at which the certificate expires with which the kubelet of the node logs in at the API server, as the kubelet said when it was last read; of the 20 nodes where that is soonest.",
		"node")
	kubeletServingExpiry = exporter.NewGauge(certificatesName, "kubelet_serving_expiry_timestamp_seconds",
		"Unix time, in seconds, at which the certificate expires that the kubelet of the node showed last, trusted or not; of nodes where that is within 60 days, the 20 where it is soonest.",
		"node")
	kubeletServing = exporter.NewCount(certificatesName, "kubelet_serving_certificates",
		"Number of nodes whose kubelet showed a certificate that is valid or expired, and of which none was seen.", "state")
	caBundleExpiry = exporter.NewGauge(certificatesName, "ca_bundle_expiry_timestamp_seconds",
		"Unix time, in seconds, at which the last certificate expires of the caBundle by which API servers trust an admission webhook of a configuration, or the Service behind an APIService; of the 20 objects where that is soonest.",
		"kind", "name")
	caBundles = exporter.NewGauge(certificatesName, "ca_bundles",
		"Number of webhook configurations and APIServices by whether each caBundle in them has a certificate that is valid; unknown has one that cannot be read.",
		"state")
	kubeletCertificates = exporter.NewCount(certificatesName, "kubelet_client_certificates",
		"Number of nodes whose kubelet has a certificate to log in that is valid or expired, and of which none is known.", "state")
	certificateRequests = exporter.NewGauge(certificatesName, "requests",
		"Number of CertificateSigningRequests that wait: pending for somebody to approve them, approved for the signer to issue them; and, where there are any, of kubelets that were refused when they last asked: denied by whoever approves, failed at the signer.",
		"signer", "state")
	certificateRequestsOldest = exporter.NewGauge(certificatesName, "requests_oldest_timestamp_seconds",
		"Unix time, in seconds, at which the oldest of these requests was made; absent where there is none.",
		"signer", "state")
)

// Certificates is the failure mode of a certificate that runs out, and of one that is
// asked for and not issued.
func Certificates() Definition {
	return Definition{
		Name:    certificatesName,
		Help:    "Certificates of kubelets, webhooks and aggregated APIs run out, and requests for new ones wait for approval.",
		Scope:   Cluster,
		Default: true,
		Metrics: []*exporter.Desc{
			kubeletCertificateExpiry, kubeletCertificates, kubeletLoginSign, kubeletServingExpiry, kubeletServing, caBundleExpiry, caBundles,
			certificateRequests, certificateRequestsOldest,
		},
		Steady: []*exporter.Desc{certificateRequests, caBundles},
		Counted: map[*exporter.Desc]*exporter.Desc{
			kubeletCertificateExpiry: kubeletCertificates, kubeletLoginSign: kubeletCertificates, kubeletServingExpiry: kubeletServing,
		},
		Reads: []sources.Read{
			sources.Nodes, sources.KubeletMetrics, sources.CertificateRequests,
			sources.ValidatingWebhooks, sources.MutatingWebhooks, sources.APIServices,
		},
		New: func(s *sources.Sources) (exporter.Collector, error) {
			kubelets := s.Kubelets()
			kubelets.WantMetrics()
			validating, mutating := s.Webhooks()
			return &certificatesCollector{
				nodes: s.Nodes().List, kubelets: kubelets.Results, requests: s.CertificateRequests().List,
				validating: validating.List, mutating: mutating.List, services: s.APIServices().List, now: s.Now,
			}, nil
		},
	}
}

type certificatesCollector struct {
	nodes                func() ([]*corev1.Node, error)
	kubelets             func() []*kubelet.Result
	requests             func() ([]sources.CertificateRequest, error)
	validating, mutating func() ([][]sources.Webhook, error)
	services             func() ([]sources.APIService, error)
	now                  func() time.Time

	mu sync.Mutex
	// expiries are those that kubelets told of last. One whose certificate expired cannot
	// have requests authenticated, and tells nothing more.
	expiries map[string]time.Time
}

// Collect tells of kubelets, of bundles and of requests, each where it can be seen.
func (c *certificatesCollector) Collect(_ context.Context, ch chan<- prometheus.Metric) error {
	nodes, nodesErr := c.nodes()
	requests, requestsErr := c.requests()
	if nodesErr == nil {
		c.sendKubelets(ch, nodes)
		sendLoginSigns(ch, nodes, c.kubelets(), requests)
	}
	if requestsErr == nil {
		sendRequests(ch, requests)
	}
	bundlesErr := c.sendBundles(ch)
	all := errors.Join(nodesErr, requestsErr, bundlesErr)
	if nodesErr != nil && requestsErr != nil && bundlesErr != nil {
		return all
	}
	return exporter.Incomplete(all)
}

func (c *certificatesCollector) sendKubelets(ch chan<- prometheus.Metric, nodes []*corev1.Node) {
	names := namesOf(nodes, nil)
	client := c.known(names)
	client.send(ch, kubeletCertificateExpiry)
	client.tally(kubeletCertificateExpiry, c.now()).Send(ch, kubeletCertificates)
	var serving expiries
	for _, k := range c.kubelets() {
		if !names.strange(k.Node) {
			serving = append(serving, expiry{k.ServingExpiry, []string{k.Node}})
		}
	}
	serving.before(c.now().Add(soon)).send(ch, kubeletServingExpiry)
	serving.tally(kubeletServingExpiry, c.now()).Send(ch, kubeletServing)
}

// known is when the certificates of the kubelets of nodes that exist expire with which they
// log in; the time is zero where that is not known.
func (c *certificatesCollector) known(names nodeNames) expiries {
	c.mu.Lock()
	defer c.mu.Unlock()
	last := c.expiries
	c.expiries = map[string]time.Time{}
	var all expiries
	for _, k := range c.kubelets() {
		at := last[k.Node]
		if k.Metrics.Reason == health.Available {
			at = expiryOf(k, at, c.now())
		}
		if names.strange(k.Node) {
			at = time.Time{}
		}
		if !at.IsZero() {
			c.expiries[k.Node] = at
		}
		all = append(all, expiry{at, []string{k.Node}})
	}
	return all
}

// expiryOf is when the certificate of a kubelet expires by what it says now, and what it
// said last. One whose certificate has expired says that it has none, for as long as it
// still remembers who may ask it.
func expiryOf(k *kubelet.Result, last, now time.Time) time.Time {
	ttl := k.Metrics.Value.ClientCertificateTTL
	switch {
	case math.IsInf(ttl, 1) && !last.After(now):
		return last
	case math.IsNaN(ttl), math.IsInf(ttl, 1):
		return time.Time{}
	}
	return k.Metrics.At.Add(time.Duration(ttl) * time.Second).Truncate(time.Second)
}

// sendBundles tells of each object with bundles by the one that expires first.
func (c *certificatesCollector) sendBundles(ch chan<- prometheus.Metric) error {
	validating, errValidating := c.validating()
	mutating, errMutating := c.mutating()
	services, errServices := c.services()
	if err := errors.Join(errValidating, errMutating, errServices); err != nil {
		return err
	}
	first := map[[2]string]time.Time{}
	add := func(kind, name string, ca sources.CABundle) {
		object := [2]string{kind, name}
		if at, ok := first[object]; ca.Given && (!ok || ca.Expires.Before(at)) { // unknown is zero, before all others
			first[object] = ca.Expires
		}
	}
	for kind, configurations := range map[string][][]sources.Webhook{"ValidatingWebhookConfiguration": validating, "MutatingWebhookConfiguration": mutating} {
		for _, w := range slices.Concat(configurations...) {
			add(kind, w.Configuration, w.CA)
		}
	}
	for _, s := range services {
		add("APIService", s.Name, s.CA)
	}
	var all expiries
	for object, at := range first {
		all = append(all, expiry{at, object[:]})
	}
	all.send(ch, caBundleExpiry)
	all.tally(caBundleExpiry, c.now()).Send(ch, caBundles)
	return nil
}

// sendRequests tells of the requests that wait, by signer.
func sendRequests(ch chan<- prometheus.Metric, requests []sources.CertificateRequest) {
	type key struct{ signer, state string }
	groups := map[key]group{}
	for _, r := range requests {
		if r.State == sources.RequestPending || r.State == sources.RequestApproved {
			k := key{r.Signer, r.State}
			groups[k] = groups[k].with(r.Made)
		}
	}
	for _, r := range sources.Refused(requests) {
		k := key{r.Signer, r.State}
		groups[k] = groups[k].with(r.Made)
	}
	for _, signer := range sources.Signers() {
		for _, state := range []string{sources.RequestPending, sources.RequestApproved, sources.RequestDenied, sources.RequestFailed} {
			g := groups[key{signer, state}]
			if g.pods == 0 && (state == sources.RequestDenied || state == sources.RequestFailed) {
				continue
			}
			ch <- certificateRequests.Sample(float64(g.pods), signer, state)
			if g.pods > 0 {
				ch <- certificateRequestsOldest.Sample(unix(g.oldest), signer, state)
			}
		}
	}
}
