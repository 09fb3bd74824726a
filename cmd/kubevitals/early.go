package main

import (
	"context"
	"slices"
	"time"

	"github.com/kubevitals/kubevitals/collectors"
	"github.com/kubevitals/kubevitals/internal/diagnosis/report"
	"github.com/kubevitals/kubevitals/internal/diagnosis/ruleeval"
)

// foresight is how far ahead a check without --stays looks in order to say that
// there is something that --stays would tell.
const foresight = time.Hour

// judge evaluates the rules over what was seen. Alerts about what lasts, such as a
// pod that waits for its network, do not hold in its first minutes: with --stays
// they are findings, and without it the result only names them.
func (c *command) judge(ctx context.Context, rules *ruleeval.Rules, l *look, result *report.Result, wanted []ruleeval.Alert) error {
	outcome, err := rules.Evaluate(ctx, l.samples)
	if err != nil {
		return err
	}
	var since []string
	for _, d := range collectors.OnsetTimestamps() {
		since = append(since, d.Name)
	}
	ahead := c.checking.stays
	if ahead == 0 {
		ahead = foresight
	}
	later, err := rules.Later(ctx, l.samples, outcome, since, ahead)
	if err != nil {
		return err
	}
	left := func(alert string) bool {
		return !slices.ContainsFunc(wanted, func(a ruleeval.Alert) bool { return a.Name == alert })
	}
	outside := func(f ruleeval.Finding) bool { return left(f.Alert) }
	result.Reaching = slices.DeleteFunc(outcome.Reaching, left)
	findings, later := slices.DeleteFunc(outcome.Findings, outside), slices.DeleteFunc(later, outside)
	if c.checking.stays > 0 {
		findings = append(findings, later...)
		ruleeval.Sort(findings)
		later = nil
	}
	result.Causes = report.Causes(findings, opening)
	report.Explain(result.Causes, l.why)
	result.Early = []string{}
	for _, f := range later {
		if !slices.Contains(result.Early, f.Alert) {
			result.Early = append(result.Early, f.Alert)
		}
	}
	return nil
}
