package fleet

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/common/model"

	"github.com/kubevitals/kubevitals/internal/diagnosis/ruleeval"
)

// Fired is an alert that fired.
type Fired struct {
	Alert, Severity string
	Labels          map[string]string
	Description     string
	// At is when it began to fire, and Until when it was last seen to.
	At, Until time.Time
}

// String names the alert, when it fired and what it said.
func (f Fired) String() string {
	return fmt.Sprintf("%s %s: %s %v: %s", f.At.Format("15:04"), f.Severity, f.Alert, f.Labels, f.Description)
}

// alertmanager follows which alerts are pending and which fire, as Prometheus does: an
// alert fires once its expression has held for as long as its "for" says.
type alertmanager struct {
	pending map[string]time.Time
	firing  map[string]*Fired
	fired   []*Fired
}

func newAlertmanager() *alertmanager {
	return &alertmanager{pending: map[string]time.Time{}, firing: map[string]*Fired{}}
}

// take takes over what an evaluation found.
func (m *alertmanager) take(found []ruleeval.Finding, at time.Time) error {
	seen := map[string]bool{}
	for _, f := range found {
		key := f.Alert + fmt.Sprint(f.Labels)
		seen[key] = true
		if _, ok := m.pending[key]; !ok {
			m.pending[key] = at
		}
		wait, err := model.ParseDuration(f.For)
		if err != nil {
			return fmt.Errorf("for of %s: %w", f.Alert, err)
		}
		if at.Sub(m.pending[key]) < time.Duration(wait) {
			continue
		}
		if m.firing[key] == nil {
			m.firing[key] = &Fired{Alert: f.Alert, Severity: f.Severity, Labels: f.Labels, Description: f.Description, At: at}
			m.fired = append(m.fired, m.firing[key])
		}
		m.firing[key].Until = at
	}
	gone := func(key string) bool { return !seen[key] }
	maps.DeleteFunc(m.pending, func(key string, _ time.Time) bool { return gone(key) })
	maps.DeleteFunc(m.firing, func(key string, _ *Fired) bool { return gone(key) })
	return nil
}

// history are all alerts that fired, the first first.
func (m *alertmanager) history() []Fired {
	all := make([]Fired, 0, len(m.fired))
	for _, f := range m.fired {
		all = append(all, *f)
	}
	slices.SortStableFunc(all, func(a, b Fired) int { return cmp.Or(a.At.Compare(b.At), strings.Compare(a.Alert, b.Alert)) })
	return all
}

// evaluate has the rules evaluated over the samples.
func (m *alertmanager) evaluate(ctx context.Context, rules *ruleeval.Rules, samples *ruleeval.Samples, at time.Time) error {
	said, err := rules.Evaluate(ctx, samples)
	if err != nil {
		return fmt.Errorf("at %s: %w", at.Format(time.TimeOnly), err)
	}
	return m.take(said.Findings, at)
}
