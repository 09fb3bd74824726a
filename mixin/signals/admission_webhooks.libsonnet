// Admission webhooks with nothing behind them.
local g = import '../../dashboards/grafana.libsonnet';
local why = import '../causes.libsonnet';
local promql = import '../promql.libsonnet';

function(c) {
  local refusals = (import '../pod_refusals.libsonnet')(c),

  // Calls that failed and so the request, by what the API servers count themselves.
  local failed = 'sum by (%(by)s, webhook) (label_replace(increase(apiserver_admission_webhook_rejection_count{%(apiserverSelector)s, error_type="calling_webhook_error"}[10m]), "webhook", "$1", "name", "(.+)"))' % c,
  local ill(labels, policy) = 'max by (%s, %s) (kubevitals_admission_webhooks_without_endpoints{%s, failure_policy="%s"}) == 1' % [c.by, labels, c.selector, policy],
  local behind(policy) = ill('backend', policy),
  // Why nothing is behind the webhooks of a Service, and which these are.
  local texts(policy) = {
    reason: promql.each(
      c,
      'max by (reason) (kubevitals_admission_webhooks_without_endpoints{%%s, backend=%%[2]q, failure_policy="%s"})' % policy,
      ['backend'],
      'reason',
      '{{ if eq .Labels.reason "no_endpoints" }} has no ready endpoint{{ else }} has no EndpointSlice: it does not exist, or has no selector{{ if eq .Labels.reason "no_slices_or_external" }}, or is of type ExternalName, which only leads out of the cluster and may be well: Services cannot be seen{{ end }}{{ end }}'
    ),
    webhooks: promql.list(
      c,
      'label_replace(label_join(max by (webhook, type, configuration) (kubevitals_admission_webhooks_without_endpoints{%%s, backend=%%[2]q, failure_policy="%s"}), "name", "/", "webhook", "type", "configuration"), "name", "$1 ($2 configuration $3)", "name", "([^/]*)/([^/]*)/(.*)")' % policy,
      ['backend'],
      'name',
      '',
      ''
    ),
  },
  local slowest(by, selector, window) = 'histogram_quantile(0.99, sum by (%s, name, le) (rate(apiserver_admission_webhook_admission_duration_seconds_bucket{%s}[%s])))' % [by, selector, window],
  local foreign = '%(apiserverSelector)s, %(clusterLabel)s="$cluster"' % c,

  name: 'admission_webhooks',
  area: 'control-plane',
  beyond_guide: 'a webhook whose pods are gone refuses all that it is called for, and nobody finds it by looking at what is refused',
  foreign: {
    apiserver_admission_webhook_rejection_count: c.apiserverSelector,
    apiserver_admission_webhook_fail_open_count: c.apiserverSelector,
    apiserver_admission_webhook_admission_duration_seconds_bucket: c.apiserverSelector,
  },
  alerts: [
    {
      alert: 'KubeVitalsWebhookWithoutEndpoints',
      each: 'webhook_backend',
      severity: 'warning',
      explainedBy: why.ofCluster(['KubeVitalsNodesNotReady'], { inhibits: false }),
      // Once pods are refused for one of them, that is told and is worse.
      expr: |||
        %(behind)s
        unless on (%(by)s, backend)
        (
          %(each)s
          and on (%(by)s, webhook)
          %(refused)s
        )
      ||| % (c { behind: behind('Fail'), each: ill('webhook, backend', 'Fail'), refused: promql.indent(refusals.byWebhook) }),
      'for': '1m',
      summary: 'The Service behind admission webhooks has no endpoints, and what they are called for is refused.',
      description: 'Service {{ $labels.backend }} of cluster %(cluster)s%(reason)s, and the API server refuses whatever the admission webhooks behind it are called for. They are %(webhooks)s.%(pods)s',
      values: texts('Fail') {
        pods: promql.each(
          c,
          'max by (called_for) (kubevitals_admission_webhooks_without_endpoints{%s, backend=%[2]q, failure_policy="Fail", called_for=~"pods|own_pods"})',
          ['backend'],
          'called_for',
          '{{ if eq .Labels.called_for "own_pods" }} One is called for its own pods, too, so it cannot come back by itself.{{ else }} One is called for new pods: none of those can be created.{{ end }}'
        ),
      },
    },
    {
      alert: 'KubeVitalsWebhookSkipped',
      each: 'webhook_backend',
      severity: 'info',
      expr: behind('Ignore'),
      'for': '15m',
      summary: 'The Service behind admission webhooks has no endpoints, and calls of them are skipped.',
      description: 'Service {{ $labels.backend }} of cluster %(cluster)s%(reason)s. By their failurePolicy, Ignore, calls of the admission webhooks behind it are skipped: nothing is refused for it, and what they would check or change passes as it is. They are %(webhooks)s.',
      values: texts('Ignore'),
    },
    {
      alert: 'KubeVitalsWebhookCallsFailing',
      each: 'webhook',
      severity: 'warning',
      explainedBy: why.on(['webhook'], ['KubeVitalsPodsRefusedByWebhook']) + why.ofCluster(['KubeVitalsNetworkFailing'], { inhibits: false }) + why.ofCluster(['KubeVitalsCABundleExpiring'], { when: { kind: '(Validating|Mutating)WebhookConfiguration', state: 'expired' }, inhibits: false }),
      expr: |||
        %(failed)s > %(admissionWebhookFailures)s
        unless on (%(by)s, webhook)
        max by (%(by)s, webhook) (max_over_time(kubevitals_admission_webhooks_without_endpoints{%(selector)s}[10m])) == 1
        unless on (%(by)s, webhook)
        %(refused)s
      ||| % (c { failed: failed, refused: promql.line(refusals.byWebhook) }),
      'for': '1m',
      summary: 'API servers get no good answer of an admission webhook, and refuse what it is called for.',
      description: 'API servers of cluster %(cluster)s refused {{ $value | humanize }} requests within 10 minutes, because admission webhook {{ $labels.webhook }} did not answer them, or not as a webhook does: it hangs, its certificate is not trusted, or it cannot be reached.',
    },
    {
      alert: 'KubeVitalsWebhookSlow',
      each: 'called_webhook',
      severity: 'warning',
      explainedBy: why.ofCluster(['KubeVitalsNetworkFailing'], { inhibits: false }),
      expr: |||
        %(slowest)s > %(admissionWebhookSlowSeconds)s
      ||| % (c { slowest: slowest(c.by, c.apiserverSelector, '10m') }),
      'for': '10m',
      summary: 'An admission webhook is slow, and so is every request that it looks at.',
      description: 'One in a hundred calls of admission webhook {{ $labels.name }} by the API servers of cluster %(cluster)s takes {{ $value | humanizeDuration }} or more. Every request that it looks at takes as long, and fails where that is longer than its timeout.',
    },
  ],
  panels: [
    g.timeseries(
      'Admission webhooks by state',
      'Admission webhooks by whether the Service behind them has ready endpoints; of those that have a URL, or a Service of type ExternalName, nothing is known.',
      'short',
      [g.target('max by (state) (kubevitals_admission_webhooks_webhooks{%(panel)s, state!="unknown"})' % c, '{{state}}')],
    ),
    g.table(
      'Admission webhooks without endpoints',
      'Webhooks whose Service has no ready endpoint, with what happens then by their failurePolicy (Fail refuses, Ignore lets pass unseen), and what they are called for.',
      [g.column('max by (webhook, configuration, type, backend, reason, failure_policy, called_for) (kubevitals_admission_webhooks_without_endpoints{%(panel)s}) == 1' % c)],
      { alerts: ['KubeVitalsWebhookWithoutEndpoints', 'KubeVitalsWebhookSkipped', 'KubeVitalsPodsRefusedByWebhook'], mayBeEmpty: true },
    ),
    g.timeseries(
      'Calls of admission webhooks that fail',
      'Calls a second that fail, and with them the request (Fail), and those that fail and let the request pass (Ignore).',
      'ops',
      [
        g.target('sum by (name) (rate(apiserver_admission_webhook_rejection_count{%s, error_type="calling_webhook_error"}[$__rate_interval])) > 0' % foreign, '{{name}} refused'),
        g.target('sum by (name) (rate(apiserver_admission_webhook_fail_open_count{%s}[$__rate_interval])) > 0' % foreign, '{{name}} passed'),
      ],
      { alerts: ['KubeVitalsWebhookCallsFailing'], mayBeEmpty: true },
    ),
    g.timeseries(
      'Calls of admission webhooks, slowest hundredth',
      'Time that the slowest hundredth of the calls of each webhook takes at least.',
      's',
      [g.target(slowest(c.clusterLabel, foreign, '$__rate_interval'), '{{name}}')],
      { alerts: ['KubeVitalsWebhookSlow'], threshold: c.admissionWebhookSlowSeconds, mayBeEmpty: true },
    ),
  ],
}
