// Package livestatus tells what holds in a cluster at the moment somebody looks: it
// evaluates the alerting rules over what the exporter exports.
package livestatus

import (
	"context"
	"fmt"
	"sync"
	"time"

	dto "github.com/prometheus/client_model/go"
	"golang.org/x/sync/singleflight"

	"github.com/kubevitals/kubevitals/internal/diagnosis/report"
	"github.com/kubevitals/kubevitals/internal/diagnosis/ruleeval"
)

const (
	// freshFor is how old a look may be that is shown; how often Prometheus scrapes.
	freshFor = 15 * time.Second
	// freshAtStart is how old it may be if it saw only a part, because something had
	// yet to be read for the first time.
	freshAtStart = 2 * time.Second
	// keptFor is how long a look is kept after it was made: it holds all series.
	keptFor = 2 * time.Minute
	// lookTimeout bounds one look.
	lookTimeout = 30 * time.Second
	// memory is how far back rules can look; the longest range but for one of a day.
	memory = time.Hour
	// between is the least time between two samples that are remembered.
	between = 10 * time.Second
)

// Options say what is looked at.
type Options struct {
	// Gather returns what the exporter exports at present, and Why knows the errors
	// behind what is missing there.
	Gather func(context.Context) ([]*dto.MetricFamily, error)
	Why    report.Why
	// Starting tells whether something has yet to be read for the first time.
	Starting func() bool
	Rules    *ruleeval.Rules
	// Target are the labels that Prometheus would add: job, instance and cluster.
	Target map[string]string
	Now    func() time.Time
}

// Board looks when it is asked, and shows one look to all who ask within some
// seconds. It is safe for concurrent use.
type Board struct {
	options Options
	looks   singleflight.Group

	mu     sync.Mutex
	latest *Look
	// past are the samples of what rules look back at, and remembered when the
	// latest of them were taken.
	past       *ruleeval.Samples
	remembered time.Time
}

// New returns a board that has not looked yet.
func New(o Options) *Board {
	b := &Board{options: o, past: ruleeval.NewSamples(o.Target)}
	b.past.Only(o.Rules.LooksBack())
	return b
}

// Rules are those that the board evaluates.
func (b *Board) Rules() *ruleeval.Rules { return b.options.Rules }

// Look is what a board saw.
type Look struct {
	*report.Result
	// Signals says of every signal how it is.
	Signals []report.Signal

	// Starting is whether something had yet to be read for the first time.
	Starting bool

	rules   *ruleeval.Rules
	samples *ruleeval.Samples
}

// old tells whether the look is too old to be shown.
func (l *Look) old(now time.Time) bool {
	age := now.Sub(l.At)
	return age >= freshFor || l.Starting && age >= freshAtStart
}

// Observe remembers what rules look back at from families that were gathered for
// somebody else, such as Prometheus.
func (b *Board) Observe(families []*dto.MetricFamily) {
	b.mu.Lock()
	defer b.mu.Unlock()
	now := b.options.Now()
	if now.Sub(b.remembered) < between {
		return
	}
	b.past.Forget(now.Add(-memory))
	b.past.Add(families, now)
	b.remembered = now
}

// Look returns what holds now, or some seconds ago if others asked then.
func (b *Board) Look(ctx context.Context) (*Look, error) {
	if l := b.fresh(); l != nil {
		return l, nil
	}
	// One who hangs up does not end it for the others.
	done := b.looks.DoChan("", func() (any, error) {
		// Another look may have ended since this one found none that is fresh.
		if l := b.fresh(); l != nil {
			return l, nil
		}
		own, cancel := context.WithTimeout(context.WithoutCancel(ctx), lookTimeout)
		defer cancel()
		return b.look(own)
	})
	select {
	case <-ctx.Done():
		return nil, fmt.Errorf("look at the cluster: %w", context.Cause(ctx))
	case result := <-done:
		if result.Err != nil {
			return nil, fmt.Errorf("look at the cluster: %w", result.Err)
		}
		l, _ := result.Val.(*Look)
		return l, nil
	}
}

func (b *Board) fresh() *Look {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.latest == nil || b.latest.old(b.options.Now()) {
		return nil
	}
	return b.latest
}

func (b *Board) look(ctx context.Context) (*Look, error) {
	starting := b.options.Starting()
	families, err := b.options.Gather(ctx)
	if err != nil {
		return nil, err
	}
	at := b.options.Now()
	samples := ruleeval.NewSamples(b.options.Target)
	samples.Only(b.options.Rules.Reads())
	b.mu.Lock()
	samples.Continue(b.past)
	b.mu.Unlock()
	samples.Add(families, at)
	b.Observe(families)

	outcome, err := b.options.Rules.Evaluate(ctx, samples)
	if err != nil {
		return nil, err
	}
	l := &Look{
		Result: &report.Result{
			At: at, Cluster: b.options.Target["cluster"], Reaching: outcome.Reaching,
			Causes: report.Causes(outcome.Findings, func(string, map[string]string) string { return "" }),
		},
		Starting: starting, rules: b.options.Rules, samples: samples,
	}
	report.Explain(l.Causes, b.options.Why)
	l.Blind, l.Absent = report.Sightless(families, b.options.Why)
	l.Signals = report.Signals(families, b.options.Rules.Alerts(), l.Causes)
	l.Answer(b.options.Rules.Alerts(), l.Signals)
	b.keep(l)
	return l, nil
}

// keep shows a look until it is old, and lets go of it some time after that.
func (b *Board) keep(l *Look) {
	b.mu.Lock()
	b.latest = l
	b.mu.Unlock()
	time.AfterFunc(keptFor, func() {
		b.mu.Lock()
		defer b.mu.Unlock()
		if b.latest == l {
			b.latest = nil
		}
	})
}

// Evidence returns the latest samples behind an alert for these labels, whether it
// holds or not.
func (l *Look) Evidence(alert string, labels map[string]string) []ruleeval.Evidence {
	return l.rules.Behind(alert, l.samples, labels)
}

// Findings returns what the alert holds for.
func (l *Look) Findings(alert string) []ruleeval.Finding {
	for _, c := range l.Causes {
		if c.Alert == alert {
			return c.Findings
		}
	}
	return nil
}
