package fleet

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/common/model"

	"github.com/kubevitals/kubevitals/exporter"
	"github.com/kubevitals/kubevitals/internal/diagnosis/ruleeval"
)

// Fired is an alert that fired.
type Fired struct {
	Alert, Severity string
	// Labels are all that Prometheus sends with it.
	Labels      map[string]string
	Description string
	// At is when it began to fire, and Until when it was last seen to.
	At, Until time.Time
}

// String names the alert, when it fired and what it said.
func (f Fired) String() string {
	return fmt.Sprintf("%s %s: %s: %s", f.At.Format("15:04"), f.Severity, f.Alert, f.Description)
}

// ruler follows which alerts are pending and which fire, as Prometheus does: an alert
// fires once its expression has held for as long as its "for" says, and goes on for its
// "keep_firing_for".
type ruler struct {
	rules   *ruleeval.Rules
	samples *ruleeval.Samples
	active  map[string]*following
	fired   []*Fired
}

// following is an alert with one set of labels.
type following struct {
	fired *Fired // nil while it is pending
	since time.Time
	// held is when its expression held last, and kept for how long it fires from then on.
	held time.Time
	kept time.Duration
	all  map[string]string
}

func newRuler(rules *ruleeval.Rules) *ruler {
	return &ruler{
		rules:   rules,
		samples: ruleeval.NewSamples(map[string]string{"job": "kubevitals", "instance": "exporter", "cluster": "fleet"}).Only(rules.Reads()),
		active:  map[string]*following{},
	}
}

// scraped takes what was scraped, and has the rules evaluated if they are to be.
func (r *ruler) scraped(ctx context.Context, families exporter.Families, at time.Time, evaluate bool) error {
	told, err := exporter.FamiliesOf(r.series()...)
	if err != nil {
		return err
	}
	r.samples.Add(slices.Concat(families, told), at)
	if !evaluate {
		return nil
	}
	said, err := r.rules.Evaluate(ctx, r.samples)
	if err != nil {
		return fmt.Errorf("at %s: %w", at.Format(time.TimeOnly), err)
	}
	return r.take(said.Findings, at)
}

// take takes over what an evaluation found.
func (r *ruler) take(found []ruleeval.Finding, at time.Time) error {
	for _, f := range found {
		wait, err := model.ParseDuration(f.For)
		if err != nil {
			return fmt.Errorf("for of %s: %w", f.Alert, err)
		}
		kept, err := model.ParseDuration(f.KeepFiringFor)
		if err != nil {
			return fmt.Errorf("keep_firing_for of %s: %w", f.Alert, err)
		}
		all := sent(f)
		key := fmt.Sprint(all)
		one := r.active[key]
		if one == nil {
			one = &following{since: at, kept: time.Duration(kept), all: all}
			r.active[key] = one
		}
		one.held = at
		if one.fired == nil && at.Sub(one.since) >= time.Duration(wait) {
			one.fired = &Fired{Alert: f.Alert, Severity: f.Severity, Labels: all, Description: f.Description, At: at}
			r.fired = append(r.fired, one.fired)
		}
	}
	maps.DeleteFunc(r.active, func(_ string, one *following) bool {
		silent := at.Sub(one.held)
		return silent > 0 && (one.fired == nil || silent >= one.kept)
	})
	for _, one := range r.active {
		if one.fired != nil {
			one.fired.Until = at
		}
	}
	return nil
}

// sent are the labels with which Prometheus sends an alert.
func sent(f ruleeval.Finding) map[string]string {
	all := map[string]string{model.AlertNameLabel: f.Alert}
	maps.Copy(all, f.Labels)
	maps.Copy(all, f.Added)
	return all
}

// series are the samples that Prometheus keeps of alerts, which rules read as well.
func (r *ruler) series() []prometheus.Metric {
	const name, state = "ALERTS", "alertstate"
	names := map[string]bool{state: true, "job": true, "instance": true} // the last two are of no alert but those that bear them
	for _, one := range r.active {
		for label := range one.all {
			names[label] = true
		}
	}
	labels := slices.Sorted(maps.Keys(names))
	desc := exporter.Foreign(name, labels...)
	var all []prometheus.Metric
	for _, one := range r.active {
		values := make([]string, len(labels))
		for i, label := range labels {
			values[i] = one.all[label]
			if label != state {
				continue
			}
			if values[i] = "pending"; one.fired != nil {
				values[i] = "firing"
			}
		}
		all = append(all, desc.Sample(1, values...))
	}
	return all
}

// history are all alerts that fired, the first first.
func (r *ruler) history() []Fired {
	all := make([]Fired, 0, len(r.fired))
	for _, f := range r.fired {
		all = append(all, *f)
	}
	slices.SortStableFunc(all, func(a, b Fired) int {
		return cmp.Or(a.At.Compare(b.At), strings.Compare(a.Alert, b.Alert), strings.Compare(a.Description, b.Description))
	})
	return all
}
