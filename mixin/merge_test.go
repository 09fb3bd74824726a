package mixin_test

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-jsonnet"
)

// evaluate returns what a jsonnet program comes to that sees this folder.
func evaluate(t *testing.T, program string, into any) {
	t.Helper()
	text, err := jsonnet.MakeVM().EvaluateAnonymousSnippet("test.jsonnet", program)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal([]byte(text), into); err != nil {
		t.Fatal(err)
	}
}

// parts are what another mixin can collide with.
type parts struct {
	// Names are those of each kind that all mixins share.
	Names map[string][]string
	// Settings are the values of _config.
	Settings map[string]any
}

// describe is the jsonnet function that returns the parts of a mixin.
const describe = `
local describe(m) =
  local groups = { alerts: m.prometheusAlerts.groups, rules: std.get(m, 'prometheusRules', { groups: [] }).groups };
  local names(field) = std.set([r[field] for kind in ['alerts', 'rules'] for g in groups[kind] for r in g.rules if field in r]);
  local contract = ['_config', 'prometheusAlerts', 'prometheusRules', 'grafanaDashboards'];
  {
    names: {
      fields: std.setDiff(std.objectFieldsAll(m), std.set(contract)),
      settings: std.objectFieldsAll(m._config),
      groups: std.set([g.name for kind in ['alerts', 'rules'] for g in groups[kind]]),
      alerts: names('alert'),
      records: names('record'),
      dashboards: std.objectFieldsAll(m.grafanaDashboards),
    },
    settings: m._config,
  };
`

// collisions returns the names that two mixins both have, by kind.
func collisions(a, b parts) map[string][]string {
	found := map[string][]string{}
	for kind, names := range a.Names {
		for _, name := range names {
			if slices.Contains(b.Names[kind], name) {
				found[kind] = append(found[kind], name)
			}
		}
	}
	return found
}

// TestMergesWithOtherMixins verifies that neither ours nor another mixin changes
// when they are added up as kube-prometheus does, in either order.
func TestMergesWithOtherMixins(t *testing.T) {
	t.Parallel()
	var m struct {
		Ours   parts
		Others map[string]struct{ Alone, OursFirst, OursLast parts }
	}
	evaluate(t, describe+`
local ours = import 'mixin.libsonnet';
local others = { kubernetes: import 'testdata/kubernetes-mixin.libsonnet', node: import 'testdata/node-mixin.libsonnet' };
{
  ours: describe(ours),
  others: std.mapWithKey(function(_, other) { alone: describe(other), oursFirst: describe(ours + other), oursLast: describe(other + ours) }, others),
}`, &m)
	for name, other := range m.Others {
		for kind, names := range collisions(m.Ours, other.Alone) {
			t.Errorf("%s-mixin has the same %s: %q", name, kind, names)
		}
		want := parts{Names: map[string][]string{}, Settings: maps.Clone(m.Ours.Settings)}
		maps.Copy(want.Settings, other.Alone.Settings)
		for kind, names := range m.Ours.Names {
			want.Names[kind] = slices.Sorted(slices.Values(append(slices.Clone(names), other.Alone.Names[kind]...)))
		}
		for order, got := range map[string]parts{"before": other.OursFirst, "after": other.OursLast} {
			for kind, names := range got.Names {
				got.Names[kind] = slices.Sorted(slices.Values(names))
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("ours %s %s-mixin: something changes (-alone +merged):\n%s", order, name, diff)
			}
		}
	}
}

// TestCollisionsAreFound verifies that each kind of collision is.
func TestCollisionsAreFound(t *testing.T) {
	t.Parallel()
	var m struct{ Ours, Rude parts }
	evaluate(t, describe+`
{
  ours: describe(import 'mixin.libsonnet'),
  rude: describe({
    _kubevitals:: {},
    _config+:: { kubevitals: {} },
    prometheusAlerts+:: { groups+: [{ name: 'kubevitals-dns', rules: [{ alert: 'KubeVitalsDown' }] }] },
    prometheusRules+:: { groups+: [{ name: 'theirs', rules: [{ record: 'kubevitals:connectivity_lone_path' }] }] },
    grafanaDashboards+:: { 'kubevitals-nodes.json': {} },
  }),
}`, &m)
	want := map[string][]string{
		"fields": {"_kubevitals"}, "settings": {"kubevitals"}, "groups": {"kubevitals-dns"}, "alerts": {"KubeVitalsDown"},
		"records": {"kubevitals:connectivity_lone_path"}, "dashboards": {"kubevitals-nodes.json"},
	}
	if diff := cmp.Diff(want, collisions(m.Ours, m.Rude)); diff != "" {
		t.Errorf("(-want +found):\n%s", diff)
	}
}

// TestRulesAreWhereTheirKindBelongs verifies that prometheusAlerts holds alerting rules, and
// of what is recorded only what they read of the same moment, and prometheusRules
// recording rules only.
func TestRulesAreWhereTheirKindBelongs(t *testing.T) {
	t.Parallel()
	var groups map[string][]struct {
		Name  string
		Rules []map[string]string
	}
	evaluate(t, `
local mixin = import 'mixin.libsonnet';
local fields(groups) = [{ name: g.name, rules: [{ [kind]: r[kind] for kind in ['alert', 'record'] if kind in r } for r in g.rules] } for g in groups];
{ alert: fields(mixin.prometheusAlerts.groups), record: fields(mixin.prometheusRules.groups) }`, &groups)
	for field, list := range groups {
		if len(list) == 0 {
			t.Errorf("no group of rules that %s", field)
		}
		for _, g := range list {
			for _, r := range g.Rules {
				if r[field] == "" && r["record"] != "kubevitals:node_fault" && !strings.HasPrefix(r["record"], "kubevitals:alert_object") {
					t.Errorf("group %s: a rule that does not %s: %v", g.Name, field, r)
				}
			}
		}
	}
}
