package collectors

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubevitals/kubevitals/sources"
	"github.com/kubevitals/kubevitals/sources/exposition"
	"github.com/kubevitals/kubevitals/sources/health"
	"github.com/kubevitals/kubevitals/sources/kubelet"
)

// kubeletsWithTTL are nodes and what their kubelets say of their certificates, in seconds.
func kubeletsWithTTL(ttl map[string]float64) (nodes []*corev1.Node, results []*kubelet.Result) {
	for name, left := range ttl {
		nodes = append(nodes, &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: name}})
		r := &kubelet.Result{Node: name}
		r.ServingExpiry = servingOf(name)
		r.Metrics.Reason, r.Metrics.At, r.Metrics.Value = health.Available, readinessNow(), exposition.Report{ClientCertificateTTL: left}
		results = append(results, r)
	}
	return nodes, results
}

// until is a bundle that expires in so many days.
func until(days int) sources.CABundle {
	return sources.CABundle{Given: true, Expires: readinessNow().AddDate(0, 0, days)}
}

// servingOf is when the serving certificate of a kubelet ends.
func servingOf(name string) time.Time {
	switch name {
	case "without":
		return time.Time{}
	case "expired":
		return readinessNow().Add(-time.Minute)
	}
	return readinessNow().AddDate(0, 1, 0)
}

// certificatesOf is a collector of these, and of requests of each state.
func certificatesOf(nodes []*corev1.Node, results []*kubelet.Result) *certificatesCollector {
	return &certificatesCollector{
		nodes:    func() ([]*corev1.Node, error) { return nodes, nil },
		kubelets: func() []*kubelet.Result { return results },
		now:      readinessNow,
		validating: func() ([][]sources.Webhook, error) {
			return [][]sources.Webhook{
				{{Configuration: "policy", CA: until(30)}, {Configuration: "policy", CA: until(-1)}},
				{{Configuration: "public"}}, {{Configuration: "broken", CA: sources.CABundle{Given: true}}, {Configuration: "broken", CA: until(30)}},
			}, nil
		},
		mutating: func() ([][]sources.Webhook, error) {
			return [][]sources.Webhook{{{Configuration: "policy", CA: until(60)}}}, nil
		},
		services: func() ([]sources.APIService, error) {
			return []sources.APIService{{Name: "v1.apps", Local: true}, {Name: "v1beta1.metrics.k8s.io", CA: until(7)}}, nil
		},
		requests: func() ([]sources.CertificateRequest, error) {
			at := func(minutes int) time.Time { return readinessNow().Add(-time.Duration(minutes) * time.Minute) }
			return []sources.CertificateRequest{
				{Signer: "kubelet-serving", State: sources.RequestPending, Made: at(90)},
				{Signer: "kubelet-serving", State: sources.RequestPending, Made: at(30)},
				{Signer: "kubelet-serving", State: sources.RequestIssued, Made: at(120)},
				{Signer: "kube-apiserver-client-kubelet", State: sources.RequestApproved, Made: at(10)},
				{Signer: "other", State: sources.RequestDenied, Made: at(10)},
				{Node: "n1", Signer: "kubelet-serving", State: sources.RequestDenied, Made: at(50)},
				{Node: "n1", Signer: "kubelet-serving", State: sources.RequestDenied, Made: at(40)},
				// It asked again, and was served.
				{Node: "n2", Signer: "kubelet-serving", State: sources.RequestFailed, Made: at(50)},
				{Node: "n2", Signer: "kubelet-serving", State: sources.RequestIssued, Made: at(40)},
				{Node: "n3", Signer: "kubelet-serving", State: sources.RequestFailed, Made: at(30)},
			}, nil
		},
	}
}

func TestCertificates(t *testing.T) {
	t.Parallel()
	nodes, results := kubeletsWithTTL(map[string]float64{"fresh": 86400 * 300, "ending": 86400, "expired": -3600, "without": math.NaN()})
	golden(t, certificatesName, certificatesOf(nodes, results), Certificates().Metrics)
}

