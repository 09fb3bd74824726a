package verdict

import (
	"context"
	"slices"
	"time"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/tsdb/chunkenc"
	"github.com/prometheus/prometheus/tsdb/chunks"
	"github.com/prometheus/prometheus/util/annotations"
)

// Samples are the series of one or more scrapes in memory, which the engine can
// query. Not safe for concurrent use while scrapes are added.
type Samples struct {
	target labels.Labels
	byName map[string]map[uint64][]*series
	times  []time.Time
}

type series struct {
	labels labels.Labels
	points []chunks.Sample
}

// NewSamples returns an empty store. The labels of the target, such as job and
// cluster, are added to every series as Prometheus adds those of a scrape.
func NewSamples(target map[string]string) *Samples {
	return &Samples{target: labels.FromMap(target), byName: map[string]map[uint64][]*series{}}
}

// Add adds a scrape that was taken at a time, which must be later than the one
// before. Histograms and summaries are left out: no rule reads any of ours.
func (s *Samples) Add(families []*dto.MetricFamily, at time.Time) {
	s.times = append(s.times, at)
	for _, f := range families {
		for _, m := range f.GetMetric() {
			switch {
			case m.Gauge != nil:
				s.add(f.GetName(), m.GetLabel(), at, m.GetGauge().GetValue())
			case m.Counter != nil:
				s.add(f.GetName(), m.GetLabel(), at, m.GetCounter().GetValue())
			case m.Untyped != nil:
				s.add(f.GetName(), m.GetLabel(), at, m.GetUntyped().GetValue())
			}
		}
	}
	// What Prometheus itself says of a scrape that went well.
	s.add("up", nil, at, 1)
}

func (s *Samples) add(name string, pairs []*dto.LabelPair, at time.Time, value float64) {
	b := labels.NewBuilder(s.target).Set(model.MetricNameLabel, name)
	for _, p := range pairs {
		b.Set(p.GetName(), p.GetValue())
	}
	s.append(b.Labels(), at, value)
}

func (s *Samples) append(l labels.Labels, at time.Time, value float64) {
	name, hash := l.Get(model.MetricNameLabel), l.Hash()
	if s.byName[name] == nil {
		s.byName[name] = map[uint64][]*series{}
	}
	p := point{at.UnixMilli(), value}
	for _, one := range s.byName[name][hash] {
		if labels.Equal(one.labels, l) {
			one.points = append(one.points, p)
			return
		}
	}
	s.byName[name][hash] = append(s.byName[name][hash], &series{l, []chunks.Sample{p}})
}

// covered is the time between the first scrape and the last.
func (s *Samples) covered() time.Duration {
	if len(s.times) == 0 {
		return 0
	}
	return s.times[len(s.times)-1].Sub(s.times[0])
}

// Querier implements storage.Queryable.
func (s *Samples) Querier(_, _ int64) (storage.Querier, error) { return querier{s}, nil }

type querier struct{ samples *Samples }

// Select implements storage.Querier. Every selector of a rule names its metric.
func (q querier) Select(_ context.Context, sorted bool, _ *storage.SelectHints, matchers ...*labels.Matcher) storage.SeriesSet {
	var found []storage.Series
	for name, byHash := range q.samples.byName {
		if !matchesName(name, matchers) {
			continue
		}
		for _, bucket := range byHash {
			for _, one := range bucket {
				if matchesAll(one.labels, matchers) {
					found = append(found, storage.NewListSeries(one.labels, one.points))
				}
			}
		}
	}
	if sorted {
		slices.SortFunc(found, func(a, b storage.Series) int { return labels.Compare(a.Labels(), b.Labels()) })
	}
	return &set{series: found, at: -1}
}

func matchesName(name string, matchers []*labels.Matcher) bool {
	for _, m := range matchers {
		if m.Name == model.MetricNameLabel && !m.Matches(name) {
			return false
		}
	}
	return true
}

func matchesAll(l labels.Labels, matchers []*labels.Matcher) bool {
	for _, m := range matchers {
		if !m.Matches(l.Get(m.Name)) {
			return false
		}
	}
	return true
}

// LabelValues implements storage.Querier; no rule asks for them.
func (q querier) LabelValues(context.Context, string, *storage.LabelHints, ...*labels.Matcher) ([]string, annotations.Annotations, error) {
	return nil, nil, nil
}

// LabelNames implements storage.Querier; no rule asks for them.
func (q querier) LabelNames(context.Context, *storage.LabelHints, ...*labels.Matcher) ([]string, annotations.Annotations, error) {
	return nil, nil, nil
}

// Close implements storage.Querier.
func (q querier) Close() error { return nil }

type set struct {
	series []storage.Series
	at     int
}

func (s *set) Next() bool                        { s.at++; return s.at < len(s.series) }
func (s *set) At() storage.Series                { return s.series[s.at] }
func (s *set) Err() error                        { return nil }
func (s *set) Warnings() annotations.Annotations { return nil }

// point is one sample: milliseconds and value.
type point struct {
	t int64
	v float64
}

func (p point) T() int64                      { return p.t }
func (p point) ST() int64                     { return 0 }
func (p point) F() float64                    { return p.v }
func (p point) H() *histogram.Histogram       { return nil }
func (p point) FH() *histogram.FloatHistogram { return nil }
func (p point) Type() chunkenc.ValueType      { return chunkenc.ValFloat }
func (p point) Copy() chunks.Sample           { return p }

// text is how a person reads a series: without the labels of the target.
func (s *Samples) text(l labels.Labels) string {
	b := labels.NewBuilder(l).Del(model.MetricNameLabel)
	s.target.Range(func(t labels.Label) { b.Del(t.Name) })
	rest := b.Labels()
	if rest.IsEmpty() {
		return l.Get(model.MetricNameLabel)
	}
	return l.Get(model.MetricNameLabel) + rest.String()
}
