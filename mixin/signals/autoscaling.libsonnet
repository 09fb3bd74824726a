// A HorizontalPodAutoscaler does not scale, and why.
local g = import '../../dashboards/grafana.libsonnet';
local promql = import '../promql.libsonnet';

function(c) {
  // Autoscalers that cannot read their metrics, with the API that they read in
  // the label api, which their reason gives away.
  local blind = std.foldl(
    function(expr, api) |||
      label_replace(
        %s,
        "api", "%s", "reason", "%s"
      )
    ||| % [promql.indent(expr), api.name, api.reasons],
    [
      { name: 'resource', reasons: 'FailedGet(Container)?ResourceMetric' },
      { name: 'custom', reasons: 'FailedGet(Pods|Object)Metric' },
      { name: 'external', reasons: 'FailedGetExternalMetric' },
    ],
    'max by (%(by)s, namespace, horizontalpodautoscaler, reason) (kubevitals_autoscaling_metrics_available{%(selector)s}) == 0' % c
  ),
  local k = c { blind: promql.line(blind) },

  name: 'autoscaling',
  area: 'autoscaling',
  alerts: [
    {
      alert: 'KubeVitalsAutoscalingMetricsAPIMissing',
      severity: 'critical',
      expr: |||
        count by (%(by)s, api) (
        %(blind)s
        )
        and on (%(by)s, api)
        max by (%(by)s, api) (kubevitals_metrics_api_registered{%(selector)s}) == 0
      ||| % k,
      'for': '5m',
      summary: 'Autoscalers cannot scale because nobody serves the metrics API that they read.',
      description: 'Nobody is registered to serve the {{ $labels.api }} metrics API of cluster %(cluster)s; for resource metrics that is metrics-server. Autoscalers that need it: {{ $value }}.',
    },
    {
      alert: 'KubeVitalsAutoscalingMetricsAPIUnavailable',
      severity: 'critical',
      expr: |||
        count by (%(by)s, api) (
        %(blind)s
        )
        and on (%(by)s, api)
        max by (%(by)s, api) (kubevitals_metrics_api_available{%(selector)s}) == 0
      ||| % k,
      'for': '5m',
      summary: 'Autoscalers cannot scale because the API server does not reach the metrics API.',
      description: 'The {{ $labels.api }} metrics API of cluster %(cluster)s is registered but not available. Autoscalers that need it: {{ $value }}.',
    },
    {
      alert: 'KubeVitalsAutoscalingMetricsUnavailable',
      severity: 'warning',
      expr: |||
        (
        %(blind)s
        )
        unless on (%(by)s, api)
        (
          max by (%(by)s, api) (kubevitals_metrics_api_registered{%(selector)s}) == 0
          or
          max by (%(by)s, api) (kubevitals_metrics_api_available{%(selector)s}) == 0
        )
      ||| % k,
      'for': '15m',
      summary: 'An autoscaler cannot read the metrics it scales by, though the API that serves them works.',
      description: 'Autoscaler {{ $labels.namespace }}/{{ $labels.horizontalpodautoscaler }} of cluster %(cluster)s cannot read its metrics: {{ $labels.reason }}.',
    },
    {
      alert: 'KubeVitalsAutoscalingMetricFailing',
      severity: 'warning',
      expr: |||
        max by (%(by)s, namespace, horizontalpodautoscaler, type, metric) (kubevitals_autoscaling_metric_available{%(selector)s}) == 0
        and on (%(by)s, namespace, horizontalpodautoscaler)
        max by (%(by)s, namespace, horizontalpodautoscaler) (kubevitals_autoscaling_metrics_available{%(selector)s}) == 1
      ||| % c,
      'for': '15m',
      summary: 'An autoscaler cannot read one of its metrics, which its own condition hides.',
      description: 'Autoscaler {{ $labels.namespace }}/{{ $labels.horizontalpodautoscaler }} of cluster %(cluster)s cannot read its {{ $labels.type }} metric {{ $labels.metric }}; it goes on with the others and never scales down.',
    },
    {
      alert: 'KubeVitalsAutoscalingUnableToScale',
      severity: 'warning',
      expr: |||
        max by (%(by)s, namespace, horizontalpodautoscaler, reason) (kubevitals_autoscaling_able_to_scale{%(selector)s}) == 0
      ||| % c,
      'for': '15m',
      summary: 'An autoscaler cannot read or set the replicas of its target.',
      description: 'Autoscaler {{ $labels.namespace }}/{{ $labels.horizontalpodautoscaler }} of cluster %(cluster)s cannot scale its target: {{ $labels.reason }}.',
    },
    {
      alert: 'KubeVitalsAutoscalingAtMax',
      severity: 'info',
      expr: |||
        max by (%(by)s, namespace, horizontalpodautoscaler) (kubevitals_autoscaling_at_max{%(selector)s}) == 1
        unless on (%(by)s, namespace, horizontalpodautoscaler)
        max by (%(by)s, namespace, horizontalpodautoscaler) (kubevitals_autoscaling_disabled{%(selector)s}) == 1
      ||| % c,
      'for': '2h',
      summary: 'An autoscaler has reached the most replicas that it may ask for.',
      description: 'Autoscaler {{ $labels.namespace }}/{{ $labels.horizontalpodautoscaler }} of cluster %(cluster)s has been at its maximum for %(lasting)s; more load will find no more replicas.',
    },
  ],
  panels: [
    g.table(
      'Autoscalers without metrics',
      'Autoscalers that cannot read the metrics they scale by, with the reason that they give.',
      [g.target('max by (namespace, horizontalpodautoscaler, reason) (kubevitals_autoscaling_metrics_available{%(panel)s}) == 0' % c, '')],
      { alerts: ['KubeVitalsAutoscalingMetricsUnavailable'], mayBeEmpty: true },
    ),
    g.timeseries(
      'Autoscalers by state of their metrics',
      'Number of autoscalers by whether they can read their metrics and why not.',
      'short',
      [g.target('count by (reason) (max by (namespace, horizontalpodautoscaler, reason) (kubevitals_autoscaling_metrics_available{%(panel)s}))' % c, '{{reason}}')],
      { alerts: ['KubeVitalsAutoscalingMetricsUnavailable'] },
    ),
    g.table(
      'Single metrics that cannot be read',
      'Metrics that fail while the autoscaler goes on with its others.',
      [g.target('max by (namespace, horizontalpodautoscaler, type, metric) (kubevitals_autoscaling_metric_available{%(panel)s}) == 0' % c, '')],
      { alerts: ['KubeVitalsAutoscalingMetricFailing'], mayBeEmpty: true },
    ),
    g.table(
      'Autoscalers that cannot scale',
      'Autoscalers that cannot read or set the replicas of their target.',
      [g.target('max by (namespace, horizontalpodautoscaler, reason) (kubevitals_autoscaling_able_to_scale{%(panel)s}) == 0' % c, '')],
      { alerts: ['KubeVitalsAutoscalingUnableToScale'], mayBeEmpty: true },
    ),
    g.timeseries(
      'Autoscalers at their maximum',
      'Number of autoscalers that may ask for no more replicas, and of those that are switched off.',
      'short',
      [
        g.target('sum(max by (namespace, horizontalpodautoscaler) (kubevitals_autoscaling_at_max{%(panel)s}))' % c, 'at maximum'),
        g.target('sum(max by (namespace, horizontalpodautoscaler) (kubevitals_autoscaling_disabled{%(panel)s}))' % c, 'disabled'),
      ],
      { alerts: ['KubeVitalsAutoscalingAtMax'] },
    ),
  ],
}
