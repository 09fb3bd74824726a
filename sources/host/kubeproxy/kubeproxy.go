// Package kubeproxy asks the kube-proxy of a node, at the two addresses that it
// serves, whether its rules are written and how far they lag behind.
package kubeproxy

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/kubevitals/kubevitals/sources/bounded"
	"github.com/kubevitals/kubevitals/sources/exposition"
	"github.com/kubevitals/kubevitals/sources/health"
	"github.com/kubevitals/kubevitals/sources/rounds"
)

// Options say whom to ask. Zero values mean the defaults.
type Options struct {
	// HealthURL serves /livez; http://127.0.0.1:10256 by default.
	HealthURL string
	// MetricsURL serves /metrics and /proxyMode; http://127.0.0.1:10249 by default.
	MetricsURL string
	// Timeout bounds one round; 5 s by default.
	Timeout time.Duration
}

// Result is what is known of kube-proxy.
type Result struct {
	// Livez, Metrics and Mode say what became of each question.
	Livez, Metrics, Mode health.Reason
	// Healthy tells by family of addresses (IPv4, IPv6) whether no change has
	// waited for its rules longer than kube-proxy itself thinks good. Versions that
	// do not tell families apart are All. To be believed if Livez is Available.
	Healthy map[string]bool
	// Queued and Applied are, by family, when a change was last taken note of and
	// when rules were last written: Unix times in seconds, 0 if never since the start.
	Queued, Applied map[string]float64
	// Failures are counters by family and kind.
	Failures map[Failure]float64
	// ModeName is how rules are written, of Modes; to be believed if Mode is
	// Available.
	ModeName string
}

// Failure is one way in which rules were not written.
type Failure struct{ Family, Kind string }

// All is the family of a version that does not tell them apart.
const All = "all"

// Modes are all values of ModeName.
func Modes() []string { return []string{"iptables", "nftables", "ipvs", "kernelspace", "other"} }

// The kinds of failures, by the metric that counts them.
func failureKinds() map[string]string {
	const prefix = "kubeproxy_sync_proxy_rules_"
	return map[string]string{
		prefix + "iptables_restore_failures_total":         "restore",
		prefix + "iptables_partial_restore_failures_total": "partial_restore",
		prefix + "nftables_sync_failures_total":            "nftables_sync",
		prefix + "nftables_cleanup_failures_total":         "nftables_cleanup",
	}
}

const (
	queuedMetric  = "kubeproxy_sync_proxy_rules_last_queued_timestamp_seconds"
	appliedMetric = "kubeproxy_sync_proxy_rules_last_timestamp_seconds"
)

// The bounds of what is read.
const (
	bodyLimit    = 64 << 10
	metricsLimit = 16 << 20
)

// Prober asks one kube-proxy.
type Prober struct {
	options Options
	client  *http.Client
}

// New returns a prober that has not contacted kube-proxy yet.
func New(o Options) (*Prober, error) {
	if o.HealthURL == "" {
		o.HealthURL = "http://127.0.0.1:10256"
	}
	if o.MetricsURL == "" {
		o.MetricsURL = "http://127.0.0.1:10249"
	}
	if o.Timeout == 0 {
		o.Timeout = 5 * time.Second
	}
	if o.Timeout < 0 {
		return nil, fmt.Errorf("timeout %s: not positive", o.Timeout)
	}
	for _, address := range []*string{&o.HealthURL, &o.MetricsURL} {
		u, err := url.Parse(*address)
		if err != nil || u.Scheme != "http" || u.Host == "" || strings.Trim(u.Path, "/") != "" || u.RawQuery != "" {
			return nil, fmt.Errorf("address %q is not of the form http://host:port", *address)
		}
		*address = u.Scheme + "://" + u.Host
	}
	// Connections are not kept, so that each round proves that new ones are taken.
	return &Prober{options: o, client: &http.Client{
		Transport:     &http.Transport{DisableKeepAlives: true, MaxResponseHeaderBytes: bounded.HeaderLimit},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}, nil
}

// Ask puts all questions at once. It fails only with ctx.
func (p *Prober) Ask(ctx context.Context) (Result, error) {
	bounded, cancel := context.WithTimeout(ctx, p.options.Timeout)
	defer cancel()
	var r Result
	rounds.Together(
		func() { r.Livez = health.Classify(p.livez(bounded, &r)) },
		func() { r.Metrics = health.Classify(p.metrics(bounded, &r)) },
		func() { r.Mode = health.Classify(p.mode(bounded, &r)) },
	)
	return r, ctx.Err()
}

// get reads an answer of one of the statuses.
func (p *Prober) get(ctx context.Context, address string, read func(status int, body io.Reader) error, statuses ...int) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return err
	}
	response, err := p.client.Do(request)
	if err != nil {
		return fmt.Errorf("ask kube-proxy: %w", err)
	}
	defer func() { _ = response.Body.Close() }()
	for _, s := range statuses {
		if response.StatusCode == s {
			if err := health.Framed(response); err != nil {
				return err
			}
			return read(s, response.Body)
		}
	}
	return statusError(response.StatusCode)
}

