package report

import (
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/kubevitals/kubevitals/internal/diagnosis"
)

// remarks say what the result does not tell of, and why.
func (w words) remarks(r *diagnosis.Result) []string {
	var all []string
	add := func(format string, args ...any) { all = append(all, w.say(format, args...)) }
	if len(r.Absent) > 0 {
		all = append(all, w.absent(r))
	}
	if len(r.Projected) > 0 {
		add("Not for long enough to be an alert yet: %s; --stays=1h tells more.", strings.Join(r.Projected, w.say(", ")))
	}
	c := r.Coverage
	if len(c.Disabled) > 0 {
		add("Not looked at here: %s.", strings.Join(slices.Sorted(maps.Keys(c.Disabled)), w.say(", ")))
	}
	if len(c.NotEvaluated) > 0 {
		add("Asked for, but this look cannot tell: %s.", strings.Join(c.NotEvaluated, w.say(", ")))
	}
	switch n := len(c.Unavailable); {
	case n > mostNamed:
		add("Alerts about blind spots: %d, which -o json names.", n)
	case n > 0:
		add("Alerts about blind spots: %s.", strings.Join(c.Unavailable, w.say(", ")))
	}
	if len(c.InsufficientHistory) > 0 {
		add("Alerts that %s, for Prometheus to evaluate: %d.", w.further(r), len(c.InsufficientHistory))
	}
	return all
}

// further says what alerts need that this look cannot evaluate.
func (w words) further(r *diagnosis.Result) string {
	oneSample := r.Window == time.Duration(0).String()
	switch {
	case oneSample && r.Snapshot:
		return w.say("need more than the one moment of the dump")
	case oneSample:
		return w.say("need a second sample (--window=15s) or look further back than a check")
	}
	return w.say("look further back than a check")
}

// waiting names nodes that are not ready and that no alert tells of.
func (w words) waiting(nodes []string) string {
	const most = 5
	some := strings.Join(nodes[:min(len(nodes), most)], w.say(", "))
	if more := len(nodes) - most; more > 0 {
		some += w.say(" and %d more", more)
	}
	if len(nodes) == 1 {
		return w.say("this node is not ready: %s", some)
	}
	return w.say("%d nodes are not ready: %s", len(nodes), some)
}

// summary is the result in one line.
func (w words) summary(r *diagnosis.Result) string {
	evaluated := len(r.Coverage.Evaluated)
	if len(r.Alerts) == 0 {
		switch {
		case r.Complete() && len(r.NodesNotReady) > 0:
			return w.say("No alert holds yet, of %d, and %s.", evaluated, w.waiting(r.NodesNotReady))
		case r.Complete() && len(r.Absent) > 0 && r.Snapshot:
			return w.say("All clear in what the dump holds: none of %d alerts holds.", evaluated)
		case r.Complete():
			return w.say("All clear: none of %d alerts holds.", evaluated)
		}
		return w.say("Could not tell: none of %d alerts holds, but not everything could be looked at.", evaluated)
	}
	findings := 0
	for _, a := range r.Alerts {
		findings += len(a.Findings)
	}
	return w.say("Incidents: %s. Alerts: %d of %d evaluated. Findings: %d.", w.bySeverity(r.Incidents), len(r.Alerts), evaluated, findings)
}

// absent names what the cluster or the snapshot does not have.
func (w words) absent(r *diagnosis.Result) string {
	var group sameReason
	for _, u := range r.Absent {
		group.add(u)
	}
	if r.Snapshot {
		return w.say("Not in the dump: %s.", w.names(group))
	}
	return w.say("Not there: %s.", w.names(group))
}
