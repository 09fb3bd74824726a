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
	"time"

	"github.com/kubevitals/kubevitals/sources/bounded"
	"github.com/kubevitals/kubevitals/sources/certs"
	"github.com/kubevitals/kubevitals/sources/exposition"
	"github.com/kubevitals/kubevitals/sources/health"
	"github.com/kubevitals/kubevitals/sources/rounds"
)

// Prober asks all members that it was given.
type Prober struct {
	client  *http.Client
	close   func()
	logger  *slog.Logger
	members []member
	rounds  *rounds.Rounds[member, Result]
}

// member is one endpoint.
type member struct{ host, base string }

// The bounds of what is read of a member.
const (
	bodyLimit    = 64 << 10
	metricsLimit = 16 << 20
)

// New returns a prober that has not contacted any member yet.
func New(o Options, logger *slog.Logger, now func() time.Time) (*Prober, error) {
	if err := o.fill(); err != nil {
		return nil, err
	}
	client, transport, err := o.client()
	if err != nil {
		return nil, err
	}
	p := &Prober{client: client, close: transport.CloseIdleConnections, logger: logger}
	for _, e := range o.Endpoints {
		u, err := url.Parse(e)
		if err != nil {
			return nil, fmt.Errorf("endpoint %q: %w", e, err)
		}
		if slices.ContainsFunc(p.members, func(m member) bool { return m.host == u.Host }) {
			continue
		}
		p.members = append(p.members, member{u.Host, u.Scheme + "://" + u.Host})
	}
	p.rounds = rounds.New(rounds.Options[member, Result]{
		Targets: rounds.Fixed(p.members...), Probe: p.ask,
		Interval: o.Interval, Timeout: o.Timeout, Logger: logger, Now: now,
	})
	return p, nil
}

// Run asks until ctx ends.
func (p *Prober) Run(ctx context.Context) { p.rounds.Run(ctx) }

// Starting tells whether a member has not been asked yet.
func (p *Prober) Starting() bool { return p.rounds.Starting() }

// Results returns what is to be believed of each member now, in the order of the
// options.
func (p *Prober) Results() []Result {
	answers := p.rounds.Answers()
	results := make([]Result, 0, len(p.members))
	for _, m := range p.members {
		answer, probed := answers[m]
		r := answer.Value
		if answer.Err != nil {
			reason := health.Classify(answer.Err)
			r = Result{Answer: reason, MetricsAnswer: reason}
		}
		r.Endpoint, r.Probed = m.host, probed
		results = append(results, r)
	}
	return results
}

// ask asks one member everything at once.
func (p *Prober) ask(ctx context.Context, m member, last Result) (Result, error) {
	r := Result{CertificateExpiry: last.CertificateExpiry}
	var shown time.Time
	var live, ready []Check
	rounds.Together(
		func() { r.Health, r.Answer, shown = p.health(ctx, m.base) },
		func() { live = p.checks(ctx, m.base, "livez") },
		func() { ready = p.checks(ctx, m.base, "readyz") },
		func() { r.Metrics, r.MetricsAnswer = p.metrics(ctx, m.base) },
	)
	if !shown.IsZero() {
		r.CertificateExpiry = shown
	}
	r.Up, r.Checks = r.Answer == health.Available, slices.Concat(live, ready)
	if !r.Up {
		// A connection that hangs must not be what the next round asks through.
		p.close()
	}
	return r, nil
}

// get hands the body of an answer of one of the statuses to read. It tells when the
// certificate ends that the member showed; zero if it showed none.
func (p *Prober) get(ctx context.Context, address string, read func(io.Reader) error, statuses ...int) (shown time.Time, err error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return time.Time{}, err
	}
	response, err := p.client.Do(request)
	if err != nil {
		return certs.Refused(err), fmt.Errorf("ask etcd: %w", err)
	}
	defer func() { _ = response.Body.Close() }()
	shown = certs.Shown(response.TLS)
	if !slices.Contains(statuses, response.StatusCode) {
		return shown, statusError(response.StatusCode)
	}
	if err := health.Framed(response); err != nil {
		return shown, err
	}
	return shown, read(response.Body)
}

// health asks for the health; a member that is ill says so with 503.
func (p *Prober) health(ctx context.Context, base string) (Health, health.Reason, time.Time) {
	var said struct{ Health, Reason string }
	shown, err := p.get(ctx, base+"/health", func(body io.Reader) error {
		if err := json.NewDecoder(bounded.JSON{Bytes: bodyLimit, Depth: 8}.Reader(body)).Decode(&said); err != nil || said.Health == "" {
			return invalidError{}
		}
		return nil
	}, http.StatusOK, http.StatusServiceUnavailable)
	if err != nil {
		p.logger.DebugContext(ctx, "health of a member of etcd", "endpoint", base, "err", err)
		return "", health.Classify(err), shown
	}
	return healthOf(said.Health == "true", said.Reason), health.Available, shown
}

// checks asks for the checks of one probe; etcd before 3.5.11 has none.
func (p *Prober) checks(ctx context.Context, base, probe string) []Check {
	var checks []Check
	_, err := p.get(ctx, base+"/"+probe+"?verbose", func(body io.Reader) error {
		text, err := io.ReadAll(bounded.Reader(body, bodyLimit))
		checks = parseChecks(probe, string(text))
		return err
	}, http.StatusOK, http.StatusServiceUnavailable)
	if err != nil {
		p.logger.DebugContext(ctx, "checks of a member of etcd", "endpoint", base, "probe", probe, "err", err)
		return nil
	}
	return checks
}

// metrics reads the few of the member's own metrics that matter here. Every member
// has all of them: where one is missing the answer was cut off, or is none of etcd's,
// and what is there is told all the same.
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
	_, err := p.get(ctx, base+"/metrics", func(body io.Reader) error {
		_, err := exposition.Parse(body, o)
		return err
	}, http.StatusOK)
	if err != nil {
		p.logger.DebugContext(ctx, "metrics of a member of etcd", "endpoint", base, "err", err)
		if bounded.Is(err) { // what came before is whole
			return m, health.Invalid
		}
		return nil, health.Classify(err)
	}
	if len(m) < len(metricNames()) {
		return m, health.Invalid
	}
	return m, health.Available
}
