package kubelet

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"slices"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/client-go/rest"

	"github.com/kubevitals/kubevitals/sources/health"
)

// staleIntervals is how many intervals an answer outlives. Then even a request
// that started late and used up its timeout should have replaced it.
const staleIntervals = 3

// Poller keeps the last answer of every kubelet. It holds no goroutine per
// kubelet: one heap of due times starts requests, each bounded in time.
type Poller struct {
	options Options
	client  *client
	nodes   func() ([]*corev1.Node, error)
	now     func() time.Time
	trouble *trouble
	wanted  [endpointCount]bool

	// Owned by Run.
	schedule *schedule
	tracked  map[string]*tracked
	look     uint64 // counts how often the nodes were listed
	configs  configs

	// mu guards seen and order, and the results and targets of the kubelets in it.
	mu    sync.RWMutex
	seen  bool // the nodes, at least once
	order []*tracked
}

// NewPoller prepares a poller of the kubelets of all nodes. Of cfg it takes the
// credentials only. While nodes fails, the kubelets known so far are polled on.
func NewPoller(o Options, cfg *rest.Config, nodes func() ([]*corev1.Node, error), logger *slog.Logger, now func() time.Time) (*Poller, error) {
	return newPoller(o, cfg, nodes, logger, now, (&net.Dialer{Timeout: dialTimeout}).DialContext)
}

func newPoller(o Options, cfg *rest.Config, nodes func() ([]*corev1.Node, error), logger *slog.Logger, now func() time.Time, dial dialer) (*Poller, error) {
	if err := o.validate(); err != nil {
		return nil, err
	}
	c, err := newClient(o, cfg, dial)
	if err != nil {
		return nil, err
	}
	return &Poller{
		options:  o,
		client:   c,
		nodes:    nodes,
		now:      now,
		trouble:  newTrouble(logger),
		schedule: newSchedule(o),
		tracked:  map[string]*tracked{},
	}, nil
}

// WantStats makes Run fetch the statistics of file systems. Call it before Run,
// like all Want methods: what no collector wants is not fetched.
func (p *Poller) WantStats() { p.wanted[statsSummary] = true }

// WantConfig makes Run fetch the configuration.
func (p *Poller) WantConfig() { p.wanted[configz] = true }

// WantMetrics makes Run fetch and count the kubelet's own metrics.
func (p *Poller) WantMetrics() { p.wanted[metrics] = true }

// Wanted are the endpoints that Run fetches, by their names in metrics.
func (p *Poller) Wanted() []string {
	var names []string
	for _, e := range endpoints() {
		if p.wanted[e] {
			names = append(names, e.String())
		}
	}
	return names
}

// finished is a request that came to an end.
type finished struct {
	task   *task
	answer answer
	err    error
}

// Run polls until ctx ends, and returns when no request is left. Call it once.
func (p *Poller) Run(ctx context.Context) {
	var requests sync.WaitGroup
	defer requests.Wait()
	done := make(chan finished)
	every := refreshEvery
	if p.options.AtOnce {
		every = refreshAtOnce
	}
	refresh := time.NewTicker(every)
	defer refresh.Stop()
	due := time.NewTimer(0)
	defer due.Stop()
	p.refresh(p.now())
	for ctx.Err() == nil {
		for t := p.schedule.next(p.now()); t != nil; t = p.schedule.next(p.now()) {
			to := t.kubelet.target
			to.keep = t.kubelet.holding()
			requests.Go(func() {
				a, err := p.client.fetch(ctx, to, t.endpoint)
				select {
				case done <- finished{t, a, err}:
				case <-ctx.Done():
				}
			})
		}
		due.Reset(p.schedule.wait(p.now()))
		select {
		case <-ctx.Done():
		case <-due.C:
		case <-refresh.C:
			if p.refresh(p.now()) {
				refresh.Reset(refreshEvery)
			}
		case f := <-done:
			if ctx.Err() == nil { // else it may have failed for that alone
				p.finish(f, p.now())
			}
		}
	}
}

// finish records what a request came to.
func (p *Poller) finish(f finished, now time.Time) {
	if f.err == nil && f.answer.header != nil {
		f.err = f.task.dated.Next(f.answer.header, now)
	}
	p.schedule.finish(f.task, outcomeOf(f.err), now)
	k, e := f.task.kubelet, f.task.endpoint
	if k.gone {
		return
	}
	was, reason := k.result.reason(e), health.Classify(f.err)
	p.mu.Lock()
	next := *k.result
	next.reached(reachOf(f.err), f.task.started, now)
	if !f.answer.serving.IsZero() {
		next.ServingExpiry = f.answer.serving
	}
	switch {
	case e == statsSummary && f.err == nil:
		next.Stats.take(f.answer.summary, now, f.answer.summary.Invalid)
	case e == configz && f.err == nil:
		next.Config.take(p.configs.shared(f.answer.config), now, f.answer.config.Invalid)
	case f.err == nil:
		next.Metrics.take(f.answer.report, now, f.answer.report.Invalid)
	default:
		next.fail(e, reason)
		if p.schedule.chained && outcomeOf(f.err) == unreached {
			next.failStarting(reason)
		}
	}
	k.result = &next
	told, err := next.reason(e), f.err
	p.mu.Unlock()
	if err == nil && told == health.Invalid {
		err = invalidFigures(f.answer)
	}
	p.trouble.changed(k.result.Node, e, was, told, err)
}

// Starting tells whether the nodes or an endpoint of a kubelet have not been read
// at all yet, be it well or not.
func (p *Poller) Starting() bool {
	p.mu.RLock()
	defer p.mu.RUnlock()
	return !p.seen || slices.ContainsFunc(p.order, (*tracked).starting)
}

// Progress counts the kubelets, and those of them whose every endpoint has been read
// at least once, be it well or not.
func (p *Poller) Progress() (read, all int) {
	p.mu.RLock()
	defer p.mu.RUnlock()
	for _, k := range p.order {
		if !k.starting() {
			read++
		}
	}
	return read, len(p.order)
}

// Example returns an error with which some kubelet cannot be read at the endpoint,
// named as in metrics, for that reason; nil if there is none.
func (p *Poller) Example(endpoint string, reason health.Reason) error {
	return p.trouble.example(endpoint, reason)
}

func outcomeOf(err error) outcome {
	if err == nil {
		return answered
	}
	if _, ok := errors.AsType[*unreachedError](err); ok {
		return unreached
	}
	switch health.Classify(err) {
	case health.Timeout, health.Unreachable:
		return silent
	}
	return refused
}

// Results returns what is known of each kubelet, sorted by node; callers must not change
// it, nor does it change. An answer that was not renewed in time is not handed out: its
// reason is health.Stale. The reach of one that was not asked for longer than its turn
// takes is NotTried.
func (p *Poller) Results() []*Result {
	now := p.now()
	stats := staleIntervals*p.options.StatsInterval + p.options.Timeout
	others := staleIntervals*p.options.MetricsInterval + p.options.Timeout
	p.mu.RLock()
	defer p.mu.RUnlock()
	results := make([]*Result, len(p.order))
	failing := 0
	for _, k := range p.order {
		failing += k.result.failing()
	}
	turn := others + p.options.lap(failing)
	for i, k := range p.order {
		results[i] = k.result.aged(now, stats, others, turn)
	}
	return results
}
