package dns

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/kubevitals/kubevitals/exporter"
	"github.com/kubevitals/kubevitals/sources/health"
)

// Prober asks all DNS servers of one cluster.
type Prober struct {
	options   Options
	discovery Discovery
	logger    *slog.Logger
	now       func() time.Time

	// Only Run uses these.
	services, endpoints []target

	mu      sync.Mutex
	at      time.Time // end of the last round; zero before the first
	results []Result
}

// New returns a prober. It asks nobody before Run.
func New(o Options, d Discovery, logger *slog.Logger, now func() time.Time) (*Prober, error) {
	if err := o.fill(); err != nil {
		return nil, err
	}
	return &Prober{options: o, discovery: d, logger: logger, now: now}, nil
}

// Run asks until ctx ends.
func (p *Prober) Run(ctx context.Context) {
	tick := time.NewTicker(p.options.Interval)
	defer tick.Stop()
	p.awaitServers(ctx)
	for {
		p.round(ctx)
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// awaitServers waits, but not for longer than a round, until the lists of servers
// have been read: a first round without them would tell nothing until the next.
func (p *Prober) awaitServers(ctx context.Context) {
	const pause = 200 * time.Millisecond
	starting := func(err error) bool { return health.Classify(err) == health.Starting }
	for waited := time.Duration(0); p.options.Discover && waited < p.options.Interval; waited += pause {
		_, ofServices := p.discovery.Services()
		_, ofSlices := p.discovery.EndpointSlices()
		if !starting(ofServices) && !starting(ofSlices) {
			return
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(pause):
		}
	}
}

// Starting tells whether the first round has not ended yet.
func (p *Prober) Starting() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.at.IsZero()
}

// round asks all servers at once, so that those that hang cost one timeout
// together. The number of servers is bounded, and with it that of sockets.
func (p *Prober) round(ctx context.Context) {
	targets := p.targets()
	questions := []struct {
		probe Probe
		name  string
	}{
		{Cluster, "kubernetes.default.svc." + p.options.ClusterDomain},
		{External, p.options.ExternalName},
	}
	if p.options.ExternalName == "" {
		questions = questions[:1]
	}
	results := make([]Result, len(targets)*len(questions))
	var wait sync.WaitGroup
	for i, t := range targets {
		for j, q := range questions {
			wait.Go(func() {
				bounded, cancel := context.WithTimeout(ctx, p.options.Timeout)
				defer cancel()
				begin := p.now()
				outcome, err := ask(bounded, t.address, q.name)
				results[i*len(questions)+j] = Result{t.origin, t.server, q.probe, outcome, p.now().Sub(begin)}
				if outcome != OK {
					p.logger.Debug("DNS probe", "server", t.address, "name", q.name, "outcome", outcome, "err", err)
				}
			})
		}
	}
	wait.Wait()
	if ctx.Err() != nil {
		return // what was cut off says nothing about the servers
	}
	slices.SortFunc(results, func(a, b Result) int {
		return cmp.Or(cmp.Compare(a.Origin, b.Origin), cmp.Compare(a.Server, b.Server), cmp.Compare(a.Probe, b.Probe))
	})
	p.mu.Lock()
	defer p.mu.Unlock()
	p.at, p.results = p.now(), results
}

// targets are the servers to ask. What cannot be read now changes nothing: a
// dead API server must not hide how DNS is.
func (p *Prober) targets() []target {
	if p.options.Discover {
		if list, err := p.discovery.Services(); err == nil {
			p.services = serviceTargets(list)
			p.services = p.services[:min(len(p.services), maxServices)]
		}
		if list, err := p.discovery.EndpointSlices(); err == nil {
			p.endpoints, _ = endpointTargets(list)
		}
	}
	var targets []target
	for _, s := range p.options.Servers {
		targets = append(targets, target{Flag, s, s})
	}
	return append(append(targets, p.services...), p.endpoints...)
}

// errStale is the fault of this process, not of any DNS server.
var errStale = errors.New("the last round of DNS probes ended too long ago")

// Results returns the last round, sorted. It fails with exporter.ErrNotReady
// before the end of the first round, and if the last one is too old.
func (p *Prober) Results() ([]Result, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.at.IsZero() {
		return nil, fmt.Errorf("first round of DNS probes: %w", exporter.ErrNotReady)
	}
	const slack = 5 * time.Second
	if p.now().Sub(p.at) > p.options.Interval+p.options.Timeout+slack {
		return nil, errStale
	}
	return slices.Clone(p.results), nil
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
