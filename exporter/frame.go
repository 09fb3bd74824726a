package exporter

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
)

// FrameMetrics are the metrics by which the frame reports on its collectors.
func FrameMetrics() []*Desc { return []*Desc{collectorSuccess, collectorDuration, collectorLeftOut} }

var (
	collectorSuccess = NewGauge("scrape", "collector_success",
		"Whether the collector told the whole truth within the deadline: 1 is yes, 0 means that all of its metrics are missing from this scrape, or those of a part that could not be read.",
		"collector")
	collectorDuration = NewGauge("scrape", "collector_duration_seconds",
		"Time the collector took, in seconds.",
		"collector")
	collectorLeftOut = NewGauge("scrape", "series_left_out",
		"Series that the collector left out of this scrape: bound means that others can make any number of them, invalid that their values cannot be; absent if there are none.",
		"collector", "reason")
)

// Frame runs collectors. It is safe for concurrent use.
type Frame struct {
	runners []*runner
	logger  *slog.Logger

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

// Bind returns a prometheus.Collector that runs all collectors under ctx. It
// serves one scrape; it describes every metric that may be sent, so a registry
// refuses two collectors that disagree about one.
func (f *Frame) Bind(ctx context.Context) prometheus.Collector { return &scrape{f, ctx} }

// Gather runs all collectors once under ctx.
func (f *Frame) Gather(ctx context.Context) ([]*dto.MetricFamily, error) {
	registry := prometheus.NewRegistry()
	if err := registry.Register(f.Bind(ctx)); err != nil {
		return nil, fmt.Errorf("gather: %w", err)
	}
	families, err := registry.Gather()
	if err != nil {
		return nil, fmt.Errorf("gather: %w", err)
	}
	return families, nil
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
	var wait sync.WaitGroup
	for _, r := range s.frame.runners {
		wait.Go(func() {
			out := r.run(s.ctx)
			s.frame.record(s.ctx, r.Name, out)
			for _, m := range out.metrics {
				ch <- m
			}
			ch <- collectorSuccess.Sample(Bool(out.err == nil), r.Name)
			ch <- collectorDuration.Sample(out.duration.Seconds(), r.Name)
			for reason, series := range out.leftOut {
				if series > 0 {
					ch <- collectorLeftOut.Sample(float64(series), r.Name, reason)
				}
			}
		})
	}
	wait.Wait()
}

// record keeps the status and logs a failure, at debug if it was expected.
func (f *Frame) record(ctx context.Context, name string, out outcome) {
	f.mu.Lock()
	f.last[name] = Status{Name: name, At: time.Now(), Duration: out.duration, Series: len(out.metrics), Err: out.err}
	f.mu.Unlock()

	var panicked *panicError
	switch {
	case out.err == nil:
		f.logger.DebugContext(ctx, "collector finished", "collector", name, "series", len(out.metrics), "duration", out.duration)
	case errors.As(out.err, &panicked):
		f.logger.ErrorContext(ctx, "collector panicked", "collector", name, "err", out.err, "stack", string(panicked.stack))
	case errors.Is(out.err, ErrNotReady):
		f.logger.DebugContext(ctx, "collector has nothing to read yet", "collector", name, "err", out.err)
	default:
		f.logger.ErrorContext(ctx, "collector failed", "collector", name, "err", out.err)
	}
}
