// Folds the rules of all signals into groups, and adds to each alert what can be
// computed from its name and its signal. What a signal records comes before its
// alerts in the same group, so that both are of the same moment.
{
  local c = $._config,

  // dashboardUID is the same for a name wherever it is computed.
  _dashboardUID(area):: std.md5('kubevitals-' + area),

  local dashboardURL(area, labels) =
    '%s/d/%s?var-cluster={{ $labels.%s }}' % [c.grafanaURL, $._dashboardUID(area), c.clusterLabel]
    + std.join('', ['&var-%s={{ $labels.%s }}' % [label, label] for label in labels]),

  // The labels of the alert as the query of a URL.
  local labelsQuery = '{{ $sep := "?" }}{{ range $name, $value := $labels }}{{ if ne $name "__name__" }}{{ $sep }}{{ $name }}={{ urlquery $value }}{{ $sep = "&" }}{{ end }}{{ end }}',

  local finished(signal, alert) =
    assert std.member(['critical', 'warning', 'info'], alert.severity) : alert.alert + ': unknown severity';
    {
      alert: alert.alert,
      expr: alert.expr,
      'for': alert['for'],
      [if 'keep_firing_for' in alert then 'keep_firing_for']: alert.keep_firing_for,
      labels: { severity: alert.severity, signal: signal.name },
      annotations: {
        summary: alert.summary,
        description: alert.description,
        runbook_url: c.runbookURLPattern % alert.alert + (if c.runbookURLLabels then labelsQuery else ''),
        dashboard_url: dashboardURL(signal.area, if 'vars' in alert then alert.vars else []),
      },
    },

  prometheusAlerts+:: {
    groups+: [
      { name: 'kubevitals-' + std.strReplace(signal.name, '_', '-'), rules: (if 'rules' in signal then signal.rules else []) + [finished(signal, a) for a in signal.alerts] }
      for signal in $._signals
    ],
  },
  prometheusRules+:: { groups+: [] },
}
