package collectors

import (
	"cmp"
	"context"
	"errors"
	"math"
	"slices"
	"strings"
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
	kubeletCertificates = exporter.NewCount(certificatesName, "kubelet_client_certificates",
		"Number of nodes whose kubelet has a certificate to log in that is valid or expired, and of which none is known.", "state")
	certificateRequests = exporter.NewGauge(certificatesName, "requests",
		"Number of CertificateSigningRequests that wait: pending for somebody to approve them, approved for the signer to issue them.",
		"signer", "state")
	certificateRequestsOldest = exporter.NewGauge(certificatesName, "requests_oldest_timestamp_seconds",
		"Unix time, in seconds, at which the oldest of these requests was made; absent where there is none.",
		"signer", "state")
)

// mostExpiries is how many nodes are told of by the time at which their certificate
// expires: what is not far away matters, and the number of nodes does not.
const mostExpiries = 20

// Certificates is the failure mode of a certificate that runs out, and of one that is
// asked for and not issued.
func Certificates() Definition {
	return Definition{
		Name:    certificatesName,
		Help:    "Certificates of kubelets run out, and requests for new ones wait for approval.",
		Scope:   Cluster,
		Default: true,
		Metrics: []*exporter.Desc{kubeletCertificateExpiry, kubeletCertificates, certificateRequests, certificateRequestsOldest},
		Steady:  []*exporter.Desc{certificateRequests},
		Counted: map[*exporter.Desc]*exporter.Desc{kubeletCertificateExpiry: kubeletCertificates},
		Reads:   []sources.Read{sources.Nodes, sources.KubeletMetrics, sources.CertificateRequests},
		New: func(s *sources.Sources) (exporter.Collector, error) {
			kubelets := s.Kubelets()
			kubelets.WantMetrics()
			return &certificatesCollector{nodes: s.Nodes().List, kubelets: kubelets.Results, requests: s.CertificateRequests().List, now: s.Now}, nil
		},
	}
}

type certificatesCollector struct {
	nodes    func() ([]*corev1.Node, error)
	kubelets func() []*kubelet.Result
	requests func() ([]sources.CertificateRequest, error)
	now      func() time.Time

	mu sync.Mutex
	// expiries are those that kubelets told of last. One whose certificate expired cannot
	// have requests authenticated, and tells nothing more.
	expiries map[string]time.Time
}

// Collect tells of kubelets and of requests, each where it can be seen.
func (c *certificatesCollector) Collect(_ context.Context, ch chan<- prometheus.Metric) error {
	nodes, nodesErr := c.nodes()
	if nodesErr == nil {
		c.sendKubelets(ch, nodes)
	}
	requests, requestsErr := c.requests()
	if requestsErr == nil {
		sendRequests(ch, requests)
	}
	if nodesErr != nil && requestsErr != nil {
		return errors.Join(nodesErr, requestsErr)
	}
	return exporter.Incomplete(errors.Join(nodesErr, requestsErr))
}

// expiry is when the certificate of one node expires.
type expiry struct {
	node string
	at   time.Time
}

func (c *certificatesCollector) sendKubelets(ch chan<- prometheus.Metric, nodes []*corev1.Node) {
	tally := exporter.NewTally(kubeletCertificateExpiry, "valid", "expired")
	all := c.known(nodes)
	for _, e := range all {
		if e.at.After(c.now()) {
			tally.Count("valid")
		} else {
			tally.Count("expired")
		}
	}
	for range len(c.kubelets()) - len(all) {
		tally.Count(exporter.UnknownState)
	}
	tally.Send(ch, kubeletCertificates)
	for _, e := range all[:min(len(all), mostExpiries)] {
		ch <- kubeletCertificateExpiry.Sample(unix(e.at), e.node)
	}
}

// known are the expiries of the nodes that exist, the soonest first.
func (c *certificatesCollector) known(nodes []*corev1.Node) []expiry {
	c.mu.Lock()
	defer c.mu.Unlock()
	last, names := c.expiries, namesOf(nodes, nil)
	c.expiries = map[string]time.Time{}
	var all []expiry
	for _, k := range c.kubelets() {
		at, told := last[k.Node]
		if ttl := k.Metrics.Value.ClientCertificateTTL; k.Metrics.Reason == health.Available && !math.IsNaN(ttl) {
			at, told = k.Metrics.At.Add(time.Duration(ttl)*time.Second).Truncate(time.Second), true
		} else if k.Metrics.Reason == health.Available {
			told = false
		}
		if told && !names.strange(k.Node) {
			c.expiries[k.Node] = at
			all = append(all, expiry{k.Node, at})
		}
	}
	slices.SortFunc(all, func(a, b expiry) int { return cmp.Or(a.at.Compare(b.at), strings.Compare(a.node, b.node)) })
	return all
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
	for _, signer := range sources.Signers() {
		for _, state := range []string{sources.RequestPending, sources.RequestApproved} {
			g := groups[key{signer, state}]
			ch <- certificateRequests.Sample(float64(g.pods), signer, state)
			if g.pods > 0 {
				ch <- certificateRequestsOldest.Sample(unix(g.oldest), signer, state)
			}
		}
	}
}
