package main

import (
	"context"
	"fmt"
	"math"
	"slices"
	"sort"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/tsdb/chunkenc"
	"github.com/prometheus/prometheus/util/annotations"
)

// point is a sample at a time in milliseconds.
type point struct {
	t int64
	v float64
}

type series struct {
	labels labels.Labels
	points []point
}

// table holds series by the name of their metric, and by their labels.
type table struct {
	byName map[string][]*series
	byHash map[uint64][]*series
}

func newTable() *table { return &table{map[string][]*series{}, map[uint64][]*series{}} }

func (t *table) find(l labels.Labels) *series {
	for _, one := range t.byHash[l.Hash()] {
		if labels.Equal(one.labels, l) {
			return one
		}
	}
	return nil
}

func (t *table) add(one *series) {
	name, hash := one.labels.Get(model.MetricNameLabel), one.labels.Hash()
	t.byName[name] = append(t.byName[name], one)
	t.byHash[hash] = append(t.byHash[hash], one)
}

// store is what Prometheus would know at a time: the series of a test up to then, which
// many stores share, and what rules wrote. It is not for concurrent use.
type store struct {
	inputs, written *table
	now             int64
}

func newStore(inputs *table) *store { return &store{inputs: inputs, written: newTable()} }

// append adds a sample that a rule wrote, or refuses it as Prometheus' storage does.
func (s *store) append(l labels.Labels, t int64, v float64) error {
	if input := s.inputs.find(l); input != nil {
		for _, p := range input.points {
			if p.t == t && math.Float64bits(p.v) == math.Float64bits(v) {
				return nil
			}
		}
		return fmt.Errorf("a rule writes %s, and the test gives another value of it: %w", l, storage.ErrDuplicateSampleForTimestamp)
	}
	one := s.written.find(l)
	if one == nil {
		s.written.add(&series{l, []point{{t, v}}})
		return nil
	}
	switch last := one.points[len(one.points)-1]; {
	case last.t > t:
		return storage.ErrOutOfOrderSample
	case last.t < t:
		one.points = append(one.points, point{t, v})
	case math.Float64bits(last.v) != math.Float64bits(v):
		return storage.ErrDuplicateSampleForTimestamp
	}
	return nil
}

// Querier implements storage.Queryable.
func (s *store) Querier(_, _ int64) (storage.Querier, error) {
	return querier{storage.NoopQuerier(), s}, nil
}

type querier struct {
	storage.Querier
	store *store
}

// Select implements storage.Querier.
func (q querier) Select(_ context.Context, sorted bool, _ *storage.SelectHints, matchers ...*labels.Matcher) storage.SeriesSet {
	found := &set{at: -1}
	for _, t := range []*table{q.store.inputs, q.store.written} {
		for _, one := range t.selected(matchers) {
			end := sort.Search(len(one.points), func(i int) bool { return one.points[i].t > q.store.now })
			if end > 0 {
				found.series = append(found.series, &series{one.labels, one.points[:end]})
			}
		}
	}
	if sorted {
		slices.SortFunc(found.series, func(a, b storage.Series) int { return labels.Compare(a.Labels(), b.Labels()) })
	}
	return found
}

func (t *table) selected(matchers []*labels.Matcher) []*series {
	var found []*series
	for _, m := range matchers {
		if m.Name == model.MetricNameLabel && m.Type == labels.MatchEqual {
			return matching(t.byName[m.Value], matchers)
		}
	}
	for _, all := range t.byName {
		found = append(found, matching(all, matchers)...)
	}
	return found
}

func matching(all []*series, matchers []*labels.Matcher) []*series {
	var found []*series
	for _, one := range all {
		if !slices.ContainsFunc(matchers, func(m *labels.Matcher) bool { return !m.Matches(one.labels.Get(m.Name)) }) {
			found = append(found, one)
		}
	}
	return found
}

type set struct {
	series []storage.Series
	at     int
}

func (s *set) Next() bool                        { s.at++; return s.at < len(s.series) }
func (s *set) At() storage.Series                { return s.series[s.at] }
func (s *set) Err() error                        { return nil }
func (s *set) Warnings() annotations.Annotations { return nil }

// Labels implements storage.Series.
func (s *series) Labels() labels.Labels { return s.labels }

// Iterator implements storage.Series.
func (s *series) Iterator(again chunkenc.Iterator) chunkenc.Iterator {
	if it, ok := again.(*iterator); ok {
		it.points, it.at = s.points, -1
		return it
	}
	return &iterator{s.points, -1}
}

// iterator goes through samples that are numbers.
type iterator struct {
	points []point
	at     int
}

// Next implements chunkenc.Iterator.
func (it *iterator) Next() chunkenc.ValueType {
	it.at++
	return it.kind()
}

func (it *iterator) kind() chunkenc.ValueType {
	if it.at >= len(it.points) {
		return chunkenc.ValNone
	}
	return chunkenc.ValFloat
}

// Seek implements chunkenc.Iterator.
func (it *iterator) Seek(t int64) chunkenc.ValueType {
	it.at = max(it.at, 0)
	if it.at < len(it.points) && it.points[it.at].t < t {
		it.at += sort.Search(len(it.points)-it.at, func(i int) bool { return it.points[it.at+i].t >= t })
	}
	return it.kind()
}

// At implements chunkenc.Iterator.
func (it *iterator) At() (int64, float64) { return it.points[it.at].t, it.points[it.at].v }

// AtHistogram implements chunkenc.Iterator. There are no histograms.
func (it *iterator) AtHistogram(*histogram.Histogram) (int64, *histogram.Histogram) { return 0, nil }

// AtFloatHistogram implements chunkenc.Iterator. There are no histograms.
func (it *iterator) AtFloatHistogram(*histogram.FloatHistogram) (int64, *histogram.FloatHistogram) {
	return 0, nil
}

// AtT implements chunkenc.Iterator.
func (it *iterator) AtT() int64 { return it.points[it.at].t }

// AtST implements chunkenc.Iterator. Samples of tests have no start.
func (it *iterator) AtST() int64 { return 0 }

// Err implements chunkenc.Iterator.
func (it *iterator) Err() error { return nil }
