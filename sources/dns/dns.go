// Package dns asks every DNS server of a cluster real questions, in the
// background: one that it must answer out of what it knows of the cluster, and
// one that it must forward. Which of the two fails tells the causes apart.
package dns

import (
	"fmt"
	"net"
	"time"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"

	"github.com/kubevitals/kubevitals/sources/health"
)

// Options say what to ask and how often. Zero values mean the defaults.
type Options struct {
	// Discover tells whether servers are looked for in the cluster.
	Discover bool
	// Servers are DNS servers (host:port) beside those that are found.
	Servers []string
	// ClusterDomain is the domain of the cluster's names. Without any it is the one that
	// ResolvConf gives away, or else cluster.local.
	ClusterDomain string
	// guessed says that nothing told the domain.
	guessed bool
	// ResolvConf is the resolv.conf of this process, which the kubelet writes for pods;
	// empty if there is none to go by.
	ResolvConf string
	// ExternalName is a name that must be forwarded; empty means that forwarding
	// is not probed.
	ExternalName string
	// Interval is the time between two rounds of questions; 10 s by default.
	Interval time.Duration
	// Timeout bounds one question, TCP included; 6 s by default: CoreDNS gives up an
	// upstream after 5 s, and what it says then is worth hearing.
	Timeout time.Duration
}

func (o *Options) fill() error {
	if o.ClusterDomain == "" {
		o.ClusterDomain = domainOf(o.ResolvConf)
	}
	if o.ClusterDomain == "" {
		o.ClusterDomain, o.guessed = "cluster.local", true
	}
	if o.Interval == 0 {
		o.Interval = 10 * time.Second
	}
	if o.Timeout == 0 {
		o.Timeout = 6 * time.Second
	}
	if o.Interval < 0 || o.Timeout < 0 {
		return fmt.Errorf("interval %s and timeout %s must be positive durations", o.Interval, o.Timeout)
	}
	for _, s := range o.Servers {
		if host, port, err := net.SplitHostPort(s); err != nil || host == "" || port == "" {
			return fmt.Errorf("DNS server %q is not host:port", s)
		}
	}
	for _, name := range []string{o.ClusterDomain, o.ExternalName} {
		if name != "" && !isName(name) {
			return fmt.Errorf("%q is not a domain name", name)
		}
	}
	return nil
}

// Discovery finds the DNS servers of the cluster. The functions fail while
// nothing can be read; then those known before are asked. They are not called
// unless the options say that servers are to be looked for.
type Discovery struct {
	Services       func() ([]*corev1.Service, error)
	EndpointSlices func() ([]*discoveryv1.EndpointSlice, error)
}

// Origin says how a DNS server became known.
type Origin string

// The origins.
const (
	Flag     Origin = "flag"
	Service  Origin = "service"  // the address that pods use
	Endpoint Origin = "endpoint" // one server behind it
)

// Probe is what is asked.
type Probe string

// The probes.
const (
	Cluster  Probe = "cluster"  // a name of the cluster
	External Probe = "external" // a name that is forwarded
)

// What a DNS server may answer beside addresses: rcodes, by their names, and no data.
// They extend the reasons, since each of them names another fault.
const (
	Empty    health.Reason = "empty" // the name exists and has no address
	NXDomain health.Reason = "nxdomain"
	ServFail health.Reason = "servfail"
	Refused  health.Reason = "refused"
)

// Outcomes returns what a probe can come to.
func Outcomes() []health.Reason {
	return []health.Reason{
		health.Available, Empty, NXDomain, ServFail, Refused, health.Timeout, health.Unreachable, health.Failed,
	}
}

// Result is what one DNS server answered in the last round.
type Result struct {
	Origin Origin
	// Server is the name of the Service, the node of an endpoint, or the address
	// of a server that has neither. Two endpoints on one node share it.
	Server   string
	Probe    Probe
	Outcome  health.Reason
	Duration time.Duration
	// elsewhere says that the server does not hold the domain of the name itself.
	elsewhere bool
}

// Endpoints counts the servers behind the Services.
type Endpoints struct {
	Ready, NotReady int
	// LeftOut are ready ones that are not asked because there are too many.
	LeftOut int
}
