package web

import (
	"context"
	"fmt"
	"io/fs"
	"net/http"
	"sync"
	"time"

	"github.com/kubevitals/kubevitals/collectors"
	"github.com/kubevitals/kubevitals/exporter"
	"github.com/kubevitals/kubevitals/internal/blackbox"
	"github.com/kubevitals/kubevitals/internal/diagnosis"
	"github.com/kubevitals/kubevitals/internal/diagnosis/ruleeval"
	"github.com/kubevitals/kubevitals/internal/diagnosis/translate"
	"github.com/kubevitals/kubevitals/internal/livestatus"
	"github.com/kubevitals/kubevitals/internal/timeline"
	"github.com/kubevitals/kubevitals/mixin"
	"github.com/kubevitals/kubevitals/sources"
)

// Exporter is what the pages of an exporter are made from.
type Exporter struct {
	Frame   *exporter.Frame
	Sources *sources.Sources
	// Target are the labels that Prometheus would add: job, instance and cluster.
	Target map[string]string
	// Timeout bounds the gathering for one report.
	Timeout time.Duration
	// Version is that of the program.
	Version string
	// Tell tells an observation what it is of, and Taken is the time of a dump; nil and
	// zero for a cluster that lives.
	Tell  func(*diagnosis.Observation)
	Taken time.Time
	// Elsewhere are other programs that the pages link to.
	Elsewhere Elsewhere
	// BlackBox says what is kept of incidents when they begin, and where; nil for nothing.
	BlackBox *blackbox.Options
}

// now is the time that the pages are of.
func (e Exporter) now() time.Time {
	if !e.Taken.IsZero() {
		return e.Taken
	}
	return time.Now()
}

// Pages serves the pages of an exporter, with the rules and runbooks of this
// program. They are made when they are first asked for, or by Prepare: an agent, of
// which there is one on every node, spares the memory of the rules as long as no
// client asks. It is safe for concurrent use.
type Pages struct {
	prepare func() error

	mu      sync.Mutex
	status  *livestatus.Status
	box     *blackbox.Box
	handler http.Handler
}

// NewPages returns the pages, which are yet to be made.
func NewPages(e Exporter) *Pages {
	p := &Pages{}
	p.prepare = sync.OnceValue(func() error {
		past := timeline.New()
		status, box, err := e.status(past)
		if err != nil {
			return err
		}
		handler, err := e.handler(status, past, box)
		if err != nil {
			return err
		}
		p.mu.Lock()
		defer p.mu.Unlock()
		p.status, p.box, p.handler = status, box, handler
		return nil
	})
	return p
}

// Prepare makes the pages now. It fails if the rules or runbooks are broken.
func (p *Pages) Prepare() error { return p.prepare() }

// ServeHTTP implements http.Handler.
func (p *Pages) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if err := p.prepare(); err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	p.mu.Lock()
	handler := p.handler
	p.mu.Unlock()
	handler.ServeHTTP(w, r)
}

// Result is what the status page shows: what holds now, or some seconds ago if others asked
// then.
func (p *Pages) Result(ctx context.Context) (*diagnosis.Result, error) {
	if err := p.prepare(); err != nil {
		return nil, err
	}
	p.mu.Lock()
	status := p.status
	p.mu.Unlock()
	report, err := status.Report(ctx)
	if err != nil {
		return nil, err
	}
	return report.Result, nil
}

// Run looks at the cluster from time to time and keeps what is known when incidents begin,
// until ctx ends. Without a black box it does nothing. The pages must have been prepared.
func (p *Pages) Run(ctx context.Context) {
	p.mu.Lock()
	box, status := p.box, p.status
	p.mu.Unlock()
	if box == nil {
		return
	}
	box.Run(ctx, func(ctx context.Context) error {
		_, err := status.Report(ctx)
		return err
	})
}

// Observe remembers what the rules look back at, once there are pages.
func (p *Pages) Observe(families exporter.Families) {
	p.mu.Lock()
	status := p.status
	p.mu.Unlock()
	if status != nil {
		status.Observe(families)
	}
}

// status diagnoses what the frame gathers, and notes on the timeline what begins and ends.
func (e Exporter) status(past *timeline.Timeline) (*livestatus.Status, *blackbox.Box, error) {
	rules, err := diagnosis.AlertRules()
	if err != nil {
		return nil, nil, err
	}
	causes, err := diagnosis.Causes()
	if err != nil {
		return nil, nil, err
	}
	chinese, err := translate.Chinese(rules)
	if err != nil {
		return nil, nil, err
	}
	known := diagnosis.ErrorsOf(e.Sources, e.Frame)
	box := e.box(past, rules, known)
	return livestatus.New(livestatus.Options{
		Gather: func(ctx context.Context) (exporter.Families, error) {
			ctx, cancel := context.WithTimeout(ctx, e.Timeout)
			defer cancel()
			return e.Frame.Scrape(ctx)
		},
		Errors: known, Starting: e.Sources.Starting, Rules: rules, Causes: causes, Translate: chinese.Result,
		Target: e.Target, Tell: e.Tell, Taken: e.Taken, Now: time.Now,
		Looked: func(r *livestatus.Report, families exporter.Families) {
			began := past.Update(r.Result, r.Starting)
			if box != nil {
				box.Looked(r.Result, families, began)
			}
		},
	}), box, nil
}

// box is the black box; nil if there is to be none.
func (e Exporter) box(past *timeline.Timeline, rules *ruleeval.Rules, known diagnosis.Errors) *blackbox.Box {
	if e.BlackBox == nil {
		return nil
	}
	o := *e.BlackBox
	o.LooksBack, o.Errors, o.Version, o.Alerts = rules.LooksBack(), known, e.Version, map[string]bool{}
	for _, a := range rules.Alerts() {
		o.Alerts[a.Name] = true
	}
	box := blackbox.New(o, past)
	if err := box.Load(); err != nil {
		o.Logger.Warn("when incidents began is not known from before", "err", err)
	}
	return box
}

// handler serves the status page and the runbooks of this program.
func (e Exporter) handler(status *livestatus.Status, past *timeline.Timeline, box *blackbox.Box) (http.Handler, error) {
	runbooks, err := fs.Sub(mixin.Files(), "runbooks")
	if err != nil {
		return nil, fmt.Errorf("runbooks: %w", err)
	}
	summaries, err := mixin.Summaries("zh-TW")
	if err != nil {
		return nil, err
	}
	return Handler(Options{
		Runbooks: runbooks, Summaries: summaries, Rules: status.Rules(), Report: status.Report, Facts: e.Sources.Facts,
		Definitions: collectors.Catalogue(), Version: e.Version, Now: e.now,
		Timeline: past, Box: box, Elsewhere: e.Elsewhere,
		Tables: func() []exporter.Table { return []exporter.Table{e.Frame.Table(), e.Sources.Table()} },
	})
}
