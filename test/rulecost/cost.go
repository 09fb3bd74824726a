// Package rulecost measures what rules cost Prometheus: it evaluates them with
// Prometheus' engine over the samples of a day.
package rulecost

import (
	"context"
	"fmt"
	"math"
	"syscall"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/rulefmt"
	"github.com/prometheus/prometheus/promql"
)

// timeout bounds the evaluation of one rule.
const timeout = 5 * time.Minute

// Cost is what one evaluation of a rule takes.
type Cost struct {
	// Group is the name of its group, Rule its own, with that of the alert that it is for.
	Group, Rule string
	// CPU is the processor time of this process meanwhile, with that of the garbage
	// collector: what others do on the machine is no part of it.
	CPU time.Duration
	// Samples is how many samples the engine reads, as Prometheus counts them; Results
	// is how many series come out of it.
	Samples int64
	Results int
}

// Measure evaluates each rule once, in their order, as of the end of the history. What
// a rule records is added to it, as if it had been so all the time. The error names the
// rule that cannot be evaluated.
func Measure(ctx context.Context, groups []rulefmt.RuleGroup, h *History) ([]Cost, error) {
	engine := promql.NewEngine(promql.EngineOpts{MaxSamples: math.MaxInt, Timeout: timeout, EnableAtModifier: true})
	var costs []Cost
	for _, group := range groups {
		for _, rule := range group.Rules {
			cost, vector, err := evaluate(ctx, engine, h, rule.Expr)
			if err != nil {
				return nil, fmt.Errorf("rule %s%s: %w", rule.Alert, rule.Record, err)
			}
			// What is recorded for an alert has its name as a label.
			cost.Group, cost.Rule = group.Name, rule.Alert+rule.Record+rule.Labels["alert"]
			costs = append(costs, cost)
			if rule.Record == "" {
				continue
			}
			for _, s := range vector {
				h.Add(recorded(rule, s.Metric), s.F, 0)
			}
		}
	}
	return costs, nil
}

func evaluate(ctx context.Context, engine *promql.Engine, h *History, expr string) (Cost, promql.Vector, error) {
	query, err := engine.NewInstantQuery(ctx, h, nil, expr, h.end)
	if err != nil {
		return Cost{}, nil, err
	}
	before, err := ProcessCPU()
	if err != nil {
		return Cost{}, nil, err
	}
	result := query.Exec(ctx)
	after, err := ProcessCPU()
	if err != nil {
		return Cost{}, nil, err
	}
	cost := Cost{CPU: after - before}
	if result.Err != nil {
		query.Close()
		return cost, nil, result.Err
	}
	vector, err := result.Vector()
	if err != nil {
		query.Close()
		return cost, nil, err
	}
	cost.Samples, cost.Results = query.Stats().Samples.TotalSamples, len(vector)
	// Closed, the engine would take the vector back.
	return cost, vector, nil
}

// ProcessCPU is the processor time that this process has used.
func ProcessCPU() (time.Duration, error) {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0, fmt.Errorf("resources of this process: %w", err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano()), nil
}

// recorded are the labels of what a rule records.
func recorded(rule rulefmt.Rule, l labels.Labels) labels.Labels {
	b := labels.NewBuilder(l).Set(model.MetricNameLabel, rule.Record)
	for name, value := range rule.Labels {
		b.Set(name, value)
	}
	return b.Labels()
}