// livez reads the health of the rules: 503 is an answer, too.
func (p *Prober) livez(ctx context.Context, r *Result) error {
	return p.get(ctx, p.options.HealthURL+"/livez", func(status int, body io.Reader) (err error) {
		r.Healthy, err = decodeLivez(body, status)
		return err
	}, http.StatusOK, http.StatusServiceUnavailable)
}

// decodeLivez reads which families are healthy; of one that tells none, All.
func decodeLivez(body io.Reader, status int) (map[string]bool, error) {
	var said struct {
		CurrentTime time.Time
		Status      map[string]struct{ Healthy bool }
	}
	if err := json.NewDecoder(bounded.JSON{Bytes: bodyLimit, Depth: 8}.Reader(body)).Decode(&said); err != nil || said.CurrentTime.IsZero() {
		return nil, invalidError{}
	}
	healthy := map[string]bool{}
	for _, family := range families() {
		if s, ok := said.Status[family]; ok {
			healthy[family] = s.Healthy
		}
	}
	if len(healthy) == 0 {
		healthy[All] = status == http.StatusOK
	}
	return healthy, nil
}

func families() []string { return []string{"IPv4", "IPv6"} }

// familyOf returns the family that the labels of a sample name.
func familyOf(labels []byte) string {
	family, ok := exposition.Label(labels, "ip_family")
	for _, known := range families() {
		if ok && family == known {
			return known
		}
	}
	return All
}

func (p *Prober) metrics(ctx context.Context, r *Result) error {
	queued, applied, failures := map[string]float64{}, map[string]float64{}, map[Failure]float64{}
	o := exposition.Options{BodyLimit: metricsLimit, Visit: map[string]func(labels, value []byte){
		queuedMetric:  func(labels, value []byte) { into(queued, familyOf(labels), value) },
		appliedMetric: func(labels, value []byte) { into(applied, familyOf(labels), value) },
	}}
	for metric, kind := range failureKinds() {
		o.Visit[metric] = func(labels, value []byte) { into(failures, Failure{familyOf(labels), kind}, value) }
	}
	return p.get(ctx, p.options.MetricsURL+"/metrics", func(_ int, body io.Reader) error {
		if _, err := exposition.Parse(body, o); err != nil {
			return err
		}
		if len(applied) == 0 {
			return invalidError{} // somebody else's metrics
		}
		r.Queued, r.Applied, r.Failures = queued, applied, failures
		return nil
	}, http.StatusOK)
}

func into[K comparable](values map[K]float64, key K, text []byte) {
	if v, err := strconv.ParseFloat(string(text), 64); err == nil {
		values[key] = v
	}
}

func (p *Prober) mode(ctx context.Context, r *Result) error {
	return p.get(ctx, p.options.MetricsURL+"/proxyMode", func(_ int, body io.Reader) error {
		text, err := io.ReadAll(io.LimitReader(body, 64))
		if err != nil {
			return err
		}
		r.ModeName = "other"
		for _, mode := range Modes() {
			if strings.TrimSpace(string(text)) == mode {
				r.ModeName = mode
			}
		}
		return nil
	}, http.StatusOK)
}

// statusError is an answer with another status than expected.
type statusError int

func (e statusError) Error() string { return "kube-proxy answers " + http.StatusText(int(e)) }

// Reason says what the answer means.
func (e statusError) Reason() health.Reason {
	if int(e) == http.StatusNotFound {
		return health.NotFound
	}
	return health.Failed
}

// invalidError is an answer that is not kube-proxy's.
type invalidError struct{}

func (invalidError) Error() string { return "the answer is not that of kube-proxy" }

// Reason says what the answer means.
func (invalidError) Reason() health.Reason { return health.Invalid }
