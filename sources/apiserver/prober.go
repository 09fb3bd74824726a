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

	mu        sync.Mutex
	known     bool // the servers that announce themselves, as far as that can be read
	instances map[string]*instance
	leases    []LeaseState
	replayed  []Result
	wait      sync.WaitGroup
}

// forgetAfter is how long an API server that nobody lists any more is probed:
// long enough for one that crashed to be seen down, short enough for one that
// was taken away on purpose not to be missed.
const forgetAfter = time.Minute

// New returns a prober. It contacts nobody, and knows the configured API server
// and the endpoints of the options from the start.
func New(o Options, config *rest.Config, d Discovery, logger *slog.Logger, now func() time.Time) (*Prober, error) {
	if err := o.fill(); err != nil {
		return nil, err
	}
	p := &Prober{options: o, config: config, discovery: d, logger: logger, now: now, instances: map[string]*instance{}}
	p.access = p.newAccess()
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

// WantMetrics makes the prober read the servers' own metrics.
func (p *Prober) WantMetrics() { p.wantMetrics.Store(true) }

// WantStreamLimit makes the prober ask for the limit of streams.
func (p *Prober) WantStreamLimit() { p.wantLimit.Store(true) }

// WritesProbed tells whether the write path is probed.
func (p *Prober) WritesProbed() bool { return p.options.WriteLease != "" }

// Run probes until ctx ends.
func (p *Prober) Run(ctx context.Context) {
	defer p.wait.Wait()
	if p.options.Recorded != nil {
		p.replay(ctx)
		return
	}
	tick := time.NewTicker(p.options.Interval)
	defer tick.Stop()
	var soon <-chan time.Time // while nobody knows all servers yet
	for {
		fresh := soon != nil
		if soon = nil; !p.discover() {
			soon = time.After(lookAgain)
		}
		p.probe(ctx, fresh)
		select {
		case <-ctx.Done():
			return
		case <-soon:
		case <-tick.C:
			soon = nil
		}
	}
}

// lookAgain is the time between two looks for API servers at the start, when the
// lists of them come in.
const lookAgain = 200 * time.Millisecond

// probe starts a round of each kind that is due, unless the one before is still
// under way. If so told, it leaves out the servers that were probed before.
func (p *Prober) probe(ctx context.Context, onlyNew bool) {
	now := p.now()
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, i := range p.instances {
		if onlyNew && !i.health.begun.IsZero() {
			continue
		}
		p.begin(ctx, &i.health, now, 0, i.probeHealth)
		if p.WritesProbed() {
			p.begin(ctx, &i.write, now, p.options.WriteInterval, i.probeWrite)
		}
		if p.wantLimit.Load() {
			p.begin(ctx, &i.limit, now, p.options.LimitInterval, i.readLimit)
		}
		if p.wantMetrics.Load() {
			p.begin(ctx, &i.metrics, now, p.options.MetricsInterval, i.readMetrics)
		}
	}
}

// begin runs the task in the background if it is due and idle.
func (p *Prober) begin(ctx context.Context, t *task, now time.Time, every time.Duration, run func(context.Context)) {
	if t.busy || now.Sub(t.begun) < every {
		return
	}
	t.busy, t.begun = true, now
	p.wait.Go(func() {
		run(ctx)
		p.mu.Lock()
		t.busy, t.done = false, true
		p.mu.Unlock()
	})
}

// Results returns what is known of each API server, sorted by address.
func (p *Prober) Results() []Result {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.options.Recorded != nil {
		return slices.Clone(p.replayed)
	}
	now := p.now()
	results := make([]Result, 0, len(p.instances))
	for _, i := range p.instances {
		results = append(results, i.result(now))
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
	if i == nil {
		var err error
		if i, err = newInstance(p, server, base, origin == Configured); err != nil {
			return fmt.Errorf("API server %s: %w", server, err)
		}
		p.instances[server] = i
	}
	i.seen[origin] = p.now()
	return nil
}
