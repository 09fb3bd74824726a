// Package livestatus diagnoses a cluster at the moment somebody asks, by what the
// exporter exports then and has exported before.
package livestatus

import (
	"context"
	"fmt"
	"sync"
	"time"

	"golang.org/x/sync/singleflight"

	"github.com/kubevitals/kubevitals/exporter"
	"github.com/kubevitals/kubevitals/internal/diagnosis"
	"github.com/kubevitals/kubevitals/internal/diagnosis/incident"
	"github.com/kubevitals/kubevitals/internal/diagnosis/ruleeval"
)

const (
	// freshFor is how old a report may be that is shown; how often Prometheus scrapes.
	freshFor = 15 * time.Second
	// freshAtStart is how old it may be if it saw only a part, because something had
	// yet to be read for the first time.
	freshAtStart = 2 * time.Second
	// keptFor is how long a report is kept after it was made: it holds all series.
	keptFor = 2 * time.Minute
	// evaluationTimeout bounds the making of one report.
	evaluationTimeout = 30 * time.Second
	// historyKept is how far back rules can look; the longest range but for one of a day.
	historyKept = time.Hour
	// historyInterval is the least time between two samples that are remembered.
	historyInterval = 10 * time.Second
)

// Options say what is looked at.
type Options struct {
	// Gather returns what the exporter exports at present, and Errors knows what is
	// behind that which is missing there.
	Gather func(context.Context) (exporter.Families, error)
	Errors diagnosis.Errors
	// Starting tells whether something has yet to be read for the first time.
	Starting func() bool
	Rules    *ruleeval.Rules
	// Causes say which alerts are one incident.
	Causes *incident.Graph
	// Translate says what a result says in Chinese, by the samples that it was made of; nil
	// where nobody reads that.
	Translate func(context.Context, *diagnosis.Result, *ruleeval.Samples) *diagnosis.Result
	// Target are the labels that Prometheus would add: job, instance and cluster.
	Target map[string]string
	// Tell tells an observation what it is of. For a dump, whose time stands still, Taken
	// is that time; it is zero for a cluster that lives.
	Tell  func(*diagnosis.Observation)
	Taken time.Time
	Now   func() time.Time
	// Looked is told of each report before anybody else sees it, and of what it was made
	// from, which never changes. It may be nil, and must be fast.
	Looked func(r *Report, families exporter.Families)
}

// Status makes a report when it is asked for one, and shows it to all who ask within
// some seconds. It is safe for concurrent use.
type Status struct {
	options Options
	flight  singleflight.Group

	mu     sync.Mutex
	latest *Report
	// history are the samples of what rules look back at, and historyAt is when the
	// latest of them were taken.
	history   *ruleeval.Samples
	historyAt time.Time
}

// New returns a status that has reported nothing yet.
func New(o Options) *Status {
	s := &Status{options: o, history: ruleeval.NewSamples(o.Target)}
	s.history.Only(o.Rules.LooksBack())
	return s
}

// Rules are those that the status evaluates.
func (s *Status) Rules() *ruleeval.Rules { return s.options.Rules }

// Report is what was found at one moment.
type Report struct {
	*diagnosis.Result

	// Starting is whether something had yet to be read for the first time.
	Starting bool
	// Oldest is the source of which the oldest news are that counted as known; its zero
	// value if there was none.
	Oldest Source
	// Nodes are the nodes that anything was told of, in the order of their names; none where
	// no kubelet is looked at, because then not all would be among them.
	Nodes []string

	rules   *ruleeval.Rules
	samples *ruleeval.Samples
	// made is when the report was made, by the clock of whoever looks.
	made time.Time
	// chinese is the result in Chinese, which is made when it is first asked for.
	chinese func() *diagnosis.Result
}

// InChinese is the report with alerts and incidents in Chinese.
func (r *Report) InChinese() *Report {
	own := *r
	own.Result = r.chinese()
	return &own
}

// expired tells whether the report is too old to be shown.
func (r *Report) expired(now time.Time) bool {
	age := now.Sub(r.made)
	return age >= freshFor || r.Starting && age >= freshAtStart
}

