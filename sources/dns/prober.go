package dns

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"github.com/kubevitals/kubevitals/exporter"
	"github.com/kubevitals/kubevitals/sources/health"
	"github.com/kubevitals/kubevitals/sources/rounds"
)

// Prober asks all DNS servers of one cluster.
type Prober struct {
	options   Options
	discovery Discovery
	logger    *slog.Logger
	now       func() time.Time
	rounds    *rounds.Rounds[question, Result]

	// Only questions uses these.
	services, endpoints []target
	begun               time.Time
}

// question is one question to one server.
type question struct {
	target
	probe Probe
	name  string
}

// New returns a prober that has not asked any server yet.
func New(o Options, d Discovery, logger *slog.Logger, now func() time.Time) (*Prober, error) {
	if err := o.fill(); err != nil {
		return nil, err
	}
	const slack = 5 * time.Second
	p := &Prober{options: o, discovery: d, logger: logger, now: now}
	p.rounds = rounds.New(rounds.Options[question, Result]{
		Targets: p.questions, Probe: p.probe,
		Interval: o.Interval, Timeout: o.Timeout, MaxAge: o.Interval + o.Timeout + slack,
		Logger: logger, Now: now,
	})
	return p, nil
}

// Run asks until ctx ends.
func (p *Prober) Run(ctx context.Context) { p.rounds.Run(ctx) }

// Starting tells whether the first round has not ended yet.
func (p *Prober) Starting() bool { return p.rounds.Starting() }

// probe asks one question.
func (p *Prober) probe(ctx context.Context, q question, _ Result) (Result, error) {
	begin := p.now()
	outcome, err := ask(ctx, q.address, q.name)
	if outcome != health.Available {
		p.logger.DebugContext(ctx, "DNS probe", "server", q.address, "name", q.name, "outcome", outcome, "err", err)
	}
	return Result{Outcome: outcome, Duration: p.now().Sub(begin), elsewhere: errors.Is(err, errElsewhere)}, nil
}

// questions are those of a round. all is false while the lists of servers are
// starting, but for no longer than an interval: servers of the flags are told of
// though no API server answers.
func (p *Prober) questions() (questions []question, all bool) {
	targets, all := p.targets()
	if p.begun.IsZero() {
		p.begun = p.now()
	}
	for _, t := range targets {
		questions = append(questions, question{t, Cluster, "kubernetes.default.svc." + p.options.ClusterDomain})
		if p.options.ExternalName != "" {
			questions = append(questions, question{t, External, p.options.ExternalName})
		}
	}
	return questions, all || p.now().Sub(p.begun) >= p.options.Interval
}

// targets are the servers to ask, and whether what lists them has started. What
// cannot be read now changes nothing: a dead API server must not hide how DNS is.
func (p *Prober) targets() (targets []target, all bool) {
	all = true
	if p.options.Discover {
		services, err := p.discovery.Services()
		if err == nil {
			p.services = serviceTargets(services)
			p.services = p.services[:min(len(p.services), maxServices)]
		}
		endpoints, failure := p.discovery.EndpointSlices()
		if failure == nil {
			p.endpoints, _ = endpointTargets(endpoints)
		}
		all = health.Classify(err) != health.Starting && health.Classify(failure) != health.Starting
	}
	for _, s := range p.options.Servers {
		targets = append(targets, target{Flag, s, s})
	}
	return append(append(targets, p.services...), p.endpoints...), all
}

// Results returns what every server answered last, sorted. It fails with
// exporter.ErrNotReady before the end of the first round, and if an answer is too
// old, which is the fault of this process and of no DNS server. Where the domain of the
// cluster was guessed, and servers do not hold it, it leaves their answers about it out
// and returns the others with an error that is exporter.Incomplete.
func (p *Prober) Results() ([]Result, error) {
	if p.rounds.Starting() {
		return nil, fmt.Errorf("first round of DNS probes: %w", exporter.ErrNotReady)
	}
	var results []Result
	var unknown error
	for q, a := range p.rounds.Answers() {
		r := a.Value
		switch health.Classify(a.Err) {
		case health.Available:
		case health.Stale:
			return nil, fmt.Errorf("DNS probes: %w", a.Err)
		default:
			r.Outcome = ofError(a.Err)
		}
		r.Origin, r.Server, r.Probe = q.origin, q.server, q.probe
		if r.Probe == Cluster && r.elsewhere && p.options.guessed {
			unknown = fmt.Errorf("DNS servers know no domain %s: the cluster may have another, which the flag cluster-domain of the collector says", p.options.ClusterDomain)
			continue
		}
		results = append(results, r)
	}
	slices.SortFunc(results, func(a, b Result) int {
		return cmp.Or(cmp.Compare(a.Origin, b.Origin), cmp.Compare(a.Server, b.Server), cmp.Compare(a.Probe, b.Probe))
	})
	return results, exporter.Incomplete(unknown)
}

// Endpoints counts what is behind the Services now. known is false where
// servers are not looked for, or no Service was found.
func (p *Prober) Endpoints() (count Endpoints, known bool, err error) {
	if !p.options.Discover {
		return Endpoints{}, false, nil
	}
	services, err := p.discovery.Services()
	if err != nil {
		return Endpoints{}, false, err
	}
	list, err := p.discovery.EndpointSlices()
	if err != nil {
		return Endpoints{}, false, err
	}
	_, count = endpointTargets(list)
	return count, len(serviceTargets(services)) > 0, nil
}