// TestCertificatesRememberWhatAKubeletSaid verifies that a kubelet which cannot be read any
// more, as one whose certificate expired, is told of by what it said last, until its node
// is gone.
func TestCertificatesRememberWhatAKubeletSaid(t *testing.T) {
	t.Parallel()
	nodes, results := kubeletsWithTTL(map[string]float64{"n1": 60})
	c := certificatesOf(nodes, results)
	later := readinessNow().Add(time.Hour)
	c.now = func() time.Time { return later }
	scrape := func() string { return string(scrapeText(t, certificatesName, c, Certificates().Metrics)) }
	scrape()
	results[0].Metrics.Reason, results[0].Metrics.Value = health.Unauthorized, exposition.Report{}
	if text := scrape(); !strings.Contains(text, `kubelet_client_certificates{shard="0",state="expired"} 1`) || !strings.Contains(text, `expiry_timestamp_seconds{node="n1"} 10060`) {
		t.Errorf("want n1 to be expired:\n%s", text)
	}
	results[0].Metrics.Reason, results[0].Metrics.Value.ClientCertificateTTL = health.Available, math.Inf(1)
	if text := scrape(); !strings.Contains(text, `kubelet_client_certificates{shard="0",state="expired"} 1`) {
		t.Errorf("want n1, which says that it has none that is valid, to be expired:\n%s", text)
	}
	results[0].Metrics.Reason, results[0].Metrics.Value.ClientCertificateTTL = health.Available, math.NaN()
	if text := scrape(); !strings.Contains(text, `kubelet_client_certificates{shard="0",state="unknown"} 1`) {
		t.Errorf("want n1, which says nothing any more, to be unknown:\n%s", text)
	}
	results[0].Metrics.At, results[0].Metrics.Value.ClientCertificateTTL = later, 60
	if text := scrape(); !strings.Contains(text, `kubelet_client_certificates{shard="0",state="valid"} 1`) {
		t.Errorf("want n1, which has a new one, to be valid:\n%s", text)
	}
	c.nodes = func() ([]*corev1.Node, error) { return nil, nil }
	c.kubelets = func() []*kubelet.Result { return nil }
	if text := scrape(); strings.Contains(text, `node="n1"`) {
		t.Errorf("n1 is gone and told of:\n%s", text)
	}
}

// TestCertificatesOfManyNodes verifies that those are told of that expire first.
func TestCertificatesOfManyNodes(t *testing.T) {
	t.Parallel()
	ttl := map[string]float64{}
	for i := range 500 {
		ttl[fmt.Sprintf("n%03d", i)] = float64(86400 * (i + 1))
	}
	text := string(scrapeText(t, certificatesName, certificatesOf(kubeletsWithTTL(ttl)), Certificates().Metrics))
	if n := strings.Count(text, "client_expiry_timestamp_seconds{node="); n != mostExpiries || !strings.Contains(text, `{node="n000"}`) || strings.Contains(text, `{node="n020"}`) {
		t.Errorf("%d nodes are told of:\n%s", n, text)
	}
}

// TestCertificatesTellTheRest verifies that requests which cannot be seen cost themselves
// only, and that nothing is told where nothing can be seen.
func TestCertificatesTellTheRest(t *testing.T) {
	t.Parallel()
	blind := errors.New("forbidden")
	c := certificatesOf(kubeletsWithTTL(map[string]float64{"n1": 60}))
	c.requests = func() ([]sources.CertificateRequest, error) { return nil, blind }
	text := string(scrapeText(t, certificatesName, c, Certificates().Metrics))
	if !strings.Contains(text, `state="valid"} 1`) || strings.Contains(text, "kubevitals_certificates_requests") || !strings.Contains(text, `success{collector="certificates"} 0`) {
		t.Errorf("want kubelets and no requests:\n%s", text)
	}
	c.mutating = func() ([][]sources.Webhook, error) { return nil, blind }
	if text := string(scrapeText(t, certificatesName, c, Certificates().Metrics)); strings.Contains(text, "ca_bundle") || !strings.Contains(text, `state="valid"} 1`) {
		t.Errorf("want kubelets and no bundles:\n%s", text)
	}
	c.nodes = func() ([]*corev1.Node, error) { return nil, blind }
	if err := collectError(t, c); !errors.Is(err, blind) {
		t.Errorf("%v, want the source's error", err)
	}
}

