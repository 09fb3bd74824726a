// The graph of causes: an edge from each alert to each that it explains, and what
// Alertmanager silences by it.
{
  local c = $._kubevitals.context,
  local all = [a for s in $._kubevitals.signals for a in s.alerts],
  local many = (import 'many.libsonnet')(c),
  local byName = { [a.alert]: a for a in all },
  local rank = { critical: 0, warning: 1, info: 2 },

  // Alerts of single nodes that are counted have one alert for many of them.
  local ofMany(a) = if 'fault' in a then [
    { alert: 'KubeVitalsManyNodesFailing', on: [], when: { fault: a.fault }, where: {}, inhibits: true },
  ] else [],
  // An alert that was disabled explains nothing.
  local explanations(a) = [e for e in std.get(a, 'explainedBy', []) + ofMany(a) if e.alert in byName],

  // What calls somebody is not silenced by what calls nobody.
  local silences(cause, explained) = rank[byName[cause].severity] <= rank[byName[explained].severity],
  local edges = [
    {
      cause: e.alert,
      explains: a.alert,
      on: e.on,
      when: e.when,
      where: e.where,
      inhibits: e.inhibits && silences(e.alert, a.alert),
    }
    for a in all
    for e in explanations(a)
  ],

  local matchers(labels) = ['%s=~"%s"' % [label, labels[label]] for label in std.objectFields(labels)],
  local inhibiting = [e for e in edges if e.inhibits],
  // Alerts that one explains by the same labels, together.
  local key(e) = std.manifestJsonMinified([e.cause, e.on, e.when, e.where]),
  local keys = std.foldl(function(seen, e) if std.member(seen, key(e)) then seen else seen + [key(e)], inhibiting, []),
  // The form for many of a cause has not the labels of an object. For what it explains of
  // its objects the rules see to it.
  local single(e) = if many.ofObjects(byName[e.cause], e) then ['objects=""'] else [],
  local rule(of) =
    local one = of[0];
    local targets = [e.explains for e in of];
    {
      source_matchers: ['alertname="%s"' % one.cause] + matchers(one.when) + single(one),
      target_matchers: ['alertname=%s"%s"' % [if std.length(targets) > 1 then '~' else '', std.join('|', targets)]] + matchers(one.where),
      equal: [c.clusterLabel] + one.on,
    },

  _kubevitals+:: {
    causes: edges,
    inhibitRules: [rule([e for e in inhibiting if key(e) == k]) for k in keys],
  },
}
