package ruleeval

import (
	"context"
	"maps"
	"math"
	"slices"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/value"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/util/annotations"

	"github.com/kubevitals/kubevitals/exporter"
)

// Samples are the series of one or more scrapes in memory, which the engine can
// query. Not safe for concurrent use while scrapes are added.
type Samples struct {
	target labels.Labels
	byName map[string]map[uint64][]*series
	times  []time.Time
	// only, if not nil, are the metrics that are kept.
	only map[string]bool
}

// NewSamples returns an empty store. The labels of the target, such as job and
// cluster, are added to every series as Prometheus adds those of a scrape.
func NewSamples(target map[string]string) *Samples {
	return &Samples{target: labels.FromMap(target), byName: map[string]map[uint64][]*series{}}
}

// Only makes Add leave out all metrics but these: rules read few of the series of
// a large cluster. See Rules.Reads.
func (s *Samples) Only(names map[string]bool) *Samples {
	s.only = names
	return s
}

// Without returns the samples less the series of a metric in which a label has the
// value. The others are shared.
func (s *Samples) Without(metric, label, value string) *Samples {
	less := *s
	less.byName = maps.Clone(s.byName)
	kept := map[uint64][]*series{}
	for hash, bucket := range s.byName[metric] {
		bucket = slices.DeleteFunc(slices.Clone(bucket), func(one *series) bool { return one.labels.Get(label) == value })
		if len(bucket) > 0 {
			kept[hash] = bucket
		}
	}
	less.byName[metric] = kept
	return &less
}

func (s *Samples) keeps(name string) bool { return s.only == nil || s.only[name] }

// Add adds a scrape that was taken at a time, which must be later than the one before.
func (s *Samples) Add(families exporter.Families, at time.Time) {
	s.times = append(s.times, at)
	b := labels.NewBuilder(s.target)
	for _, f := range families {
		if !s.keeps(f.Desc.Name) {
			continue
		}
		f.Each(func(values []string, v float64) {
			b.Reset(s.target)
			b.Set(model.MetricNameLabel, f.Desc.Name)
			for i, value := range values {
				b.Set(f.Desc.Labels[i], value)
			}
			s.append(b.Labels(), at, v)
		})
	}
	// What Prometheus itself says of a scrape that went well.
	if s.keeps("up") {
		b.Reset(s.target)
		s.append(b.Set(model.MetricNameLabel, "up").Labels(), at, 1)
	}
	s.markVanished(at)
}

// markVanished ends the series that the scrape did not have, as Prometheus does:
// without the mark a query would find their last value for another five minutes.
func (s *Samples) markVanished(at time.Time) {
	for _, byHash := range s.byName {
		for _, bucket := range byHash {
			for _, one := range bucket {
				if last := one.last(); last.t < at.UnixMilli() && !last.vanished() {
					one.points = append(one.points, point{at.UnixMilli(), math.Float64frombits(value.StaleNaN)})
				}
			}
		}
	}
}

func (s *Samples) append(l labels.Labels, at time.Time, v float64) {
	name, hash := l.Get(model.MetricNameLabel), l.Hash()
	if s.byName[name] == nil {
		s.byName[name] = map[uint64][]*series{}
	}
	p := point{at.UnixMilli(), v}
	for _, one := range s.byName[name][hash] {
		if labels.Equal(one.labels, l) {
			one.append(p)
			return
		}
	}
	s.byName[name][hash] = append(s.byName[name][hash], &series{l, points{p}})
}

// covered is the time between the first scrape and the last.
func (s *Samples) covered() time.Duration {
	if len(s.times) == 0 {
		return 0
	}
	return s.times[len(s.times)-1].Sub(s.times[0])
}

// Querier implements storage.Queryable.
func (s *Samples) Querier(_, _ int64) (storage.Querier, error) {
	return querier{storage.NoopQuerier(), s}, nil
}

// querier selects; the engine asks for nothing else.
type querier struct {
	storage.Querier
	samples *Samples
}

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
					found = append(found, one)
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

type set struct {
	series []storage.Series
	at     int
}

func (s *set) Next() bool                        { s.at++; return s.at < len(s.series) }
func (s *set) At() storage.Series                { return s.series[s.at] }
func (s *set) Err() error                        { return nil }
func (s *set) Warnings() annotations.Annotations { return nil }

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
