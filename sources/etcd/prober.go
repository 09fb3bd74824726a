package etcd

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/kubevitals/kubevitals/sources/exposition"
	"github.com/kubevitals/kubevitals/sources/health"
)

// Prober asks all members that it was given.
type Prober struct {
	options Options
	client  *http.Client
	close   func()
	logger  *slog.Logger
	now     func() time.Time

	mu      sync.Mutex
	members []*member
	wait    sync.WaitGroup
}

// member is one endpoint. The prober's lock guards all but base.
type member struct {
	base   string
	busy   bool
	at     time.Time
	result Result
}

// The bounds of what is read of a member.
const (
	bodyLimit    = 64 << 10
	metricsLimit = 16 << 20
)

// New returns a prober that has contacted nobody.
func New(o Options, logger *slog.Logger, now func() time.Time) (*Prober, error) {
	if err := o.fill(); err != nil {
		return nil, err
	}
	client, transport, err := o.client()
	if err != nil {
		return nil, err
	}
	p := &Prober{options: o, client: client, close: transport.CloseIdleConnections, logger: logger, now: now}
	seen := map[string]bool{}
	for _, e := range o.Endpoints {
		u, err := url.Parse(e)
		if err != nil {
			return nil, fmt.Errorf("endpoint %q: %w", e, err)
		}
		if seen[u.Host] {
			continue
		}
		seen[u.Host] = true
		p.members = append(p.members, &member{base: u.Scheme + "://" + u.Host, result: Result{Endpoint: u.Host}})
	}
	return p, nil
}

// Run asks until ctx ends.
func (p *Prober) Run(ctx context.Context) {
	defer p.wait.Wait()
	tick := time.NewTicker(p.options.Interval)
	defer tick.Stop()
	for {
		p.round(ctx)
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// round asks every member that is not still being asked.
func (p *Prober) round(ctx context.Context) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, m := range p.members {
		if m.busy {
			continue
		}
		m.busy = true
		p.wait.Go(func() {
			r := p.ask(ctx, m.base)
			p.mu.Lock()
			defer p.mu.Unlock()
			r.Endpoint = m.result.Endpoint
			m.busy, m.at, m.result = false, p.now(), r
		})
	}
}

// Results returns what is to be believed of each member now, in the order of the
// options.
func (p *Prober) Results() []Result {
	const slack = 2 * time.Second
	p.mu.Lock()
	defer p.mu.Unlock()
	results := make([]Result, 0, len(p.members))
	for _, m := range p.members {
		r := m.result
		if r.Probed && p.now().Sub(m.at) > p.options.Interval+p.options.Timeout+slack {
			r = Result{Endpoint: r.Endpoint, Probed: true, Answer: health.Stale, MetricsAnswer: health.Stale}
		}
		results = append(results, r)
	}
	return results
}

// Starting tells whether a member has not been asked yet.
func (p *Prober) Starting() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.ContainsFunc(p.members, func(m *member) bool { return !m.result.Probed })
}

// ask puts all questions at once, so that a member that hangs costs one timeout.
func (p *Prober) ask(ctx context.Context, base string) Result {
	ctx, cancel := context.WithTimeout(ctx, p.options.Timeout)
	defer cancel()
	r := Result{Probed: true}
	var live, ready []Check
	var wait sync.WaitGroup
	wait.Go(func() { r.Health, r.Answer = p.health(ctx, base) })
	wait.Go(func() { live = p.checks(ctx, base, "livez") })
	wait.Go(func() { ready = p.checks(ctx, base, "readyz") })
	wait.Go(func() { r.Metrics, r.MetricsAnswer = p.metrics(ctx, base) })
	wait.Wait()
	r.Up, r.Checks = r.Answer == health.Available, slices.Concat(live, ready)
	if !r.Up {
		// A connection that hangs must not be what the next round asks through.
		p.close()
	}
	return r
}

// get returns the body of an answer of one of the statuses.
func (p *Prober) get(ctx context.Context, address string, read func(io.Reader) error, statuses ...int) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return err
	}
	response, err := p.client.Do(request)
	if err != nil {
		return fmt.Errorf("ask etcd: %w", err)
	}
	defer func() { _ = response.Body.Close() }()
	for _, s := range statuses {
		if response.StatusCode == s {
			return read(response.Body)
		}
	}
	return statusError(response.StatusCode)
}

// health asks for the health; a member that is ill says so with 503.
func (p *Prober) health(ctx context.Context, base string) (Health, health.Reason) {
	var said struct{ Health, Reason string }
	err := p.get(ctx, base+"/health", func(body io.Reader) error {
		if err := json.NewDecoder(io.LimitReader(body, bodyLimit)).Decode(&said); err != nil || said.Health == "" {
			return invalidError{}
		}
		return nil
	}, http.StatusOK, http.StatusServiceUnavailable)
	if err != nil {
		p.logger.DebugContext(ctx, "health of a member of etcd", "endpoint", base, "err", err)
		return "", health.Classify(err)
	}
	return healthOf(said.Health == "true", said.Reason), health.Available
}

// checks asks for the checks of one probe; etcd before 3.5.11 has none.
func (p *Prober) checks(ctx context.Context, base, probe string) []Check {
	var checks []Check
	err := p.get(ctx, base+"/"+probe+"?verbose", func(body io.Reader) error {
		text, err := io.ReadAll(io.LimitReader(body, bodyLimit))
		checks = parseChecks(probe, string(text))
		return err
	}, http.StatusOK, http.StatusServiceUnavailable)
	if err != nil {
		p.logger.DebugContext(ctx, "checks of a member of etcd", "endpoint", base, "probe", probe, "err", err)
		return nil
	}
	return checks
}

// metrics reads the few of the member's own metrics that matter here.
func (p *Prober) metrics(ctx context.Context, base string) (Metrics, health.Reason) {
	m := Metrics{}
	o := exposition.Options{BodyLimit: metricsLimit, Visit: map[string]func(labels, value []byte){}}
	for _, name := range metricNames() {
		o.Visit[name] = func(_, value []byte) {
			if v, err := strconv.ParseFloat(string(value), 64); err == nil {
				m[name] = v
			}
		}
	}
	err := p.get(ctx, base+"/metrics", func(body io.Reader) error {
		_, err := exposition.Parse(body, o)
		return err
	}, http.StatusOK)
	if err != nil {
		p.logger.DebugContext(ctx, "metrics of a member of etcd", "endpoint", base, "err", err)
		return nil, health.Classify(err)
	}
	return m, health.Available
}
