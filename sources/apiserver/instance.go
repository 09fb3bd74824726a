package apiserver

import (
	"context"
	"net/http"
	"slices"
	"time"

	"github.com/kubevitals/kubevitals/sources/health"
	"github.com/kubevitals/kubevitals/sources/rounds"
)

// instance is one API server. The prober's lock guards all but what newInstance
// sets.
type instance struct {
	prober       *Prober
	server, base string
	configured   bool
	client       *http.Client
	tls          tlsDialer
	close        func()

	seen     map[Origin]time.Time
	store    string           // UID of the namespace kube-system
	refusals map[string]error // see asked
	replies  [3]health.Dated  // to the health probes, of which one round runs at a time
}

func newInstance(p *Prober, server, base string, isConfigured bool) (*instance, error) {
	t, err := newTransport(p.config, server, isConfigured)
	if err != nil {
		return nil, err
	}
	return &instance{
		prober: p, server: server, base: base, configured: isConfigured,
		client: &http.Client{
			Transport: t.authenticated,
			// A redirect would carry the credentials elsewhere.
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
		tls: t.dialer, close: t.plain.CloseIdleConnections,
		seen: map[Origin]time.Time{}, refusals: map[string]error{},
	}, nil
}

// healthAnswer is what one round of health probes came to.
type healthAnswer struct {
	up     bool
	probes []Probe
	checks []Check
	expiry time.Time
}

// The health probes.
const (
	livez  = "livez"
	readyz = "readyz"
	read   = "read"
)

// probeHealth makes all health probes at once. Without a resource version a read goes
// through etcd's quorum.
func probeHealth(ctx context.Context, i *instance, last healthAnswer) (healthAnswer, error) {
	requests := []struct{ name, path, source string }{
		{livez, "/livez?verbose", ""},
		{readyz, "/readyz?verbose", checksSource},
		{read, "/api/v1/namespaces/kube-system", readSource},
	}
	answers := make([]answer, len(requests))
	var questions []func()
	for n, r := range requests {
		questions = append(questions, func() { answers[n] = i.get(ctx, r.path) })
	}
	rounds.Together(questions...)

	h := healthAnswer{expiry: last.expiry}
	for n, r := range requests {
		a := &answers[n]
		if err := i.ownAnswer(r.name, *a, &i.replies[n]); err != nil {
			a.disown(err)
		}
		if a.foreign != nil {
			i.prober.logger.DebugContext(ctx, "answer that is none of the API server", "server", i.server, "probe", r.name, "err", a.foreign)
		}
		h.probes = append(h.probes, Probe{r.name, a.outcome, a.duration})
		h.up = h.up || a.code != 0
		if !a.expiry.IsZero() {
			h.expiry = a.expiry
		}
		switch {
		case r.source == "":
		case a.foreign != nil:
			i.asked(r.source, a.foreign)
		case a.code != 0:
			i.asked(r.source, a.refusal())
		}
		if r.name == read && i.configured {
			i.prober.reads.came(*a)
		}
		if r.name == read && a.outcome == health.Available {
			i.stores(storeOf(a.body))
		}
		if r.name != read && (a.outcome == health.Available || a.outcome == Unhealthy) {
			h.checks = append(h.checks, parseChecks(r.name, a.body)...)
		}
	}
	if !h.up {
		// A connection that hangs must not be what the next round asks through.
		i.close()
		i.unheard(answers[0].err())
	}
	return h, nil
}

// stores notes where the server keeps its objects.
func (i *instance) stores(store string) {
	i.prober.mu.Lock()
	defer i.prober.mu.Unlock()
	if store != "" {
		i.store = store
	}
}

// answers are the last ones of all servers.
type answers struct {
	health  map[*instance]rounds.Answer[healthAnswer]
	write   map[*instance]rounds.Answer[Probe]
	limit   map[*instance]rounds.Answer[limitAnswer]
	metrics map[*instance]rounds.Answer[Metrics]
}

// result is what is to be believed of a server at the moment. A round that ended too
// long ago, because the process was stopped or starved, is no proof of life. The
// caller holds the prober's lock.
func (known answers) result(i *instance) Result {
	h, probed := known.health[i]
	r := Result{
		Server: i.server, Up: h.Value.up, Checks: h.Value.checks, CertificateExpiry: h.Value.expiry,
		StreamLimit: known.limit[i].Value.streams, Metrics: known.metrics[i].Value,
	}
	for _, origin := range Origins() {
		if _, ok := i.seen[origin]; ok {
			r.Origins = append(r.Origins, origin)
		}
	}
	if probed {
		r.Probes = slices.Clone(h.Value.probes)
	}
	if h.Err != nil {
		r.Up, r.Checks = false, nil
		if len(r.Probes) == 0 {
			r.Probes = []Probe{{Name: livez}, {Name: readyz}, {Name: read}}
		}
		for n := range r.Probes {
			r.Probes[n].Outcome = ofNoAnswer(h.Err)
		}
	}
	if w, written := known.write[i]; probed && written {
		r.Probes = append(r.Probes, Probe{"write", w.Value.Outcome, w.Value.Duration})
		if w.Err != nil {
			r.Probes[len(r.Probes)-1].Outcome = ofNoAnswer(w.Err)
		}
	}
	switch m, read := known.metrics[i]; {
	case !read:
		r.Metrics.Reason = health.Starting
	case m.Err != nil:
		r.Metrics.Reason = health.Classify(m.Err)
	}
	return r
}

// ofNoAnswer returns the outcome of a probe that has no answer of this moment.
func ofNoAnswer(err error) health.Reason {
	if health.Classify(err) == health.Stale {
		return health.Timeout
	}
	return ofError(err)
}

// Probed tells whether the first round has ended.
func (r Result) Probed() bool { return len(r.Probes) > 0 }
