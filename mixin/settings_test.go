package mixin_test

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestEverySignalAndAlertCanBeDisabled switches off one half and then the other, so
// that each is off once, and verifies that the rest is as before.
func TestEverySignalAndAlertCanBeDisabled(t *testing.T) {
	t.Parallel()
	type parts struct{ Alerts, Panels []string }
	type half struct {
		Off       []string
		Want, Got parts
	}
	var halves struct{ Signals, Alerts []half }
	evaluate(t, `
local mixin = import 'mixin.libsonnet';
local with(settings) = mixin { _config+:: { kubevitals+: { manyObjects: 0, manyOwnedObjects: 0 } + settings } };
local signals = mixin._kubevitals.signals;
local alerts = [a.alert for s in signals for a in s.alerts];
local every(second, list) = [list[i] for i in std.range(0, std.length(list) - 1) if i % 2 == second];
local parts(m) = {
  alerts: [r.alert for g in m.prometheusAlerts.groups for r in g.rules if 'alert' in r],
  panels: std.sort([p.title for file in std.objectFields(m.grafanaDashboards) for p in m.grafanaDashboards[file].panels if p.type != 'row' && file != 'kubevitals-overview.json']),
};
{
  signals: [
    local on = [s for s in signals if !std.member(off, s.name)];
    { off: off, want: { alerts: [a.alert for s in on for a in s.alerts], panels: std.sort([p.title for s in on for p in s.panels]) }, got: parts(with({ disabledSignals: off })) }
    for off in [every(i, [s.name for s in signals]) for i in [0, 1]]
  ],
  alerts: [
    { off: off, want: parts(with({})) { alerts: [a for a in alerts if !std.member(off, a)] }, got: parts(with({ disabledAlerts: off })) }
    for off in [every(i, alerts) for i in [0, 1]]
  ],
}`, &halves)
	for kind, list := range map[string][]half{"signals": halves.Signals, "alerts": halves.Alerts} {
		for _, h := range list {
			if len(h.Off) < 14 || len(h.Want.Alerts) < 40 || len(h.Want.Panels) < 40 {
				t.Errorf("%s: %d are off, %d alerts and %d panels are left", kind, len(h.Off), len(h.Want.Alerts), len(h.Want.Panels))
			}
			if diff := cmp.Diff(h.Want, h.Got); diff != "" {
				t.Errorf("without the %s %q (-want +got):\n%s", kind, h.Off, diff)
			}
		}
	}
}

// TestEveryForCanBeSet gives every alert times of its own.
func TestEveryForCanBeSet(t *testing.T) {
	t.Parallel()
	var m struct {
		Alerts []struct {
			Alert         string
			For           string
			KeepFiringFor string `json:"keep_firing_for"`
		}
	}
	evaluate(t, `
local mixin = (import 'mixin.libsonnet') { _config+:: { kubevitals+: { manyObjects: 0, manyOwnedObjects: 0 } } };
local names = [r.alert for g in mixin.prometheusAlerts.groups for r in g.rules];
local changed = mixin { _config+:: { kubevitals+: {
  alertFor: { [names[i]]: '%dm' % (100 + i) for i in std.range(0, std.length(names) - 1) },
  alertKeepFiringFor: { [names[i]]: '%dm' % (500 + i) for i in std.range(0, std.length(names) - 1) },
} } };
{
  alerts: [r for g in changed.prometheusAlerts.groups for r in g.rules],
}`, &m)
	for i, a := range m.Alerts {
		if want := fmt.Sprintf("%dm", 100+i); a.For != want {
			t.Errorf("%s waits %s, want %s", a.Alert, a.For, want)
		}
		if want := fmt.Sprintf("%dm", 500+i); a.KeepFiringFor != want {
			t.Errorf("%s is kept for %s, want %s", a.Alert, a.KeepFiringFor, want)
		}
	}
}
