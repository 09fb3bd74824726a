package connectivity

import (
	"context"
	"maps"
	"slices"
	"time"

	"github.com/kubevitals/kubevitals/sources/health"
)

// path is what is known of the way to one peer.
type path struct {
	outcome health.Reason
	// failing is since when the peer does not answer; zero while it does.
	failing time.Time
	recent  []time.Duration
}

// pause is the time between two attempts of one round.
const pause = 200 * time.Millisecond

// probe asks until an exchange works, or all attempts failed. What got furthest
// counts: a host that answered once is not away.
func (p *Prober) probe(ctx context.Context, peer Peer, last path) (path, error) {
	var best health.Reason
	var took time.Duration
	for i := range p.options.Attempts {
		if i > 0 && !sleep(ctx, pause) {
			break
		}
		outcome, rtt, err := attempt(ctx, peer, p.options.Timeout)
		if err != nil {
			p.logger.DebugContext(ctx, "probe", "peer", peer.Node, "kind", peer.Kind, "outcome", outcome, "err", err)
		}
		if outcome == "" {
			continue
		}
		p.mu.Lock()
		p.attempts[peer.Kind][outcome]++
		p.mu.Unlock()
		if best == "" || rank(outcome) < rank(best) {
			best, took = outcome, rtt
		}
		if outcome == health.Available {
			break
		}
	}
	now := path{outcome: best}
	if best == health.Timeout || best == NoRoute {
		now.failing = last.failing
		if now.failing.IsZero() {
			now.failing = p.now()
		}
	}
	if took > 0 {
		now.recent = append(slices.Clone(last.recent), took)
		now.recent = now.recent[max(0, len(now.recent)-5):]
	}
	return now, nil
}

func rank(o health.Reason) int {
	return slices.Index([]health.Reason{health.Available, LargeFailed, Refused, health.Timeout, NoRoute}, o)
}

// mayBeGone tells whether a peer does not answer since after the last look for
// peers. A pod that is replaced leaves an address where no agent answers; it is no
// fault, and the next look tells. If the look fails, the failure counts.
func (p *Prober) mayBeGone(way path) bool {
	return !way.failing.IsZero() && !p.looked.After(way.failing)
}

// Report tells what is known now. Before peers were found for the first time
// there is nothing, which ok says; later on those that were found last are
// probed, whether or not the cluster can be asked.
func (p *Prober) Report() (r Report, ok bool) {
	answers := p.rounds.Answers()
	p.mu.Lock()
	defer p.mu.Unlock()
	r = Report{Zone: p.zone, Agents: p.agents, Attempts: map[Kind]map[health.Reason]uint64{}}
	for kind, counts := range p.attempts {
		r.Attempts[kind] = maps.Clone(counts)
	}
	for _, peer := range p.peers {
		a := answers[peer]
		if a.Err != nil || a.Value.outcome == "" || p.mayBeGone(a.Value) {
			continue
		}
		result := Result{Peer: peer, Outcome: a.Value.outcome}
		if p.zone != "" && peer.Zone != p.zone {
			result.OtherZone = peer.Zone
		}
		if n := len(a.Value.recent); n > 0 {
			result.RTT = slices.Sorted(slices.Values(a.Value.recent))[n/2]
		}
		r.Results = append(r.Results, result)
	}
	return r, p.known
}
