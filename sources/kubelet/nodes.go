package kubelet

import (
	"slices"
	"strings"
	"time"

	"github.com/kubevitals/kubevitals/sources/health"
)

const (
	// refreshEvery is how long a node may be new or gone before that is seen.
	refreshEvery = time.Second
	// refreshAtOnce is the same for who waits for the first nodes.
	refreshAtOnce = 200 * time.Millisecond
	// newNodesWithin is the time in which a new node is asked first.
	newNodesWithin = 5 * time.Second
	// newNodesPace stretches that time when many are new at once, at the start
	// above all: the first answers of 5,000 nodes take 50 s, not every core.
	newNodesPace = 10 * time.Millisecond
)

// refresh takes over the list of nodes, if it can be seen.
func (p *Poller) refresh(now time.Time) bool {
	nodes, err := p.nodes()
	if err != nil {
		// The view of the nodes reports on itself. If it failed, there is nothing to wait for.
		if health.Classify(err) != health.Starting {
			p.looked(nil)
		}
		return false
	}
	p.look++
	var fresh []*tracked
	changed := false
	for _, node := range nodes {
		known := p.tracked[node.Name]
		if known != nil && known.node == node { // as nearly all are
			known.look = p.look
			continue
		}
		to := targetOf(node, p.options.PreferredAddressTypes, p.options.Port)
		if known != nil && known.node.UID == node.UID {
			p.mu.Lock()
			known.target = to
			p.mu.Unlock()
			known.node, known.look = node, p.look
			continue
		}
		p.forget(node.Name) // a node of the same name may be another machine
		k := &tracked{node: node, look: p.look, target: to, result: p.newResult(node.Name)}
		p.tracked[node.Name] = k
		fresh = append(fresh, k)
		changed = true
	}
	for name, k := range p.tracked {
		if k.look != p.look {
			p.forget(name)
			changed = true
		}
	}
	if !changed {
		p.looked(nil)
		return true
	}
	p.add(fresh, now)
	order := make([]*tracked, 0, len(p.tracked))
	for _, k := range p.tracked {
		order = append(order, k)
	}
	slices.SortFunc(order, func(a, b *tracked) int { return strings.Compare(a.result.Node, b.result.Node) })
	p.looked(order)
	return true
}

// looked notes that the nodes were seen, and their kubelets if there are others.
func (p *Poller) looked(order []*tracked) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.seen = true
	if order != nil {
		p.order = order
	}
}

func (p *Poller) newResult(node string) *Result {
	r := &Result{Node: node}
	if p.wanted[statsSummary] {
		r.Stats.Reason = health.Starting
	}
	if p.wanted[configz] {
		r.Config.Reason = health.Starting
	}
	if p.wanted[metrics] {
		r.Metrics.Reason = health.Starting
	}
	return r
}

func (p *Poller) forget(name string) {
	k := p.tracked[name]
	if k == nil {
		return
	}
	delete(p.tracked, name)
	p.schedule.remove(k)
	for _, t := range k.tasks {
		p.trouble.over(k.result.Node, t.endpoint, k.result.reason(t.endpoint))
	}
}

// add schedules new kubelets, spread out, but soon.
func (p *Poller) add(fresh []*tracked, now time.Time) {
	var wanted []endpoint
	for _, e := range endpoints() {
		if p.wanted[e] {
			wanted = append(wanted, e)
		}
	}
	within := max(newNodesWithin, time.Duration(len(fresh))*newNodesPace)
	within = min(within, p.options.StatsInterval, p.options.MetricsInterval)
	if p.options.AtOnce || p.options.Recorded != nil {
		within = 1 // a recording is not disturbed, and the clock may stand still
	}
	for _, k := range fresh {
		p.schedule.add(k, wanted, now, within)
	}
}
