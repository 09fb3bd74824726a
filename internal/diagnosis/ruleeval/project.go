package ruleeval

import (
	"context"
	"maps"
	"slices"
	"time"

	"github.com/prometheus/prometheus/promql/parser"
)

// Project evaluates the alerts that depend on for how long something has been
// wrong, as if it had been so for longer. The gauges onsets, by name, hold the time
// at which it began. Findings that the evaluation has already are left out.
//
// Other timestamps stay as they are: those of heartbeats would else grow old, as
// if everybody had stopped.
func (r *Rules) Project(ctx context.Context, s *Samples, now *Evaluation, onsets []string, longer time.Duration) ([]Finding, error) {
	if len(s.times) == 0 {
		return nil, errNoSamples
	}
	old := s.aged(onsets, longer)
	at := s.times[len(s.times)-1]
	depending := slices.DeleteFunc(slices.Clone(r.list), func(one rule) bool { return one.Alert == "" || !one.reads(onsets) })
	projected, err := atOnce(ctx, depending, func(ctx context.Context, one rule) ([]Finding, error) {
		vector, err := r.query(ctx, old, one, at)
		if err != nil {
			return nil, err
		}
		for i := range vector {
			if v := &vector[i]; v.F >= longer.Seconds() { // an age: what is told of it is to be true now
				v.F -= longer.Seconds()
			}
		}
		return r.findings(ctx, s.index(one), vector, at)
	})
	if err != nil {
		return nil, err
	}
	known := map[string]bool{}
	for _, f := range now.Findings {
		known[f.Alert+key(f.Labels)] = true
	}
	projected = slices.DeleteFunc(projected, func(f Finding) bool { return known[f.Alert+key(f.Labels)] })
	for i := range projected {
		projected[i].Projected = true
	}
	return projected, nil
}

// reads tells whether what the rule says depends on one of the metrics, be it because
// something has been so for too short a time.
func (one rule) reads(metrics []string) bool {
	found := false
	parser.Inspect(one.expr, func(node parser.Node, _ []parser.Node) error {
		if selector, ok := node.(*parser.VectorSelector); ok {
			found = found || slices.Contains(metrics, selector.Name)
		}
		return nil
	})
	return found
}

// aged are the samples with the values of some metrics, which are times, earlier
// by so much. What does not change is shared.
func (s *Samples) aged(names []string, by time.Duration) *Samples {
	old := &Samples{target: s.target, byName: maps.Clone(s.byName), times: s.times}
	for _, name := range names {
		byHash := map[uint64][]*series{}
		for hash, bucket := range s.byName[name] {
			for _, one := range bucket {
				earlier := slices.Clone(one.points)
				for i, p := range earlier {
					if !p.vanished() {
						earlier[i].v -= by.Seconds()
					}
				}
				byHash[hash] = append(byHash[hash], &series{one.labels, earlier})
			}
		}
		old.byName[name] = byHash
	}
	return old
}