// Observe remembers what rules look back at from families that were gathered for
// somebody else, such as Prometheus.
func (s *Status) Observe(families exporter.Families) {
	if !s.options.Taken.IsZero() {
		return // nothing changes in a dump
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.options.Now()
	if now.Sub(s.historyAt) < historyInterval {
		return
	}
	s.history.Forget(now.Add(-historyKept))
	s.history.Add(families, now)
	s.historyAt = now
}

// Report returns what holds now, or some seconds ago if others asked then.
func (s *Status) Report(ctx context.Context) (*Report, error) {
	if r := s.fresh(); r != nil {
		return r, nil
	}
	// One who hangs up does not end it for the others.
	done := s.flight.DoChan("", func() (any, error) {
		// Another report may have been made since this one found none that is fresh.
		if r := s.fresh(); r != nil {
			return r, nil
		}
		own, cancel := context.WithTimeout(context.WithoutCancel(ctx), evaluationTimeout)
		defer cancel()
		return s.evaluate(own)
	})
	select {
	case <-ctx.Done():
		return nil, fmt.Errorf("status of the cluster: %w", context.Cause(ctx))
	case result := <-done:
		if result.Err != nil {
			return nil, fmt.Errorf("status of the cluster: %w", result.Err)
		}
		r, _ := result.Val.(*Report)
		return r, nil
	}
}

func (s *Status) fresh() *Report {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.latest == nil || s.latest.expired(s.options.Now()) {
		return nil
	}
	return s.latest
}

func (s *Status) evaluate(ctx context.Context) (*Report, error) {
	starting := s.options.Starting()
	families, err := s.options.Gather(ctx)
	if err != nil {
		return nil, err
	}
	made := s.options.Now()
	at := made
	if !s.options.Taken.IsZero() {
		at = s.options.Taken
	}
	samples := ruleeval.NewSamples(s.options.Target)
	samples.Only(s.options.Rules.Reads())
	s.mu.Lock()
	samples.Continue(s.history)
	s.mu.Unlock()
	samples.Add(families, at)
	s.Observe(families)

	seen := diagnosis.Observation{Cluster: s.options.Target["cluster"], At: at, Families: families, Samples: samples, Errors: s.options.Errors}
	if s.options.Tell != nil {
		s.options.Tell(&seen)
	}
	var evaluated *ruleeval.Samples // of a dump without what it does not hold
	result, err := diagnosis.Diagnose(ctx, seen, diagnosis.Options{
		Rules: s.options.Rules, Causes: s.options.Causes,
		Finish: func(_ context.Context, r *diagnosis.Result, s *ruleeval.Samples) *diagnosis.Result {
			evaluated = s
			return r
		},
	})
	if err != nil {
		return nil, err
	}
	r := &Report{Result: result, Starting: starting, Oldest: oldest(families), Nodes: nodesIn(families), rules: s.options.Rules, samples: samples, made: made}
	if s.options.Looked != nil {
		s.options.Looked(r, families)
	}
	r.chinese = s.translated(ctx, result, evaluated)
	s.keep(r)
	return r, nil
}

// translated translates a result once, for all who ask. Whoever asks first may hang up.
func (s *Status) translated(ctx context.Context, r *diagnosis.Result, samples *ruleeval.Samples) func() *diagnosis.Result {
	return sync.OnceValue(func() *diagnosis.Result {
		if s.options.Translate == nil {
			return r
		}
		own, cancel := context.WithTimeout(context.WithoutCancel(ctx), evaluationTimeout)
		defer cancel()
		return s.options.Translate(own, r, samples)
	})
}

// keep shows a report until it is old, and lets go of it some time after that.
func (s *Status) keep(r *Report) {
	s.mu.Lock()
	s.latest = r
	s.mu.Unlock()
	time.AfterFunc(keptFor, func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.latest == r {
			s.latest = nil
		}
	})
}

// Evidence returns the latest samples behind an alert for these labels, whether it
// holds or not.
func (r *Report) Evidence(alert string, labels map[string]string) []ruleeval.Evidence {
	return r.rules.Behind(alert, r.samples, labels)
}

// Findings returns what the alert holds for.
func (r *Report) Findings(alert string) []ruleeval.Finding {
	for _, a := range r.Alerts {
		if a.Alert == alert {
			return a.Findings
		}
	}
	return nil
}
