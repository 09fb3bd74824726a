// Package apiserver asks every API server of a cluster how it is, in the
// background, so that a scrape never waits for one that hangs. An answer that
// grew old counts as none.
package apiserver

import (
	"errors"
	"fmt"
	"strings"
	"time"

	coordinationv1 "k8s.io/api/coordination/v1"
	discoveryv1 "k8s.io/api/discovery/v1"

	"github.com/kubevitals/kubevitals/sources/exposition"
	"github.com/kubevitals/kubevitals/sources/health"
)

// Options say what to probe and how often. Zero values mean the defaults.
type Options struct {
	// Endpoints are API servers (host:port) beside those that are found.
	Endpoints []string
	// Interval is the time between two rounds of probes; 5 s by default.
	Interval time.Duration
	// Timeout bounds one probe; 3 s by default.
	Timeout time.Duration
	// WriteLease is the Lease (namespace/name) that is renewed to probe the write
	// path; it is never created. Empty means that writes are not probed.
	WriteLease string
	// WriteInterval is the time between two writes; 10 s by default.
	WriteInterval time.Duration
	// MetricsInterval is the time between two readings of a server's own metrics;
	// 1 min by default. A reading may take half of it.
	MetricsInterval time.Duration
	// LimitInterval is the time between two looks at the server's stream limit;
	// 5 min by default.
	LimitInterval time.Duration
	// Exposition says how the servers' own metrics are read.
	Exposition exposition.Options
	// Recorded, if not nil, is what is known instead of all that would be probed.
	Recorded []Recorded
	// RecordedAccess is what Access told when Recorded was made: reasons by source.
	RecordedAccess map[string]health.Reason
}

func (o *Options) fill() error {
	set := func(d *time.Duration, value time.Duration) {
		if *d == 0 {
			*d = value
		}
	}
	set(&o.Interval, 5*time.Second)
	set(&o.Timeout, 3*time.Second)
	set(&o.WriteInterval, 10*time.Second)
	set(&o.MetricsInterval, time.Minute)
	set(&o.LimitInterval, 5*time.Minute)
	for _, d := range []time.Duration{o.Interval, o.Timeout, o.WriteInterval, o.MetricsInterval, o.LimitInterval} {
		if d < 0 {
			return fmt.Errorf("%s is not a positive duration", d)
		}
	}
	for _, e := range o.Endpoints {
		if _, err := hostPort("https://" + e); err != nil {
			return fmt.Errorf("endpoint %q is not host:port: %w", e, err)
		}
	}
	if namespace, name, ok := strings.Cut(o.WriteLease, "/"); o.WriteLease != "" && (!ok || namespace == "" || name == "") {
		return fmt.Errorf("lease %q is not namespace/name", o.WriteLease)
	}
	return nil
}

// Discovery finds the API servers that announce themselves in the cluster. The
// functions fail while nothing can be read; then those known before are probed.
type Discovery struct {
	EndpointSlices func() ([]*discoveryv1.EndpointSlice, error)
	Leases         func() ([]*coordinationv1.Lease, error)
}

// Origin says how an API server became known.
type Origin string

// The origins.
const (
	Configured    Origin = "configured"
	Flag          Origin = "flag"
	EndpointSlice Origin = "endpointslice"
	Lease         Origin = "lease"
)

// Origins returns all origins.
func Origins() []Origin { return []Origin{Configured, Flag, EndpointSlice, Lease} }

// Unhealthy extends the reasons by an answer that says no, such as 500. It is what a
// probe of health is there to find, while health.Failed is a probe that came to
// nothing that is known.
const Unhealthy health.Reason = "failed"

// Outcomes returns what a probe can come to. Forbidden stands for Unauthorized, too:
// the server lives, and does not let us ask.
func Outcomes() []health.Reason {
	return []health.Reason{
		health.Available, Unhealthy, health.Forbidden, health.NotFound, health.Unreachable,
		health.Timeout, health.TLS, health.Overloaded, health.Failed,
	}
}

// ofError returns the outcome of a request that got no answer.
func ofError(err error) health.Reason { return health.Classify(err).Among(Outcomes()) }

// ofStatus returns the outcome of an answer.
func ofStatus(code int) health.Reason {
	if code >= 200 && code < 300 {
		return health.Available
	}
	if reason := health.OfStatus(code); reason != health.Failed {
		return reason
	}
	return Unhealthy
}

// Result is what is known of one API server.
type Result struct {
	// Server is host:port.
	Server  string
	Origins []Origin
	// Up says that it answered over verified TLS in the last round.
	Up bool
	// Probes are livez, readyz, read and, where writes are probed, write.
	Probes []Probe
	// Checks are the named checks of livez and readyz.
	Checks []Check
	// CertificateExpiry is when the certificate that it last showed ends; zero if
	// it never showed one.
	CertificateExpiry time.Time
	// StreamLimit is how many streams it allows on one connection; 0 if unknown.
	StreamLimit uint32
	Metrics     Metrics
}

// Probe is one probe of the last round.
type Probe struct {
	Name     string
	Outcome  health.Reason
	Duration time.Duration
}

// Check is one named check that the server makes of itself.
type Check struct {
	Probe, Name string
	OK          bool
}

// Metrics is the last reading of a server's own metrics.
type Metrics struct {
	Report exposition.Report
	// Watches counts the open watches of single objects, by resource.
	Watches map[string]int64
	// Rejected counts the requests that it refused since it was started because it had too
	// many, by flow; those of which there was none are absent.
	Rejected map[Flow]float64
	At       time.Time
	// Reason is health.Available if the rest is to be believed.
	Reason health.Reason
}

// LeaseState is the identity lease of one API server.
type LeaseState struct {
	// Server is host:port as the lease announces it; empty if it does not.
	Server, Hostname string
	Renewed          time.Time
}

var errNoTLS = errors.New("the API server is not reached over TLS")