// TestCertificatesThatLastCostNoSeries verifies that a fleet whose serving certificates are
// good for long is counted, and none of its nodes told of.
func TestCertificatesThatLastCostNoSeries(t *testing.T) {
	t.Parallel()
	now := readinessNow()
	ch := make(chan prometheus.Metric, 10)
	all := expiries{{now.Add(soon + time.Minute), []string{"lasts"}}, {now.Add(soon - time.Minute), []string{"ends"}}, {now.Add(-time.Minute), []string{"ended"}}, {}}
	all.before(now.Add(soon)).send(ch, kubeletServingExpiry)
	close(ch)
	var told []string
	for m := range ch {
		var line dto.Metric
		if err := m.Write(&line); err != nil {
			t.Fatal(err)
		}
		told = append(told, line.GetLabel()[0].GetValue())
	}
	if want := []string{"ended", "ends"}; !slices.Equal(told, want) {
		t.Errorf("told of %q, want %q", told, want)
	}
	counts := make(chan prometheus.Metric, 10)
	all.tally(kubeletServingExpiry, now).Send(counts, kubeletServing)
	if n := len(counts); n != 3 {
		t.Errorf("%d counts, want those of valid, expired and unknown ones", n)
	}
}

// TestCertificatesOfKubeletsThatCannotLogIn verifies what one look tells of nodes that are not
// ready, and that none of it is told of a node that is.
func TestCertificatesOfKubeletsThatCannotLogIn(t *testing.T) {
	t.Parallel()
	nodes, results := kubeletsWithTTL(map[string]float64{"expired": math.Inf(1), "refuses": math.NaN(), "ready": math.Inf(1), "denied": math.NaN(), "renewed": math.NaN()})
	for i, n := range nodes {
		n.Status.Conditions = []corev1.NodeCondition{{Type: corev1.NodeReady, Status: corev1.ConditionUnknown}}
		switch n.Name {
		case "ready":
			n.Status.Conditions[0].Status = corev1.ConditionTrue
		case "refuses":
			results[i].Metrics.Reason, results[i].Metrics.Value = health.Unauthorized, exposition.Report{}
		}
	}
	c := certificatesOf(nodes, results)
	made := func(node, state string, minutes int) sources.CertificateRequest {
		return sources.CertificateRequest{Node: node, Signer: clientSigner, State: state, Made: readinessNow().Add(-time.Duration(minutes) * time.Minute)}
	}
	c.requests = func() ([]sources.CertificateRequest, error) {
		return []sources.CertificateRequest{
			made("denied", sources.RequestDenied, 10), made("denied", sources.RequestPending, 20), made("renewed", sources.RequestIssued, 5), made("renewed", sources.RequestPending, 30),
			made("ready", sources.RequestPending, 5), {Node: "expired", Signer: "kubelet-serving", State: sources.RequestPending, Made: readinessNow()},
		}, nil
	}
	signs := func() (found []string) {
		for line := range strings.Lines(string(scrapeText(t, certificatesName, c, Certificates().Metrics))) {
			if sample, ok := strings.CutPrefix(line, "kubevitals_certificates_kubelet_login_sign{"); ok {
				found = append(found, strings.TrimSpace(sample))
			}
		}
		return found
	}
	want := []string{`node="denied",sign="request_denied"} 1`, `node="expired",sign="no_certificate"} 1`, `node="refuses",sign="cannot_authenticate"} 1`}
	if got := signs(); !slices.Equal(got, want) {
		t.Errorf("signs %q, want %q", got, want)
	}
	// Where no kubelet takes them, the credentials are at fault.
	for _, r := range results {
		r.Metrics.Reason, r.Metrics.Value = health.Unauthorized, exposition.Report{}
	}
	if got := signs(); !slices.Equal(got, want[:1]) {
		t.Errorf("signs %q, want %q", got, want[:1])
	}
}
