// Folds the rules of all signals into groups, and adds to each alert what can be
// computed from its name and its signal.
local promql = import 'promql.libsonnet';

{
  local c = $._kubevitals.context,
  local many = (import 'many.libsonnet')(c),
  local after = (import 'after_effects.libsonnet')(c, $._kubevitals.causes),
  local signals = [s { alerts: std.map(after.calmed, super.alerts) } for s in $._kubevitals.signals],
  local explained = many.explained([a for s in signals for a in s.alerts], $._kubevitals.causes),

  // A Prometheus of one cluster has the name in its external labels, or nowhere.
  local cluster = 'or $labels.%s $externalLabels.%s' % [c.clusterLabel, c.clusterLabel],
  local named(preposition) = '{{ with ' + cluster + ' }} ' + preposition + ' cluster {{ . }}{{ end }}',
  // A description says where; without a name it says nothing of it.
  local placed(description) = std.foldl(
    function(text, preposition) std.strReplace(text, ' ' + preposition + ' cluster %(cluster)s', named(preposition)),
    ['of', 'in'],
    description
  ),

  local dashboardURL(area, labels) =
    c.grafanaURL + '/d/' + $._kubevitals.dashboardUID(area) + '?var-cluster={{ ' + cluster + ' }}'
    + std.join('', ['&var-%s={{ $labels.%s }}' % [label, label] for label in labels]),

  // What a dashboard can be narrowed down to, of the labels that a description names.
  local described(alert) = [label for label in ['node'] if std.length(std.split(alert.description, '$labels.%s ' % label)) > 1],

  // The labels of the alert as the query of a URL.
  local labelsQuery = '{{ $sep := "?" }}{{ range $name, $value := $labels }}{{ if ne $name "__name__" }}{{ $sep }}{{ $name }}={{ urlquery $value }}{{ $sep = "&" }}{{ end }}{{ end }}',

  local waits(alert) = std.get(c.alertFor, alert.alert, alert['for']),

  // A description is a template over the settings and what its alert adds in values.
  local finished(signal, alert) =
    local kept = std.get(c.alertKeepFiringFor, alert.alert, std.get(alert, 'keep_firing_for'));
    assert std.member(['critical', 'warning', 'info'], alert.severity) : alert.alert + ': unknown severity';
    {
      alert: alert.alert,
      expr: alert.expr,
      'for': waits(alert),
      [if kept != null then 'keep_firing_for']: kept,
      labels: { severity: alert.severity, signal: signal.name } + std.get(alert, 'labels', {}),
      annotations: {
        summary: alert.summary,
        description: if 'text' in alert then alert.text else placed(alert.description) % (c + std.get(alert, 'values', {})),
        runbook_url: c.runbookURLPattern % alert.alert + (if c.runbookURLLabels then labelsQuery else ''),
        dashboard_url: dashboardURL(signal.area, if 'text' in alert then [] else described(alert)),
      },
    },

  // Signals with something of each node are slow: what they cost grows with the cluster.
  local group(signal, suffix, rules) = {
    name: 'kubevitals-' + std.strReplace(signal.name, '_', '-') + suffix,
    [if std.get(signal, 'slow', false) then 'interval']: c.slowInterval,
    rules: rules,
  },

  // The nodes that alerts of single nodes tell of, so that they can be counted.
  local faulty(alert, expr) = { record: 'kubevitals:node_fault', labels: { fault: alert.fault }, expr: 'group by (%s, node) (\n  %s\n)\n' % [c.by, promql.indent(expr)] },

  // What a signal records for whoever reads it.
  local recorded(signal) = std.get(signal, 'rules', []) + [faulty(a, a.expr) for a in signal.alerts if 'fault' in a && !many.has(a)],

  // The alerts of a signal, and what is recorded for them: in the same group, so that both
  // are of the same moment.
  local alerting(signal) =
    many.recorded(signal.name, signal.alerts, explained, function(a) if 'fault' in a then [faulty(a, many.of(a))] else [])
    + [
      finished(signal, form)
      for a in signal.alerts
      for form in (if many.has(a) then many.forms(a, waits(a), named('of')) else [a])
    ]
    + many.toldOf(signal.name, signal.alerts, explained),

  prometheusAlerts+:: {
    groups+: [
      group(signal, '', alerting(signal))
      for signal in signals
      if signal.alerts != []
    ],
  },
  prometheusRules+:: {
    groups+: (if after.rules == [] then [] else [{ name: 'kubevitals-after-effects.rules', rules: after.rules }]) + [
      group(signal, '.rules', recorded(signal))
      for signal in signals
      if recorded(signal) != []
    ],
  },
}
