// A HorizontalPodAutoscaler does not scale, and why.
local g = import '../../dashboards/grafana.libsonnet';
local causes = import '../autoscaling_causes.libsonnet';
local why = import '../causes.libsonnet';
local promql = import '../promql.libsonnet';

function(c) {
  local blind = (import '../autoscaling_blind.libsonnet')(c),
  local autoscaler = ['namespace', 'horizontalpodautoscaler'],
  local reason(metric, words) = promql.lookup(
    c,
    'max by (reason, cause) (kubevitals_autoscaling_%s{%%s, namespace=%%%%q, horizontalpodautoscaler=%%%%q} == 0)' % metric,
    autoscaler,
    ': {{ .Labels.reason }}' + causes.said(words)
  ),
  // What a fact about the API adds to the words of an autoscaler, whose cause it may be.
  local api(expr, text) = promql.lookup(c, 'max (kubevitals_metrics_api_%s)' % expr, ['api'], text),
  // One server serves an API for all: adapters put each other out of it.
  local backend = promql.lookup(
    c,
    'max by (backend) (kubevitals_metrics_api_backend_info{%s, api=%%q} == 1)',
    ['api'],
    ' It is served by Service {{ .Labels.backend }}, and by no other'
    + '{{ if and (match "^keda-hpa-" $labels.horizontalpodautoscaler) (not (match "keda" .Labels.backend)) }}: the autoscaler is one of KEDA, which is not asked{{ end }}.'
  ),
  // Whom the condition blames. Pods of one target are alike: what one lacks all do.
  local culprit = promql.lookup(
    c,
    'max by (cause, resource, container, pod, of_target) (kubevitals_autoscaling_culprit{%s, namespace=%%q, horizontalpodautoscaler=%%q}) == 1',
    autoscaler,
    ' ({{ if eq .Labels.cause "no_requests" }}{{ with .Labels.container }}container {{ . }} of {{ end }}{{ end }}'
    + '{{ if eq .Labels.of_target "yes" }}every pod that its target makes{{ else }}pod {{ .Labels.pod }}{{ end }} '
    + '{{ if eq .Labels.cause "no_container" }}has no container {{ .Labels.container }}{{ else }}requests no {{ .Labels.resource }}{{ end }}'
    + '{{ if eq .Labels.of_target "no" }}; its target did not make that pod, but its selector catches it, too{{ end }})'
  ),
  local server = (import '../metrics_api_backend.libsonnet')(c),

  name: 'autoscaling',
  area: 'autoscaling',
  slow: true,
  alerts: [
    {
      alert: 'KubeVitalsAutoscalingMetricsAPINotRegistered',
      severity: 'critical',
      expr: blind.many('registered') + '\n',
      'for': '5m',
      summary: 'Autoscalers cannot scale because the metrics API that they read is not registered.',
      description: 'No server is registered for the {{ $labels.api }} metrics API of cluster %(cluster)s; most often that is metrics-server. Autoscalers that cannot read their metrics because of that: {{ $value }}%(names)s.',
      values: { names: blind.named(' (%s)') },
    },
    {
      alert: 'KubeVitalsAutoscalingMetricsAPIUnavailable',
      severity: 'critical',
      expr: blind.many('available') + '\n',
      'for': '5m',
      summary: 'Autoscalers cannot scale because the metrics API is registered but unavailable.',
      explainedBy: why.ofCluster(['KubeVitalsAddonCrashLooping', 'KubeVitalsAddonDegraded'], { when: { addon: 'metrics-server' }, where: { api: 'resource' } }) + why.noTunnel,
      description: 'The {{ $labels.api }} metrics API of cluster %(cluster)s is registered but not available%(server)s. Autoscalers that cannot read their metrics because of that: {{ $value }}%(names)s.',
      values: { server: server, names: blind.named(' (%s)') },
    },
    {
      alert: 'KubeVitalsAutoscalingWithoutMetrics',
      each: 'autoscaler',
      severity: 'warning',
      // An API that does not answer has an alert of its own.
      expr: |||
        %(each)s
        unless on (%(by)s, api)
        %(missing)s
        unless on (%(by)s, api)
        max by (%(by)s, api) (kubevitals_metrics_api_available{%(selector)s}) == 0
      ||| % (c { each: blind.each, missing: blind.many('registered') }),
      'for': '15m',
      summary: 'An autoscaler does not scale because it cannot read its metrics.',
      explainedBy: why.on(['api'], ['KubeVitalsAutoscalingMetricsAPINotRegistered', 'KubeVitalsAutoscalingMetricsAPIUnavailable', 'KubeVitalsMetricsAPIUnavailable'])
                   + why.ofCluster(['KubeVitalsAddonCrashLooping', 'KubeVitalsAddonDegraded'], { when: { addon: 'keda-(operator|metrics-apiserver)' }, where: { api: 'external' }, inhibits: false }),
      description: 'Autoscaler {{ $labels.namespace }}/{{ $labels.horizontalpodautoscaler }} of cluster %(cluster)s cannot read its metrics%(reason)s.%(works)s%(backend)s%(missing)s',
      values: {
        reason: reason('metrics_available', causes.pods + causes.api),
        backend: backend,
        works: api('available{%s, api=%%q} == 1', ' The API server reaches who serves the {{ $labels.api }} metrics API.'),
        missing: api('registered{%s, api=%%q} == 0', ' No adapter is registered to serve the {{ $labels.api }} metrics API.'),
      },
    },
    {
      alert: 'KubeVitalsAutoscalingMisconfigured',
      each: 'autoscaler',
      severity: 'warning',
      expr: |||
        max by (%(by)s, namespace, horizontalpodautoscaler) (kubevitals_autoscaling_metrics_available{%(selector)s, cause=~"%(specified)s"}) == 0
      ||| % (c { specified: causes.any(causes.specified) }),
      'for': '15m',
      summary: 'An autoscaler is misconfigured and cannot compute a number of replicas.',
      description: 'Autoscaler {{ $labels.namespace }}/{{ $labels.horizontalpodautoscaler }} of cluster %(cluster)s computes no number of replicas%(reason)s%(culprit)s. The autoscaler, what it scales, or another autoscaler or pod of the same labels must be changed.',
      values: { reason: reason('metrics_available', causes.specified), culprit: culprit },
    },
    {
      alert: 'KubeVitalsAutoscalingOneMetricFailing',
      each: 'autoscaler_metric',
      severity: 'warning',
      expr: |||
        max by (%(by)s, namespace, horizontalpodautoscaler, type, metric) (kubevitals_autoscaling_metric_available{%(selector)s}) == 0
        and on (%(by)s, namespace, horizontalpodautoscaler)
        max by (%(by)s, namespace, horizontalpodautoscaler) (kubevitals_autoscaling_metrics_available{%(selector)s}) == 1
      ||| % c,
      'for': '15m',
      summary: 'An autoscaler cannot read one of its metrics; it goes on with the others and never scales down.',
      explainedBy: why.ofCluster(['KubeVitalsAutoscalingMetricsAPINotRegistered', 'KubeVitalsAutoscalingMetricsAPIUnavailable', 'KubeVitalsMetricsAPIUnavailable'], { when: { api: 'resource' }, where: { type: '(Container)?Resource' } }),
      description: 'Autoscaler {{ $labels.namespace }}/{{ $labels.horizontalpodautoscaler }} of cluster %(cluster)s cannot read its {{ $labels.type }} metric {{ $labels.metric }}; it goes on with the others and never scales down.',
    },
    {
      alert: 'KubeVitalsAutoscalingUnableToScale',
      each: 'autoscaler',
      severity: 'warning',
      expr: |||
        max by (%(by)s, namespace, horizontalpodautoscaler) (kubevitals_autoscaling_able_to_scale{%(selector)s}) == 0
      ||| % c,
      'for': '15m',
      summary: 'An autoscaler cannot read or set the replicas of its target.',
      explainedBy: why.nothingWritten,
      description: 'Autoscaler {{ $labels.namespace }}/{{ $labels.horizontalpodautoscaler }} of cluster %(cluster)s cannot scale its target%(reason)s.',
      values: { reason: reason('able_to_scale', causes.target) },
    },
    {
      alert: 'KubeVitalsAutoscalingAtMax',
      each: 'autoscaler',
      severity: 'info',
      expr: |||
        max by (%(by)s, namespace, horizontalpodautoscaler) (kubevitals_autoscaling_at_max{%(selector)s}) == 1
        unless on (%(by)s, namespace, horizontalpodautoscaler)
        max by (%(by)s, namespace, horizontalpodautoscaler) (kubevitals_autoscaling_disabled{%(selector)s}) == 1
      ||| % c,
      'for': '2h',
      summary: 'An autoscaler is at its maximum and wants more replicas.',
      description: 'Autoscaler {{ $labels.namespace }}/{{ $labels.horizontalpodautoscaler }} of cluster %(cluster)s is at its maximum and says that it wants more: more load will find no more replicas.',
    },
  ],
  panels: [
    g.table(
      'Autoscalers without metrics',
      'Autoscalers that cannot read the metrics they scale by, with the reason that they give and the cause that their message tells.',
      [g.column('max by (namespace, horizontalpodautoscaler, reason, cause) (kubevitals_autoscaling_metrics_available{%(panel)s}) == 0' % c)],
      { alerts: ['KubeVitalsAutoscalingWithoutMetrics', 'KubeVitalsAutoscalingMisconfigured'], mayBeEmpty: true },
    ),
    g.table(
      'Containers that stop autoscalers',
      'Containers that the condition of an autoscaler blames: they request none of the resource that it scales by, or are missing. A pod is named where its target did not make it (no), or may not have (unknown).',
      [g.column('max by (namespace, horizontalpodautoscaler, cause, resource, container, pod, of_target) (kubevitals_autoscaling_culprit{%(panel)s}) == 1' % c)],
      { alerts: ['KubeVitalsAutoscalingMisconfigured'], mayBeEmpty: true },
    ),
    g.timeseries(
      'Autoscalers by state of their metrics',
      'Number of autoscalers by whether they can read their metrics and why not.',
      'short',
      [g.target('count by (reason) (max by (namespace, horizontalpodautoscaler, reason) (kubevitals_autoscaling_metrics_available{%(panel)s}))' % c, '{{reason}}')],
      { alerts: ['KubeVitalsAutoscalingWithoutMetrics'] },
    ),
    g.table(
      'Single metrics that cannot be read',
      'Metrics that fail while the autoscaler goes on with its others.',
      [g.column('max by (namespace, horizontalpodautoscaler, type, metric) (kubevitals_autoscaling_metric_available{%(panel)s}) == 0' % c)],
      { alerts: ['KubeVitalsAutoscalingOneMetricFailing'], mayBeEmpty: true },
    ),
    g.table(
      'Autoscalers that cannot scale',
      'Autoscalers that cannot read or set the replicas of their target, with the reason that they give and the cause that their message tells.',
      [g.column('max by (namespace, horizontalpodautoscaler, reason, cause) (kubevitals_autoscaling_able_to_scale{%(panel)s}) == 0' % c)],
      { alerts: ['KubeVitalsAutoscalingUnableToScale'], mayBeEmpty: true },
    ),
    g.timeseries(
      'Autoscalers at their maximum',
      'Number of autoscalers, of those that may ask for no more replicas, and of those that are switched off.',
      'short',
      [
        g.target('max(kubevitals_autoscaling_autoscalers{%(panel)s})' % c, 'all'),
        g.target('sum(max by (namespace, horizontalpodautoscaler) (kubevitals_autoscaling_at_max{%(panel)s})) or 0 * max(kubevitals_autoscaling_autoscalers{%(panel)s})' % c, 'at maximum'),
        g.target('sum(max by (namespace, horizontalpodautoscaler) (kubevitals_autoscaling_disabled{%(panel)s})) or 0 * max(kubevitals_autoscaling_autoscalers{%(panel)s})' % c, 'disabled'),
      ],
      { alerts: ['KubeVitalsAutoscalingAtMax'] },
    ),
  ],
}
