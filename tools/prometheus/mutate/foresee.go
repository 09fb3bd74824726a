package main

import (
	"context"
	"math"
	"slices"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/rules"
)

// What a rule evaluates to at each step of a case is asked in one query over all steps,
// which takes a fraction of the time of one query at each. It comes to the same where all
// that the rule reads is there before: series of the test, and rules that are evaluated
// earlier in the step. Of what is written later in the step one query can't tell that it
// is not there yet.

// mostSamples is what one query over all steps may load. A query of one step may load what
// promtool grants, and a case that needs more fails without any change.
const mostSamples = 50_000_000

// foreseeable tells whether one query over all steps comes to what one at each does, of a
// rule at its place in the order of the case, in which it reads what is on the tape.
func (p *prepared) foreseeable(at int, reads []int, affected map[int]bool) bool {
	place := slices.Index(p.order, at)
	for _, i := range reads {
		switch {
		case i == at, i != at && affected[i], !p.needed[i]:
			return false
		case p.possible.rules[i] && (place < 0 || slices.Index(p.order, i) > place):
			return false
		}
	}
	return true
}

// foresee asks an expression over all steps of a case, beside what the rules wrote without
// any change.
func (c *campaign) foresee(ctx context.Context, p *prepared, expr string, taped *tape) promql.Matrix {
	return c.whole(ctx, p, expr, &store{inputs: p.inputs, written: taped.written, now: math.MaxInt64}, taped.steps)
}

// whole asks an expression over so many steps. It returns nil where the answer is an error,
// which is of one step then.
func (c *campaign) whole(ctx context.Context, p *prepared, expr string, known *store, steps int) promql.Matrix {
	interval, start := time.Duration(p.file.Interval), p.start()
	end := start.Add(time.Duration(steps-1) * interval)
	query, err := c.engines[p.file.Interval].whole.NewRangeQuery(ctx, known, nil, expr, start, end, interval)
	if err != nil {
		return nil
	}
	defer query.Close()
	result := query.Exec(ctx)
	found, ok := result.Value.(promql.Matrix)
	if result.Err != nil || !ok {
		return nil
	}
	return clone(found)
}

// clone is what is left when the query is closed.
func clone(m promql.Matrix) promql.Matrix {
	copied := promql.Matrix{}
	for _, s := range m {
		if len(s.Histograms) > 0 {
			return nil
		}
		copied = append(copied, promql.Series{Metric: s.Metric, Floats: slices.Clone(s.Floats)})
	}
	return copied
}

// sameMatrix compares what two expressions evaluate to, bit by bit.
func sameMatrix(a, b promql.Matrix) bool {
	return slices.EqualFunc(a, b, func(a, b promql.Series) bool {
		return labels.Equal(a.Metric, b.Metric) && slices.EqualFunc(a.Floats, b.Floats, func(a, b promql.FPoint) bool {
			return a.T == b.T && math.Float64bits(a.F) == math.Float64bits(b.F)
		})
	})
}

// vectors are what an expression evaluates to by the time in milliseconds.
type vectors map[int64]promql.Vector

func vectorsOf(m promql.Matrix) vectors {
	all := vectors{}
	for _, s := range m {
		for _, point := range s.Floats {
			all[point.T] = append(all[point.T], promql.Sample{Metric: s.Metric, T: point.T, F: point.F})
		}
	}
	return all
}

// answering answers one expression by what is known of it, and others as before.
func (v vectors) answering(expr string, others rules.QueryFunc) rules.QueryFunc {
	return func(ctx context.Context, q string, t time.Time) (promql.Vector, error) {
		if q == expr {
			return slices.Clone(v[t.UnixMilli()]), ctx.Err() // rules write into it
		}
		return others(ctx, q, t)
	}
}
