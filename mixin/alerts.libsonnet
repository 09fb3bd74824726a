// Folds the rules of all signals into groups, and adds to each alert what can be
// computed from its name and its signal.
local promql = import 'promql.libsonnet';

{
  local c = $._kubevitals.context,
  local signals = $._kubevitals.signals,

  // A Prometheus of one cluster has the name in its external labels, or nowhere.
  local cluster = 'or $labels.%s $externalLabels.%s' % [c.clusterLabel, c.clusterLabel],
  // A description says where; without a name it says nothing of it.
  local placed(description) = std.foldl(
    function(text, preposition) std.strReplace(text, ' %s cluster %%(cluster)s' % preposition, '{{ with %s }} %s cluster {{ . }}{{ end }}' % [cluster, preposition]),
    ['of', 'in'],
    description
  ),

  local dashboardURL(area, labels) =
    '%s/d/%s?var-cluster={{ %s }}' % [c.grafanaURL, $._kubevitals.dashboardUID(area), cluster]
    + std.join('', ['&var-%s={{ $labels.%s }}' % [label, label] for label in labels]),

  // What a dashboard can be narrowed down to, of the labels that a description names.
  local described(alert) = [label for label in ['node'] if std.length(std.split(alert.description, '$labels.%s ' % label)) > 1],

  // The labels of the alert as the query of a URL.
  local labelsQuery = '{{ $sep := "?" }}{{ range $name, $value := $labels }}{{ if ne $name "__name__" }}{{ $sep }}{{ $name }}={{ urlquery $value }}{{ $sep = "&" }}{{ end }}{{ end }}',

  // A description is a template over the settings and what its alert adds in values.
  local finished(signal, alert) =
    local kept = std.get(c.alertKeepFiringFor, alert.alert, std.get(alert, 'keep_firing_for'));
    assert std.member(['critical', 'warning', 'info'], alert.severity) : alert.alert + ': unknown severity';
    {
      alert: alert.alert,
      expr: alert.expr,
      'for': std.get(c.alertFor, alert.alert, alert['for']),
      [if kept != null then 'keep_firing_for']: kept,
      labels: { severity: alert.severity, signal: signal.name },
      annotations: {
        summary: alert.summary,
        description: placed(alert.description) % (c + std.get(alert, 'values', {})),
        runbook_url: c.runbookURLPattern % alert.alert + (if c.runbookURLLabels then labelsQuery else ''),
        dashboard_url: dashboardURL(signal.area, described(alert)),
      },
    },

  // Signals with something of each node are slow: what they cost grows with the cluster.
  local group(signal, suffix, rules) = {
    name: 'kubevitals-' + std.strReplace(signal.name, '_', '-') + suffix,
    [if std.get(signal, 'slow', false) then 'interval']: c.slowInterval,
    rules: rules,
  },

  // What a signal records: rules of its own, and the nodes that its alerts of single
  // nodes tell of, so that they can be counted.
  local recorded(signal) = std.get(signal, 'rules', []) + [
    { record: 'kubevitals:node_fault', labels: { fault: a.fault }, expr: 'group by (%s, node) (\n  %s\n)\n' % [c.by, promql.indent(a.expr)] }
    for a in signal.alerts
    if 'fault' in a
  ],

  prometheusAlerts+:: {
    groups+: [
      group(signal, '', [finished(signal, a) for a in signal.alerts])
      for signal in signals
      if signal.alerts != []
    ],
  },
  prometheusRules+:: {
    groups+: [
      group(signal, '.rules', recorded(signal))
      for signal in signals
      if recorded(signal) != []
    ],
  },
}
