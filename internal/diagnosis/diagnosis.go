// Package diagnosis tells what is wrong with a cluster: it evaluates the alerting
// rules over what was gathered of it, and says with what evidence they fire, of
// which alerts it can tell, and what could not be read and why.
package diagnosis

import (
	"context"
	"slices"
	"time"

	"github.com/kubevitals/kubevitals/exporter"
	"github.com/kubevitals/kubevitals/internal/diagnosis/incident"
	"github.com/kubevitals/kubevitals/internal/diagnosis/ruleeval"
)

// Observation is what was gathered of a cluster.
type Observation struct {
	// Cluster names the cluster, and At is the time of the last scrape.
	Cluster string
	At      time.Time
	// Window is the time between the samples that rates are taken from.
	Window time.Duration
	// Families are the last scrape. Samples hold it, too, and those before it.
	Families exporter.Families
	Samples  *ruleeval.Samples
	// Errors knows what is behind that which is missing in the scrape.
	Errors Errors
	// Snapshot says that the cluster was read from files, and NotInDump are the sources
	// that these do not hold, by name.
	Snapshot  bool
	NotInDump []string
	// TakenFrom is what says of what time the snapshot is, such as "its manifest".
	TakenFrom string
	// Unreadable are files of the snapshot that could not be read, with the errors.
	Unreadable map[string]error
	// NotRecorded are the collectors that could not run, because the snapshot of the
	// cluster has no recording of theirs.
	NotRecorded []string
}

// Options say what is asked of an observation.
type Options struct {
	Rules *ruleeval.Rules
	// Causes say which alerts are one incident. Without them each finding is one.
	Causes *incident.Graph
	// Selection are the alerts that are asked for; all if it is nil.
	Selection *Selection
	// Projection, if not nil, also looks ahead.
	Projection *Projection
	// Commands returns what to run first for an alert with these labels. It may be nil.
	Commands func(alert string, labels map[string]string) string
	// Finish is given the result and the samples that it was made of, and returns what is
	// to be the result, such as a translation. It may be nil.
	Finish func(context.Context, *Result, *ruleeval.Samples) *Result
}

// Projection evaluates alerts about what lasts, such as a pod that waits for its
// network, as if what is wrong at present had been so for longer.
type Projection struct {
	// Onsets are the names of the gauges that hold since when something has been wrong.
	Onsets []string
	// Stays is for how much longer. What fires then is among the findings. If it is
	// zero, the result only names the alerts that fire after foresight.
	Stays time.Duration
}

// foresight is how far a result looks ahead that only names alerts.
const foresight = time.Hour

// Diagnose evaluates the rules over an observation. Its error names the rule that
// cannot be evaluated.
func Diagnose(ctx context.Context, seen Observation, o Options) (*Result, error) {
	seen.Samples = seen.held()
	evaluation, err := o.Rules.Evaluate(ctx, seen.Samples)
	if err != nil {
		return nil, err
	}
	findings, projected, err := o.project(ctx, seen, evaluation)
	if err != nil {
		return nil, err
	}
	selection := o.Selection
	if selection == nil {
		selection = &Selection{alerts: o.Rules.Alerts()}
	}
	r := &Result{
		Version: SchemaVersion, Cluster: seen.Cluster, Snapshot: seen.Snapshot, TakenFrom: seen.TakenFrom, At: seen.At, Window: seen.Window.String(),
		Projected: names(selection.of(projected)),
	}
	r.Unavailable, r.Absent = UnavailableIn(seen.Families, seen.Errors)
	seen.sortGaps(r)
	findings = seen.reported(findings, r.Absent)
	r.Alerts = group(selection.of(findings), o.Commands)
	seen.explain(r.Alerts)
	r.Incidents = o.incidents(r.Alerts)
	if !selection.all() {
		r.Unavailable = append(r.Unavailable, seen.unreadableKubelets(findings, selection)...)
	}
	r.NodesNotReady = selection.notReady(seen.Families)
	r.Signals = signals(seen.Families, selection.alerts, r.Alerts)
	r.Coverage = r.cover(selection, evaluation.InsufficientHistory, o.Rules.Unseen(seen.Samples, seen.steady()), seen.NotRecorded)
	if o.Finish != nil {
		r = o.Finish(ctx, r, seen.Samples)
	}
	return r, nil
}

// project returns the findings of the evaluation, with those that Stays adds to
// them, and apart from them those that are only to be named.
func (o Options) project(ctx context.Context, seen Observation, now *ruleeval.Evaluation) (findings, projected []ruleeval.Finding, err error) {
	if o.Projection == nil {
		return now.Findings, nil, nil
	}
	ahead := o.Projection.Stays
	if ahead == 0 {
		ahead = foresight
	}
	projected, err = o.Rules.Project(ctx, seen.Samples, now, o.Projection.Onsets, ahead)
	if err != nil || o.Projection.Stays == 0 {
		return now.Findings, projected, err
	}
	findings = slices.Concat(now.Findings, projected)
	ruleeval.Sort(findings)
	return findings, nil, nil
}

// incidents puts the findings of all alerts together by their causes.
func (o Options) incidents(alerts []FiringAlert) []incident.Incident {
	var findings []ruleeval.Finding
	for _, a := range alerts {
		findings = append(findings, a.Findings...)
	}
	causes := o.Causes
	if causes == nil {
		causes = &incident.Graph{}
	}
	return causes.Group(findings, Onsets())
}

// names are the alerts of findings, once each.
func names(findings []ruleeval.Finding) []string {
	all := []string{}
	for _, f := range findings {
		if !slices.Contains(all, f.Alert) {
			all = append(all, f.Alert)
		}
	}
	return all
}
