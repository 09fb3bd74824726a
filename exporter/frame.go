package exporter

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
)

// FrameMetrics are the metrics by which the frame reports on its collectors.
func FrameMetrics() []*Desc {
	return []*Desc{collectorSuccess, collectorDuration, collectorCount, collectorLeftOut}
}

var (
	collectorSuccess = NewGauge("scrape", "collector_success",
		"Whether the collector told the whole truth within the deadline: 1 is yes, 0 means that all of its metrics are missing from this scrape, or those of a part that could not be read.",
		"collector")
	collectorDuration = NewGauge("scrape", "collector_duration_seconds",
		"Time the collector took, in seconds.",
		"collector")
	collectorCount = NewGauge("scrape", "collectors",
		"Collectors that ran; only agents of nodes send it, which tell of those that did not succeed alone, and not how long each took.")
	collectorLeftOut = NewGauge("scrape", "series_left_out",
		"Series that the collector left out of this scrape: bound means that others can make any number of them, invalid that their values cannot be; absent if there are none.",
		"collector", "reason")
)

// Frame runs collectors. It is safe for concurrent use.
type Frame struct {
	runners []*runner
	logger  *slog.Logger
	terse   bool

	mu   sync.Mutex
	last map[string]Status
}

// Status is what the most recent run of a collector came to.
type Status struct {
	Name     string
	At       time.Time // when it ended; zero if it never ran
	Duration time.Duration
	Series   int
	Err      error
}

// NewFrame returns a frame over the collectors, which keep their order.
func NewFrame(collectors []Named, logger *slog.Logger) *Frame {
	f := &Frame{logger: logger, last: map[string]Status{}}
	for _, c := range collectors {
		f.runners = append(f.runners, &runner{Named: c, now: time.Now})
	}
	return f
}

// bound gives each run of a collector that much time, however little one of those who
// wait for it has.
func (f *Frame) bound(timeout time.Duration) {
	for _, r := range f.runners {
		r.atLeast = timeout
	}
}

// Divide makes the frame tell what is the shard's. It is called before the first scrape.
func (f *Frame) Divide(s Shard) {
	for _, r := range f.runners {
		r.shard = s
	}
}

// Terse makes the frame tell of single collectors only where one did not succeed, and
// beside that how many there are: an agent is on every node. It is called before the
// first scrape.
func (f *Frame) Terse() { f.terse = true }

// Bind returns a prometheus.Collector that runs all collectors under ctx. It
// serves one scrape; it describes every metric that may be sent, so a registry
// refuses two collectors that disagree about one.
func (f *Frame) Bind(ctx context.Context) prometheus.Collector { return &scrape{f, ctx} }

// Scrape runs all collectors once under ctx. Its error names the metrics of which two
// collectors sent samples with the same labels; one of them is kept.
func (f *Frame) Scrape(ctx context.Context) (Families, error) { return f.scrape(ctx, f.runners) }

func (f *Frame) scrape(ctx context.Context, runners []*runner) (Families, error) {
	parts := make([]Families, len(runners))
	var wait sync.WaitGroup
	for i, r := range runners {
		wait.Go(func() {
			out := r.run(ctx)
			f.record(ctx, r.Name, out)
			parts[i] = slices.Concat(out.families, out.report(r.Name, f.terse))
		})
	}
	wait.Wait()
	if f.terse {
		parts = append(parts, Families{oneSample(collectorCount, float64(len(f.runners)))})
	}
	return merge(parts)
}

// sending are the runners of collectors that may send one of the metrics: all if no names
// are given, or that of a metric by which the frame reports on collectors.
func (f *Frame) sending(names []string) []*runner {
	named := func(d *Desc) bool { return slices.Contains(names, d.Name) }
	if len(names) == 0 || slices.ContainsFunc(FrameMetrics(), named) {
		return f.runners
	}
	return slices.DeleteFunc(slices.Clone(f.runners), func(r *runner) bool { return !slices.ContainsFunc(r.Metrics, named) })
}

// report is what the frame itself says of a run.
func (o outcome) report(name string, terse bool) Families {
	var report Families
	if !terse || o.err != nil {
		report = append(report, oneSample(collectorSuccess, Bool(o.err == nil), name))
	}
	if !terse {
		report = append(report, oneSample(collectorDuration, o.duration.Seconds(), name))
	}
	for reason, series := range o.leftOut {
		if series > 0 {
			report = append(report, oneSample(collectorLeftOut, float64(series), name, reason))
		}
	}
	return report
}

// oneSample is a family of one sample.
func oneSample(d *Desc, value float64, labels ...string) Family {
	return Family{d, []*sample{newSample(d, value, labels)}}
}

// Gather is Scrape in messages of client_golang.
func (f *Frame) Gather(ctx context.Context) ([]*dto.MetricFamily, error) {
	families, err := f.Scrape(ctx)
	if err != nil {
		return nil, fmt.Errorf("gather: %w", err)
	}
	return families.Messages(), nil
}

// Statuses returns the status of every collector, in their order.
func (f *Frame) Statuses() []Status {
	f.mu.Lock()
	defer f.mu.Unlock()
	list := make([]Status, 0, len(f.runners))
	for _, r := range f.runners {
		s := f.last[r.Name]
		s.Name = r.Name
		list = append(list, s)
	}
	return list
}

// Err returns the error of the most recent run of a collector; nil if it succeeded,
// never ran, or is none of the frame.
func (f *Frame) Err(collector string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.last[collector].Err
}

// scrape is the frame during one request. The context lives in it because
// prometheus.Collector has no parameter for one.
type scrape struct {
	frame *Frame
	ctx   context.Context
}

func (s *scrape) Describe(ch chan<- *prometheus.Desc) {
	for _, d := range FrameMetrics() {
		ch <- d.desc
	}
	for _, r := range s.frame.runners {
		for _, d := range r.Metrics {
			ch <- d.desc
		}
	}
}

func (s *scrape) Collect(ch chan<- prometheus.Metric) {
	families, err := s.frame.Scrape(s.ctx)
	if err != nil {
		ch <- prometheus.NewInvalidMetric(collectorSuccess.desc, err)
	}
	for _, family := range families {
		for _, one := range family.samples {
			ch <- one
		}
	}
}

// record keeps the status and logs a failure, at debug if it was expected.
func (f *Frame) record(ctx context.Context, name string, out outcome) {
	f.mu.Lock()
	f.last[name] = Status{Name: name, At: time.Now(), Duration: out.duration, Series: out.series, Err: out.err}
	f.mu.Unlock()

	if out.mistake != nil {
		f.logger.ErrorContext(ctx, "collector sent what it should not", "collector", name, "err", out.mistake)
	}
	var panicked *panicError
	switch {
	case out.err == nil:
		f.logger.DebugContext(ctx, "collector finished", "collector", name, "series", out.series, "duration", out.duration)
	case errors.As(out.err, &panicked):
		f.logger.ErrorContext(ctx, "collector panicked", "collector", name, "err", out.err, "stack", string(panicked.stack))
	case errors.Is(out.err, ErrNotReady):
		f.logger.DebugContext(ctx, "collector has nothing to read yet", "collector", name, "err", out.err)
	default:
		f.logger.ErrorContext(ctx, "collector failed", "collector", name, "err", out.err)
	}
}
