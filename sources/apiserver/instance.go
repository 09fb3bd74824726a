package apiserver

import (
	"context"
	"net/http"
	"sync"
	"time"

	"github.com/kubevitals/kubevitals/sources/health"
)

// task is one kind of work that an instance repeats. The prober's lock guards
// it.
type task struct {
	busy, done bool // done: at least once
	begun      time.Time
}

// instance is one API server. The prober's lock guards all but what newInstance
// sets.
type instance struct {
	prober       *Prober
	server, base string
	client       *http.Client
	tls          tlsDialer
	close        func()

	seen                          map[Origin]time.Time
	health, write, limit, metrics task

	at         time.Time // end of the last round of health probes
	up         bool
	probes     []Probe
	checks     []Check
	writeProbe *Probe
	writeAt    time.Time
	store      string // UID of the namespace kube-system
	expiry     time.Time
	streams    uint32
	read       Metrics
	refusals   map[string]error // see asked
}

func newInstance(p *Prober, server, base string, isConfigured bool) (*instance, error) {
	t, err := newTransport(p.config, server, isConfigured)
	if err != nil {
		return nil, err
	}
	return &instance{
		prober: p, server: server, base: base,
		client: &http.Client{
			Transport: t.authenticated,
			// A redirect would carry the credentials elsewhere.
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
		tls: t.dialer, close: t.plain.CloseIdleConnections,
		seen: map[Origin]time.Time{},
		read: Metrics{Reason: health.Starting}, refusals: map[string]error{},
	}, nil
}

// busy tells whether anything is under way.
func (i *instance) busy() bool {
	return i.health.busy || i.write.busy || i.limit.busy || i.metrics.busy
}

// probeHealth makes one round: all probes at once, so that a server that hangs
// costs one timeout and not four.
func (i *instance) probeHealth(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, i.prober.options.Timeout)
	defer cancel()
	requests := []struct{ name, path, source string }{
		{"livez", "/livez?verbose", ""},
		{"readyz", "/readyz?verbose", checksSource},
		// Without a resource version a read goes through etcd's quorum.
		{"read", "/api/v1/namespaces/kube-system", readSource},
	}
	answers := make([]answer, len(requests))
	var wait sync.WaitGroup
	for n, r := range requests {
		wait.Go(func() { answers[n] = i.get(ctx, r.path) })
	}
	wait.Wait()

	var probes []Probe
	var checks []Check
	up, store := false, ""
	expiry := time.Time{}
	for n, r := range requests {
		a := answers[n]
		probes = append(probes, Probe{r.name, a.outcome, a.duration})
		up = up || a.code != 0
		if !a.expiry.IsZero() {
			expiry = a.expiry
		}
		if r.source != "" && a.code != 0 {
			i.asked(r.source, a.refusal())
		}
		if r.name == "read" && a.outcome == OK {
			store = storeOf(a.body)
		}
		if r.name != "read" && (a.outcome == OK || a.outcome == Failed) {
			checks = append(checks, parseChecks(r.name, a.body)...)
		}
	}
	if !up {
		// A connection that hangs must not be what the next round asks through.
		i.close()
		i.unheard(answers[0].err())
	}
	i.prober.mu.Lock()
	defer i.prober.mu.Unlock()
	i.at, i.up, i.probes, i.checks = i.prober.now(), up, probes, checks
	if !expiry.IsZero() {
		i.expiry = expiry
	}
	if store != "" {
		i.store = store
	}
}

// result is what is to be believed at the moment. A round that ended too long
// ago, because the process was stopped or starved, is no proof of life.
func (i *instance) result(now time.Time) Result {
	o := i.prober.options
	r := Result{
		Server: i.server, Up: i.up, Checks: i.checks, CertificateExpiry: i.expiry,
		StreamLimit: i.streams, Metrics: i.read,
	}
	for _, origin := range Origins() {
		if _, ok := i.seen[origin]; ok {
			r.Origins = append(r.Origins, origin)
		}
	}
	r.Probes = append(r.Probes, i.probes...)
	if i.writeProbe != nil {
		r.Probes = append(r.Probes, *i.writeProbe)
	}
	const slack = 2 * time.Second
	if !i.at.IsZero() && now.Sub(i.at) > o.Interval+o.Timeout+slack {
		r.Up, r.Checks = false, nil
		for n := range r.Probes {
			r.Probes[n].Outcome = Timeout
		}
	}
	if i.writeProbe != nil && now.Sub(i.writeAt) > i.prober.VersionsAge()+slack {
		r.Probes[len(r.Probes)-1].Outcome = Timeout
	}
	if r.Metrics.Reason == health.Available && now.Sub(i.read.At) > 3*o.MetricsInterval {
		r.Metrics.Reason = health.Stale
	}
	return r
}

// Probed tells whether the first round has ended.
func (r Result) Probed() bool { return len(r.Probes) > 0 }
