package main

import (
	"sort"

	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/tsdb/chunkenc"
	"github.com/prometheus/prometheus/util/annotations"
)

type set struct {
	series []storage.Series
	at     int
}

// upTo adds a series up to a time.
func (s *set) upTo(one *series, until int64) {
	if end := sort.Search(len(one.points), func(i int) bool { return one.points[i].t > until }); end > 0 {
		s.series = append(s.series, &series{one.labels, one.points[:end], one.writer})
	}
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
