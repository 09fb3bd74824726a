// Admission webhooks with nothing behind them.
local g = import '../../dashboards/grafana.libsonnet';
local promql = import '../promql.libsonnet';

function(c) {
  local refusals = (import '../pod_refusals.libsonnet')(c),

  name: 'admission_webhooks',
  area: 'control-plane',
  beyond_guide: 'a webhook whose pods are gone refuses all that it is called for, and nobody finds it by looking at what is refused',
  alerts: [
    {
      alert: 'KubeVitalsWebhookWithoutEndpoints',
      severity: 'warning',
      // Once pods are refused for it, that is told and is worse.
      expr: |||
        max by (%(by)s, webhook) (kubevitals_admission_webhooks_without_endpoints{%(selector)s, failure_policy="Fail"}) == 1
        unless on (%(by)s, webhook)
        %(refused)s
      ||| % (c { refused: promql.line(refusals.byWebhook) }),
      'for': '1m',
      summary: 'An admission webhook has no endpoints, and what it is called for is refused.',
      description: 'Admission webhook {{ $labels.webhook }} of cluster %(cluster)s has nothing behind it, and the API server refuses whatever it is called for.%(backend)s',
      values: {
        backend: promql.each(
          c,
          'max by (configuration, type, backend, reason, called_for) (kubevitals_admission_webhooks_without_endpoints{%s, webhook=%[2]q, failure_policy="Fail"})',
          ['webhook'],
          'configuration',
          ' It is in the {{ .Labels.type }} configuration {{ .Labels.configuration }}, and its Service {{ .Labels.backend }} '
          + '{{ if eq .Labels.reason "no_slices" }}has no EndpointSlice: it does not exist, or has no selector{{ else }}has no ready endpoint{{ end }}.'
          + '{{ if eq .Labels.called_for "own_pods" }} It is called for its own pods, too, so it cannot come back by itself.{{ end }}'
          + '{{ if eq .Labels.called_for "pods" }} It is called for new pods: none of those can be created.{{ end }}'
        ),
      },
    },
  ],
  panels: [
    g.timeseries(
      'Admission webhooks by state',
      'Admission webhooks by whether the Service behind them has ready endpoints; of those that have a URL nothing is known.',
      'short',
      [g.target('max by (state) (kubevitals_admission_webhooks_webhooks{%(panel)s, state!="unknown"})' % c, '{{state}}')],
    ),
    g.table(
      'Admission webhooks without endpoints',
      'Webhooks whose Service has no ready endpoint, with what happens then by their failurePolicy (Fail refuses, Ignore lets pass unseen), and what they are called for.',
      [g.target('max by (webhook, configuration, type, backend, reason, failure_policy, called_for) (kubevitals_admission_webhooks_without_endpoints{%(panel)s}) == 1' % c, '')],
      { alerts: ['KubeVitalsWebhookWithoutEndpoints', 'KubeVitalsPodsRefusedByWebhook'], mayBeEmpty: true },
    ),
  ],
}
