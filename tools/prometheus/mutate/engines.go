package main

import (
	"time"

	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/parser"
)

// engines evaluate one step, and all of them in one query.
type engines struct{ step, whole *promql.Engine }

// newEngines makes engines as promtool does for a test.
func newEngines(interval time.Duration, p parser.Parser) engines {
	made := func(samples int) *promql.Engine {
		return promql.NewEngine(promql.EngineOpts{
			MaxSamples: samples, Timeout: 100 * time.Second, EnableAtModifier: true, EnableNegativeOffset: true, Parser: p,
			NoStepSubqueryIntervalFn: func(int64) int64 { return interval.Milliseconds() },
		})
	}
	return engines{made(10000), made(mostSamples)}
}
