package main

import (
	"context"
	"fmt"
	"math"
	"slices"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/storage"
)

// point is a sample at a time in milliseconds.
type point struct {
	t int64
	v float64
}

type series struct {
	labels labels.Labels
	points []point
	// writer is the rule that wrote it.
	writer int
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

// forget takes away what a rule wrote.
func (t *table) forget(writer int) {
	of := func(one *series) bool { return one.writer == writer }
	for name, all := range t.byName {
		t.byName[name] = slices.DeleteFunc(all, of)
	}
	for hash, all := range t.byHash {
		t.byHash[hash] = slices.DeleteFunc(all, of)
	}
}

// store is what Prometheus would know at a time: the series of a test up to then, which
// many stores share, and what rules wrote. It is not for concurrent use.
type store struct {
	inputs, written *table
	now             int64
	// taped, if set, is what rules wrote in a play before, less those that are played anew.
	taped  *table
	played map[int]bool
	// late tells of a rule whether what it writes now is there only from the next step on.
	late func(writer int) bool
	// shared is whether two rules wrote the same series.
	shared bool
}

func newStore(inputs *table) *store { return &store{inputs: inputs, written: newTable()} }

// append adds a sample that a rule wrote, or refuses it as Prometheus' storage does.
func (s *store) append(writer int, l labels.Labels, t int64, v float64) error {
	if input := s.inputs.find(l); input != nil {
		for _, p := range input.points {
			if p.t == t && math.Float64bits(p.v) == math.Float64bits(v) {
				return nil
			}
		}
		return fmt.Errorf("a rule writes %s, and the test gives another value of it: %w", l, storage.ErrDuplicateSampleForTimestamp)
	}
	if s.taped != nil {
		other := s.taped.find(l)
		s.shared = s.shared || other != nil && other.writer != writer && !s.played[other.writer]
	}
	one := s.written.find(l)
	if one == nil {
		s.written.add(&series{l, []point{{t, v}}, writer})
		return nil
	}
	s.shared = s.shared || one.writer != writer
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
	for _, one := range q.store.inputs.selected(matchers) {
		found.upTo(one, q.store.now)
	}
	for _, one := range q.store.writtenBy(matchers) {
		until := q.store.now
		if q.store.late != nil && q.store.late(one.writer) {
			until--
		}
		found.upTo(one, until)
	}
	if sorted {
		slices.SortFunc(found.series, func(a, b storage.Series) int { return labels.Compare(a.Labels(), b.Labels()) })
	}
	return found
}

// writtenBy selects of what rules wrote.
func (s *store) writtenBy(matchers []*labels.Matcher) []*series {
	all := s.written.selected(matchers)
	if s.taped == nil {
		return all
	}
	for _, one := range s.taped.selected(matchers) {
		if !s.played[one.writer] {
			all = append(all, one)
		}
	}
	return all
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
