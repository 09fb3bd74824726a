package connectivity

import (
	"context"
	"maps"
	"math/rand/v2"
	"slices"
	"time"
)

// probe makes rounds until ctx ends. The first comes at any time within an
// interval, so that peers are not asked all at once.
func (p *Prober) probe(ctx context.Context, t *target) {
	first := min(p.options.Interval, 5*time.Second)
	if !sleep(ctx, time.Duration(rand.Float64()*float64(first))) {
		return
	}
	tick := time.NewTicker(p.options.Interval)
	defer tick.Stop()
	for {
		p.round(ctx, t)
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// round asks until an exchange works, or all attempts failed. What got furthest
// counts: a host that answered once is not away.
func (p *Prober) round(ctx context.Context, t *target) {
	var best Outcome
	var took time.Duration
	for i := range p.options.Attempts {
		if i > 0 && !sleep(ctx, 200*time.Millisecond) {
			return
		}
		outcome, rtt, err := attempt(ctx, t.peer, p.options.Timeout)
		if err != nil {
			p.logger.DebugContext(ctx, "probe", "peer", t.peer.Node, "kind", t.peer.Kind, "outcome", outcome, "err", err)
		}
		if outcome == "" {
			continue
		}
		p.mu.Lock()
		p.attempts[t.peer.Kind][outcome]++
		p.mu.Unlock()
		if best == "" || rank(outcome) < rank(best) {
			best, took = outcome, rtt
		}
		if outcome == OK {
			break
		}
	}
	if ctx.Err() != nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	t.outcome, t.at = best, p.now()
	switch silent := best == Timeout || best == NoRoute; {
	case !silent:
		t.failing = time.Time{}
	case t.failing.IsZero():
		t.failing = t.at
	}
	if took > 0 {
		t.recent = append(t.recent, took)
		t.recent = t.recent[max(0, len(t.recent)-5):]
	} else {
		t.recent = nil
	}
}

func rank(o Outcome) int {
	return slices.Index([]Outcome{OK, LargeFailed, Refused, Timeout, NoRoute}, o)
}

// mayBeGone tells whether a peer does not answer since after the last look for
// peers. A pod that is replaced leaves an address where nobody answers; it is no
// fault, and the next look tells. If nobody can be asked, the failure counts.
func (p *Prober) mayBeGone(t *target) bool { return !t.failing.IsZero() && !p.looked.After(t.failing) }

// Report tells what is known now. Before peers were found for the first time
// there is nothing, which ok says; later on those that were found last are
// probed, whether or not the cluster can be asked.
func (p *Prober) Report() (r Report, ok bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	r = Report{Zone: p.zone, Agents: p.agents, Attempts: map[Kind]map[Outcome]uint64{}}
	for kind, counts := range p.attempts {
		r.Attempts[kind] = maps.Clone(counts)
	}
	fresh := 2*p.options.Interval + 2*time.Duration(p.options.Attempts)*p.options.Timeout
	for _, t := range p.targets {
		if t.outcome == "" || p.now().Sub(t.at) > fresh || p.mayBeGone(t) {
			continue
		}
		result := Result{Peer: t.peer, Outcome: t.outcome}
		if p.zone != "" && t.peer.Zone != p.zone {
			result.OtherZone = t.peer.Zone
		}
		if n := len(t.recent); n > 0 {
			result.RTT = slices.Sorted(slices.Values(t.recent))[n/2]
		}
		r.Results = append(r.Results, result)
	}
	return r, p.known
}
