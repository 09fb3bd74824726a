package rulecost

import (
	"context"
	"slices"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/tsdb/chunkenc"
	"github.com/prometheus/prometheus/tsdb/chunks"
	"github.com/prometheus/prometheus/util/annotations"
)

// History holds series of regular samples, each of which is computed when it is read: a
// day of a large cluster fits into memory. Not safe for concurrent use while series are
// added.
type History struct {
	end      time.Time
	interval time.Duration
	samples  int
	byName   map[string][]*series
}

// NewHistory returns one without series, of samples up to end.
func NewHistory(end time.Time, length, interval time.Duration) *History {
	return &History{end, interval, int(length/interval) + 1, map[string][]*series{}}
}

// Add adds a series that ends with the value last, and grew so much per second.
func (h *History) Add(l labels.Labels, last, perSecond float64) {
	name := l.Get(model.MetricNameLabel)
	h.byName[name] = append(h.byName[name], &series{l, course{history: h, last: last, perSecond: perSecond}})
}

// Querier implements storage.Queryable.
func (h *History) Querier(_, _ int64) (storage.Querier, error) {
	return querier{storage.NoopQuerier(), h}, nil
}

// querier selects; the engine asks for nothing else.
type querier struct {
	storage.Querier
	history *History
}

// Select implements storage.Querier. Every selector of a rule names its metric.
func (q querier) Select(_ context.Context, sorted bool, _ *storage.SelectHints, matchers ...*labels.Matcher) storage.SeriesSet {
	var found []storage.Series
	for _, name := range named(matchers) {
		for _, s := range q.history.byName[name] {
			if !slices.ContainsFunc(matchers, func(m *labels.Matcher) bool { return !m.Matches(s.labels.Get(m.Name)) }) {
				found = append(found, s)
			}
		}
	}
	if sorted {
		slices.SortFunc(found, func(a, b storage.Series) int { return labels.Compare(a.Labels(), b.Labels()) })
	}
	return &set{series: found, at: -1}
}

func named(matchers []*labels.Matcher) (names []string) {
	for _, m := range matchers {
		if m.Name == model.MetricNameLabel && m.Type == labels.MatchEqual {
			names = append(names, m.Value)
		}
	}
	return names
}

type set struct {
	series []storage.Series
	at     int
}

func (s *set) Next() bool                        { s.at++; return s.at < len(s.series) }
func (s *set) At() storage.Series                { return s.series[s.at] }
func (s *set) Err() error                        { return nil }
func (s *set) Warnings() annotations.Annotations { return nil }

type series struct {
	labels labels.Labels
	course course
}

// Labels implements storage.Series.
func (s *series) Labels() labels.Labels { return s.labels }

// Iterator implements storage.Series.
func (s *series) Iterator(used chunkenc.Iterator) chunkenc.Iterator {
	own := s.course // of which two readers share no sample
	if again, ok := used.(interface{ Reset(samples storage.Samples) }); ok {
		again.Reset(&own)
		return used
	}
	return storage.NewListSeriesIterator(&own)
}

// course is how the value of a series goes. It implements storage.Samples.
type course struct {
	history         *History
	last, perSecond float64
	at              point
}

// Get returns the sample, which is that of the next call as well.
func (c *course) Get(i int) chunks.Sample {
	ago := time.Duration(c.history.samples-1-i) * c.history.interval
	c.at = point{c.history.end.Add(-ago).UnixMilli(), c.last - c.perSecond*ago.Seconds()}
	return &c.at
}
func (c *course) Len() int { return c.history.samples }

// point is one sample: milliseconds and value.
type point struct {
	t int64
	v float64
}

func (p *point) T() int64                      { return p.t }
func (p *point) ST() int64                     { return 0 }
func (p *point) F() float64                    { return p.v }
func (p *point) H() *histogram.Histogram       { return nil }
func (p *point) FH() *histogram.FloatHistogram { return nil }
func (p *point) Type() chunkenc.ValueType      { return chunkenc.ValFloat }
func (p *point) Copy() chunks.Sample           { again := *p; return &again }
