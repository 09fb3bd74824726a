package ruleeval

import (
	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/value"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/tsdb/chunkenc"
	"github.com/prometheus/prometheus/tsdb/chunks"
)

// series are the points of one set of labels, the oldest first. It is a
// storage.Series.
type series struct {
	labels labels.Labels
	points points
}

// Labels implements storage.Series.
func (s *series) Labels() labels.Labels { return s.labels }

// Iterator implements storage.Series. It uses the iterator of another series again
// where it is given one: a rule over a large cluster asks for one per node.
func (s *series) Iterator(used chunkenc.Iterator) chunkenc.Iterator {
	if again, ok := used.(interface{ Reset(samples storage.Samples) }); ok {
		again.Reset(s.points)
		return used
	}
	return storage.NewListSeriesIterator(s.points)
}

func (s *series) last() point { return s.points[len(s.points)-1] }

// append adds a point, which takes the place of one of the same time: what rules
// record is marked as vanished by a scrape, and recorded again right after.
func (s *series) append(p point) {
	if s.last().t == p.t {
		s.points[len(s.points)-1] = p
		return
	}
	s.points = append(s.points, p)
}

// points implements storage.Samples.
type points []point

// Get returns a pointer: a copy in an interface would be memory for each sample that
// any rule looks at.
func (p points) Get(i int) chunks.Sample { return &p[i] }
func (p points) Len() int                { return len(p) }

// point is one sample: milliseconds and value.
type point struct {
	t int64
	v float64
}

// vanished tells whether the point says that the series has ended.
func (p point) vanished() bool { return value.IsStaleNaN(p.v) }

func (p point) T() int64                      { return p.t }
func (p point) ST() int64                     { return 0 }
func (p point) F() float64                    { return p.v }
func (p point) H() *histogram.Histogram       { return nil }
func (p point) FH() *histogram.FloatHistogram { return nil }
func (p point) Type() chunkenc.ValueType      { return chunkenc.ValFloat }
func (p point) Copy() chunks.Sample           { return &p }
