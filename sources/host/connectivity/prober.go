package connectivity

import (
	"context"
	"log/slog"
	"math/rand/v2"
	"net"
	"slices"
	"sync"
	"time"

	"github.com/kubevitals/kubevitals/sources/health"
	"github.com/kubevitals/kubevitals/sources/rounds"
)

// Discovery finds all agents, this one included.
type Discovery func(context.Context) ([]Peer, error)

// Reports takes what becomes of the two things that can fail as a whole; nil is
// success.
type Reports struct{ Peers, Responder func(error) }

// Prober probes its peers and answers those who have it for a peer.
type Prober struct {
	options  Options
	discover Discovery
	reports  Reports
	logger   *slog.Logger
	now      func() time.Time

	rounds *rounds.Rounds[Peer, path]

	mu       sync.Mutex
	zone     string
	known    bool
	looked   time.Time // when the last look for peers began
	agents   map[Kind]int
	peers    []Peer // that are probed
	attempts map[Kind]map[health.Reason]uint64
}

// New returns a prober that has not contacted any peer yet.
func New(o Options, discover Discovery, reports Reports, logger *slog.Logger, now func() time.Time) (*Prober, error) {
	if err := o.fill(); err != nil {
		return nil, err
	}
	p := &Prober{
		options: o, discover: discover, reports: reports, logger: logger, now: now,
		attempts: map[Kind]map[health.Reason]uint64{},
	}
	for _, kind := range Kinds() {
		p.attempts[kind] = map[health.Reason]uint64{}
	}
	attempts := time.Duration(o.Attempts)
	p.rounds = rounds.New(rounds.Options[Peer, path]{
		Targets: p.targets, Probe: p.probe,
		// No peer is missed until then: follow tells of those that are new.
		LookAgain: o.Interval,
		Interval:  o.Interval,
		Timeout:   attempts * (2*o.Timeout + pause),
		MaxAge:    2*o.Interval + 2*attempts*o.Timeout,
		Spread:    min(o.Interval, 5*time.Second),
		Logger:    logger, Now: now,
	})
	return p, nil
}

// Run probes and answers until ctx ends.
func (p *Prober) Run(ctx context.Context) {
	var wait sync.WaitGroup
	defer wait.Wait()
	wait.Go(func() { p.rounds.Run(ctx) })
	if p.options.Listen != "" {
		wait.Go(func() { p.answer(ctx) })
	}
	for {
		began := p.now()
		peers, err := p.discover(ctx)
		if ctx.Err() != nil {
			return
		}
		p.reports.Peers(err)
		if err == nil {
			p.follow(peers)
		}
		p.mu.Lock()
		p.looked = began
		p.mu.Unlock()
		if !p.rest(ctx) {
			return
		}
	}
}

// rest waits until it is time to look for peers again. As many agents look as
// there are peers to be listed, so the time between two looks grows with them,
// and the load on the API server grows with the nodes and not with their square.
func (p *Prober) rest(ctx context.Context) bool {
	const step = time.Second
	jitter := 0.8 + 0.4*rand.Float64()
	for waited := step; sleep(ctx, step); waited += step {
		if waited >= time.Duration(jitter*float64(p.lookAgainAfter())) {
			return true
		}
	}
	return false
}

// lookAgainAfter is the time between two looks.
func (p *Prober) lookAgainAfter() time.Duration {
	failing := false
	for _, a := range p.rounds.Answers() {
		failing = failing || a.Value.outcome != health.Available && a.Value.outcome != ""
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.options.PeersFile != "" || !p.known {
		return 2 * time.Second
	}
	return between(p.agents[p.options.From], failing)
}

// between is the time between two looks of as many agents: sooner while a peer does
// not answer, since it may be gone.
func between(agents int, failing bool) time.Duration {
	interval := min(max(time.Minute, time.Duration(agents)*120*time.Millisecond), 10*time.Minute)
	if failing {
		return max(interval/5, 20*time.Second)
	}
	return interval
}

func sleep(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}

// follow probes those of the agents that this node's share is, and no others.
func (p *Prober) follow(agents []Peer) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.known, p.agents, p.zone, p.peers = true, map[Kind]int{}, "", p.share(agents)
	for _, a := range agents {
		p.agents[a.Kind]++
		if a.Node == p.options.Node && a.Zone != "" {
			p.zone = a.Zone
		}
	}
	p.rounds.Look()
}

// targets are the peers to probe, once some were found.
func (p *Prober) targets() (peers []Peer, known bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.peers, p.known
}

// share are the agents on the nodes that this one has to probe. Both agents of a
// node choose the same nodes, and of those all agents, so that the directions can
// be compared.
func (p *Prober) share(agents []Peer) []Peer {
	nodes := []string{p.options.Node}
	for _, a := range agents {
		nodes = append(nodes, a.Node)
	}
	chosen := map[string]bool{}
	for _, n := range Choose(p.options.Node, Ring(nodes), p.options.Peers) {
		chosen[n] = true
	}
	return slices.DeleteFunc(slices.Clone(agents), func(a Peer) bool { return !chosen[a.Node] })
}

// answer listens, and tries again if it cannot: the port may be taken for a while
// by the agent that this one replaces.
func (p *Prober) answer(ctx context.Context) {
	r := &responder{greeting: greeting(p.options.Node, p.options.From), logger: p.logger}
	for {
		l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", p.options.Listen)
		if err == nil {
			p.reports.Responder(nil)
			err = r.serve(ctx, l)
			_ = l.Close()
		}
		if ctx.Err() != nil {
			return
		}
		p.reports.Responder(err)
		if !sleep(ctx, 5*time.Second) {
			return
		}
	}
}

// From is the network that the prober probes from.
func (p *Prober) From() Kind { return p.options.From }
