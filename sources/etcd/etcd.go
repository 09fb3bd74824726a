// Package etcd asks the members of etcd how they are, in the background, so
// that a scrape never waits for one that hangs. An answer that grew old counts as
// none.
package etcd

import (
	"crypto/tls"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"github.com/kubevitals/kubevitals/sources/bounded"
	"github.com/kubevitals/kubevitals/sources/health"
	"github.com/kubevitals/kubevitals/sources/roots"
)

// Options say whom to ask. Zero durations mean the defaults.
type Options struct {
	// Endpoints are URLs of members, for clients or for metrics.
	Endpoints []string
	// CAFile is a PEM file of the authority behind the members' certificates; the
	// system's when empty. It is read again for each connection.
	CAFile string
	// CertFile and KeyFile are what kubevitals shows to the members; both or none.
	// They are read again for each connection, since they are renewed.
	CertFile, KeyFile string
	// Interval is the time between two rounds; 15 s by default.
	Interval time.Duration
	// Timeout bounds one round; 5 s by default.
	Timeout time.Duration
}

// Health is what a member's /health says. The set is closed.
type Health string

// The states of health.
const (
	Healthy    Health = "ok"
	NoSpace    Health = "nospace"     // alarm NOSPACE: the quota is used up, writes are refused
	Corrupt    Health = "corrupt"     // alarm CORRUPT: members differ
	NoLeader   Health = "no_leader"   // the member knows no leader
	ReadFailed Health = "read_failed" // a read through the quorum failed
	Other      Health = "other"       // ill for a reason that is not known here
)

// Healths returns all states of health.
func Healths() []Health { return []Health{Healthy, NoSpace, Corrupt, NoLeader, ReadFailed, Other} }

// Result is what is known of one member.
type Result struct {
	// Endpoint is host:port.
	Endpoint string
	// Probed tells whether the first round has ended.
	Probed bool
	// Up says that it answered /health in the last round.
	Up bool
	// Answer says what became of the question for its health, and MetricsAnswer of
	// that for its metrics.
	Answer, MetricsAnswer health.Reason
	// Health is to be believed while Up.
	Health Health
	// Checks are the named checks of livez and readyz.
	Checks  []Check
	Metrics Metrics
	// CertificateExpiry is when the certificate ends that it showed last, trusted or not;
	// zero if it showed none.
	CertificateExpiry time.Time
}

// Check is one named check that the member makes of itself.
type Check struct {
	Probe, Name string
	OK          bool
}

// Metrics are the values of a member's own metrics by the names of this package;
// one that is missing was not given.
type Metrics map[string]float64

// The members' metrics that are read.
const (
	HasLeader      = "etcd_server_has_leader"
	SizeBytes      = "etcd_mvcc_db_total_size_in_bytes"
	SizeInUseBytes = "etcd_mvcc_db_total_size_in_use_in_bytes"
	QuotaBytes     = "etcd_server_quota_backend_bytes"
)

func metricNames() []string { return []string{HasLeader, SizeBytes, SizeInUseBytes, QuotaBytes} }

func (o *Options) fill() error {
	if o.Interval == 0 {
		o.Interval = 15 * time.Second
	}
	if o.Timeout == 0 {
		o.Timeout = 5 * time.Second
	}
	if o.Interval < 0 || o.Timeout < 0 {
		return fmt.Errorf("interval %s, timeout %s: not positive", o.Interval, o.Timeout)
	}
	if (o.CertFile == "") != (o.KeyFile == "") {
		return fmt.Errorf("a certificate needs its key, and a key its certificate")
	}
	for _, e := range o.Endpoints {
		u, err := url.Parse(e)
		if err != nil {
			return fmt.Errorf("endpoint %q: %w", e, err)
		}
		if u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.Path != "" && u.Path != "/" || u.RawQuery != "" {
			return fmt.Errorf("endpoint %q is not of the form https://host:port", e)
		}
	}
	return nil
}

// hosts are those of the endpoints, which are valid.
func (o *Options) hosts() []string {
	var hosts []string
	for _, e := range o.Endpoints {
		if u, err := url.Parse(e); err == nil {
			hosts = append(hosts, u.Hostname())
		}
	}
	return hosts
}

// client returns an HTTP client with the keys of the options.
func (o *Options) client() (*http.Client, *http.Transport, error) {
	config := &tls.Config{MinVersion: tls.VersionTLS12}
	if o.CAFile != "" {
		// Which of them a connection is to does not matter: they trust each other.
		if err := roots.Follow(config, o.CAFile, o.hosts()...); err != nil {
			return nil, nil, fmt.Errorf("authority of etcd: %w", err)
		}
	}
	if o.CertFile != "" {
		load := func() (*tls.Certificate, error) {
			pair, err := tls.LoadX509KeyPair(o.CertFile, o.KeyFile)
			if err != nil {
				return nil, fmt.Errorf("certificate for etcd: %w", err)
			}
			return &pair, nil
		}
		if _, err := load(); err != nil {
			return nil, nil, err
		}
		config.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return load() }
	}
	t := &http.Transport{
		TLSClientConfig: config, ForceAttemptHTTP2: true, MaxIdleConnsPerHost: 4,
		TLSHandshakeTimeout: 5 * time.Second, IdleConnTimeout: 90 * time.Second,
		MaxResponseHeaderBytes: bounded.HeaderLimit,
	}
	return &http.Client{
		Transport: t,
		// Nothing of etcd's redirects, and the credentials are not for any other server.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}, t, nil
}
