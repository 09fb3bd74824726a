package apiserver

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"k8s.io/client-go/rest"

	"github.com/kubevitals/kubevitals/sources/health"
	"github.com/kubevitals/kubevitals/sources/rounds"
)

// Prober probes all API servers of one cluster.
type Prober struct {
	options   Options
	config    *rest.Config
	discovery Discovery
	logger    *slog.Logger
	now       func() time.Time

	wantMetrics, wantLimit atomic.Bool
	versions               atomic.Pointer[versions]
	access                 map[string]*health.Health

	// What is asked of each server, each at its own pace. Only health looks for
	// servers; the others ask those that it knows.
	health  *rounds.Rounds[*instance, healthAnswer]
	write   *rounds.Rounds[*instance, Probe]
	limit   *rounds.Rounds[*instance, limitAnswer]
	metrics *rounds.Rounds[*instance, Metrics]

	// reads are those that go through etcd, of the configured API server.
	reads unanswered

	mu        sync.Mutex
	known     bool // the servers that announce themselves, as far as that can be read
	instances map[string]*instance
	leases    []LeaseState
	leftOut   map[Origin]int // servers that announced themselves in vain
	replayed  []Result
}

// forgetAfter is how long an API server that is not listed any more is probed:
// long enough for one that crashed to be seen down, short enough for one that
// was taken away on purpose not to be missed.
const forgetAfter = time.Minute

// mostServers bounds those that are probed: whoever may write an EndpointSlice announces as
// many as he likes, and each costs connections, series and its share of the slots of all.
// The largest clusters have a dozen. Those that are configured come first, and those that
// are known stay.
const mostServers = 32

var errTooMany = fmt.Errorf("%d are probed already", mostServers)

// New returns a prober that has not contacted any API server yet. It knows the
// configured one and the endpoints of the options from the start.
func New(o Options, config *rest.Config, d Discovery, logger *slog.Logger, now func() time.Time) (*Prober, error) {
	if err := o.fill(); err != nil {
		return nil, err
	}
	p := &Prober{options: o, config: config, discovery: d, logger: logger, now: now, instances: map[string]*instance{}, leftOut: map[Origin]int{}}
	p.access = p.newAccess()
	p.newRounds()
	if o.Recorded != nil {
		for _, r := range o.Recorded {
			p.replayed = append(p.replayed, Result{Server: r.Server, StreamLimit: r.StreamLimit})
		}
		return p, nil
	}
	server, base, err := configured(config)
	if err != nil {
		return nil, err
	}
	if err := p.know(server, base, Configured); err != nil {
		return nil, err
	}
	for _, e := range o.Endpoints {
		server, err := hostPort("https://" + e)
		if err != nil {
			return nil, err
		}
		if err := p.know(server, "https://"+server, Flag); err != nil {
			return nil, err
		}
	}
	return p, nil
}

// newRounds prepares what is asked of each server.
func (p *Prober) newRounds() {
	o := p.options
	p.health = rounds.New(rounds.Options[*instance, healthAnswer]{
		Targets: p.discover, Probe: probeHealth,
		Interval: o.Interval, Timeout: o.Timeout, Logger: p.logger, Now: p.now,
	})
	p.write = rounds.New(rounds.Options[*instance, Probe]{
		Targets: p.servers(p.WritesProbed), Probe: probeWrite,
		Interval: o.WriteInterval, Timeout: 2*o.Timeout + notOlderTimeout, Logger: p.logger, Now: p.now,
	})
	// A limit that could not be read is not put off for as long as one that was.
	p.limit = rounds.New(rounds.Options[*instance, limitAnswer]{
		Targets: p.servers(p.wantLimit.Load), Probe: readLimit,
		Interval: o.Interval, Timeout: o.Timeout, Logger: p.logger, Now: p.now,
	})
	p.metrics = rounds.New(rounds.Options[*instance, Metrics]{
		Targets: p.servers(p.wantMetrics.Load), Probe: readMetrics, MaxAge: 3 * o.MetricsInterval,
		Interval: o.MetricsInterval, Timeout: o.MetricsInterval / 2, Logger: p.logger, Now: p.now,
	})
}

// WantMetrics makes the prober read the servers' own metrics.
func (p *Prober) WantMetrics() { p.wantMetrics.Store(true) }

// WantsMetrics tells whether it does.
func (p *Prober) WantsMetrics() bool { return p.wantMetrics.Load() }

// ReadMetricsAgain makes the prober read them now, once more than it would: MetricsStarting
// and Starting are true meanwhile.
func (p *Prober) ReadMetricsAgain() {
	if p.options.Recorded == nil && p.WantsMetrics() {
		p.metrics.Again()
	}
}

// MetricsStarting tells whether the metrics of some API server have not been read yet, be it
// well or not.
func (p *Prober) MetricsStarting() bool {
	return p.options.Recorded == nil && p.metrics.Starting()
}

// WantStreamLimit makes the prober ask for the limit of streams.
func (p *Prober) WantStreamLimit() { p.wantLimit.Store(true) }

// WritesProbed tells whether the write path is probed.
func (p *Prober) WritesProbed() bool { return p.options.WriteLease != "" }

// Run probes until ctx ends.
func (p *Prober) Run(ctx context.Context) {
	if p.options.Recorded != nil {
		p.replay(ctx)
		return
	}
	var wait sync.WaitGroup
	for _, run := range []func(context.Context){p.health.Run, p.write.Run, p.limit.Run, p.metrics.Run} {
		wait.Go(func() { run(ctx) })
	}
	wait.Wait()
}

// Starting tells whether some API server has not been asked all questions yet, be
// they answered or not, or it is not known who they are.
func (p *Prober) Starting() bool {
	if p.options.Recorded == nil {
		return p.health.Starting() || p.write.Starting() || p.limit.Starting() || p.metrics.Starting()
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.ContainsFunc(p.replayed, func(r Result) bool { return r.Metrics.At.IsZero() })
}

// Results returns what is known of each API server, sorted by address.
func (p *Prober) Results() []Result {
	known := answers{p.health.Answers(), p.write.Answers(), p.limit.Answers(), p.metrics.Answers()}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.options.Recorded != nil {
		return slices.Clone(p.replayed)
	}
	results := make([]Result, 0, len(p.instances))
	for _, i := range p.instances {
		results = append(results, known.result(i))
	}
	slices.SortFunc(results, func(a, b Result) int { return strings.Compare(a.Server, b.Server) })
	return results
}

// Leases returns the identity leases seen last, sorted by host name.
func (p *Prober) Leases() []LeaseState {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.leases)
}

// know adds an API server or confirms one; the caller holds no lock.
func (p *Prober) know(server, base string, origin Origin) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	i := p.instances[server]
	if i == nil && (origin == EndpointSlice || origin == Lease) && len(p.instances) >= mostServers {
		return errTooMany
	}
	if i == nil {
		var err error
		if i, err = newInstance(p, server, base, origin == Configured); err != nil {
			return fmt.Errorf("API server %s: %w", server, err)
		}
		p.instances[server] = i
		p.lookAgain()
	}
	i.seen[origin] = p.now()
	return nil
}
