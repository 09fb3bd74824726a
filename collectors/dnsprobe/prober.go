package dnsprobe

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
)

// Prober asks all DNS servers of one cluster.
type Prober struct {
	options   Options
	discovery Discovery
	logger    *slog.Logger
	now       func() time.Time

	// Only Run uses these. looked says that servers could be looked for once.
	services, endpoints []target
	looked              bool

	mu      sync.Mutex
	at      time.Time // end of the last round; zero before the first
	results []Result
	blind   error // why nothing could be looked for yet
}

// New returns a prober. It asks nobody before Run.
func New(o Options, d Discovery, logger *slog.Logger, now func() time.Time) (*Prober, error) {
	if err := o.fill(); err != nil {
		return nil, err
	}
	return &Prober{options: o, discovery: d, logger: logger, now: now}, nil
}

// lookPause is the time between two rounds while nothing could be looked for yet,
// as at the start: who looks at a cluster but once must not find no server.
const lookPause = 500 * time.Millisecond

// Run asks until ctx ends.
func (p *Prober) Run(ctx context.Context) {
	tick := time.NewTicker(p.options.Interval)
	defer tick.Stop()
	for {
		p.round(ctx)
		var soon <-chan time.Time
		if p.options.Discover && !p.looked {
			soon = time.After(lookPause)
		}
		select {
		case <-ctx.Done():
			return
		case <-soon:
		case <-tick.C:
		}
	}
}

// round asks all servers at once, so that those that hang cost one timeout
// together. The number of servers is bounded, and with it that of sockets.
func (p *Prober) round(ctx context.Context) {
	targets, err := p.targets()
	p.mu.Lock()
	p.blind = err
	p.mu.Unlock()
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
	if err != nil && len(targets) == 0 {
		return // there may be servers
	}
	slices.SortFunc(results, func(a, b Result) int {
		return cmp.Or(cmp.Compare(a.Origin, b.Origin), cmp.Compare(a.Server, b.Server), cmp.Compare(a.Probe, b.Probe))
	})
	p.mu.Lock()
	defer p.mu.Unlock()
	p.at, p.results = p.now(), results
}

// targets are the servers to ask. What cannot be read now changes nothing: a
// dead API server must not hide how DNS is. It fails, beside those that are known
// anyway, while nothing could be looked for yet.
func (p *Prober) targets() ([]target, error) {
	var blind error
	if p.options.Discover {
		services, err := p.discovery.Services()
		if err == nil {
			p.services = serviceTargets(services)
			p.services = p.services[:min(len(p.services), maxServices)]
		}
		endpoints, also := p.discovery.EndpointSlices()
		if also == nil {
			p.endpoints, _ = endpointTargets(endpoints)
		}
		p.looked = p.looked || err == nil && also == nil
		if !p.looked {
			blind = fmt.Errorf("look for DNS servers: %w", cmp.Or(err, also))
		}
	}
	var targets []target
	for _, s := range p.options.Servers {
		targets = append(targets, target{Flag, s, s})
	}
	return append(append(targets, p.services...), p.endpoints...), blind
}

// errStale is the fault of this process, not of any DNS server.
var errStale = errors.New("the last round of DNS probes ended too long ago")

// Results returns the last round, sorted. It fails before the end of the first
// round, with why nothing can be looked for or else exporter.ErrNotReady, and if
// the last one is too old.
func (p *Prober) Results() ([]Result, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.at.IsZero() && p.blind != nil {
		return nil, p.blind
	}
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
