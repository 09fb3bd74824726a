// Dashboards and kubectl top show no use of resources: the metrics API is
// missing, cannot be reached, or lacks nodes.
local g = import '../../dashboards/grafana.libsonnet';
local why = import '../causes.libsonnet';

function(c) {
  // Autoscalers that suffer have an alert of their own, which is more urgent.
  local blind = (import '../autoscaling_blind.libsonnet')(c),
  local server = (import '../metrics_api_backend.libsonnet')(c),
  local k = c { missing: blind.many('registered'), unavailable: blind.many('available') },

  name: 'metrics_api',
  area: 'autoscaling',
  slow: true,
  alerts: [
    {
      alert: 'KubeVitalsMetricsAPINotRegistered',
      severity: 'info',
      expr: |||
        max by (%(by)s) (kubevitals_metrics_api_registered{%(selector)s, api="resource"}) == 0
        unless on (%(by)s)
        %(missing)s
      ||| % k,
      'for': '1h',
      summary: 'The resource metrics API is not registered, so dashboards and kubectl top show no usage.',
      explainedBy: why.ofCluster(['KubeVitalsAutoscalingMetricsAPINotRegistered'], { when: { api: 'resource' } }),
      description: 'No metrics server is registered in cluster %(cluster)s: kubectl top, dashboards and autoscaling by CPU or memory have no figures.',
    },
    {
      alert: 'KubeVitalsMetricsAPIUnavailable',
      severity: 'warning',
      expr: |||
        max by (%(by)s, api) (kubevitals_metrics_api_available{%(selector)s}) == 0
        unless on (%(by)s, api)
        %(unavailable)s
        unless on (%(by)s, api)
        time() - max by (%(by)s, api) (kubevitals_metrics_api_unavailable_since_timestamp_seconds{%(selector)s}) <= %(aggregatedAPISeconds)s
      ||| % k,
      'for': '10m',
      summary: 'A metrics API is registered but unavailable: the API server does not reach whoever should serve it.',
      explainedBy: why.on(['api'], ['KubeVitalsAutoscalingMetricsAPIUnavailable']) + why.ofCluster(['KubeVitalsAddonCrashLooping', 'KubeVitalsAddonDegraded'], { when: { addon: 'metrics-server' }, where: { api: 'resource' }, inhibits: false })
                   + why.ofCluster(['KubeVitalsAddonCrashLooping'], { when: { addon: 'prometheus-adapter' }, where: { api: 'custom' }, inhibits: false })
                   + why.ofCluster(['KubeVitalsAddonCrashLooping'], { when: { addon: 'keda-(operator|metrics-apiserver)' }, where: { api: 'external' }, inhibits: false })
                   + why.noTunnel
                   + why.ofCluster(['KubeVitalsCABundleExpiring'], { when: { kind: 'APIService', name: 'v1(beta1)?[.]metrics[.]k8s[.]io', state: 'expired' }, where: { api: 'resource' }, inhibits: false }),
      description: 'The {{ $labels.api }} metrics API of cluster %(cluster)s is not available%(server)s. {{ if eq $labels.api "resource" }}Dashboards, kubectl top and autoscaling by CPU or memory have no figures{{ else }}Autoscalers that read it have no figures{{ end }}, and namespaces cannot be deleted.%(suffer)s',
      values: { server: server, suffer: blind.named(' Autoscalers that cannot read their metrics because of that: {{ len . }} (%s).') },
    },
    {
      alert: 'KubeVitalsMetricsAPINodeMissing',
      each: 'node',
      severity: 'warning',
      expr: |||
        max by (%(by)s, node) (kubevitals_metrics_api_node_missing{%(selector)s}) == 1
        and on (%(by)s, node)
        max by (%(by)s, node) (kubevitals_kubelet_available{%(selector)s}) == 1
      ||| % c,
      'for': '15m',
      summary: 'The resource metrics API has no usage of a node whose kubelet can be read.',
      explainedBy: why.lostNode + why.noMetricsServer + why.ofCluster(['KubeVitalsKubeletServingCertificateExpiring'], { when: { state: 'expired' }, inhibits: false }),
      description: 'The resource metrics API of cluster %(cluster)s has no usage of node {{ $labels.node }}, though kubevitals reads its kubelet: dashboards lack the node, and autoscalers count its pods as unready.',
    },
    {
      alert: 'KubeVitalsMetricsAPINodeStale',
      each: 'node',
      severity: 'warning',
      expr: |||
        time() - max by (%(by)s, node) (kubevitals_metrics_api_node_metrics_timestamp_seconds{%(selector)s}) > %(metricsAPIStaleSeconds)s
        unless on (%(by)s, node)
        group by (%(by)s, node) (kubevitals_node_readiness_not_ready{%(selector)s})
      ||| % c,
      // Of many that are not ready one alert tells, by no label by which those of each could be
      // kept back.
      'for': '10m',
      summary: 'The usage of a node in the resource metrics API is old.',
      explainedBy: why.lostNode + why.noMetricsServer + why.ofCluster(['KubeVitalsZonesCutOff', 'KubeVitalsNetworkFailing'], { inhibits: false }),
      description: 'The resource metrics API of cluster %(cluster)s shows usage of node {{ $labels.node }} that is {{ $value | humanizeDuration }} old.',
    },
  ],
  panels: [
    g.stateTimeline(
      'Metrics APIs',
      'Whether each metrics API is registered, and whether the API server reaches it.',
      [
        g.target('max by (api) (kubevitals_metrics_api_registered{%(panel)s})' % c, '{{api}} registered'),
        g.target('max by (api) (kubevitals_metrics_api_available{%(panel)s})' % c, '{{api}} available'),
      ],
      {
        alerts: [
          'KubeVitalsMetricsAPINotRegistered',
          'KubeVitalsMetricsAPIUnavailable',
          'KubeVitalsAutoscalingMetricsAPINotRegistered',
          'KubeVitalsAutoscalingMetricsAPIUnavailable',
        ],
      },
    ),
    g.table(
      'Who serves the metrics APIs',
      'The Service to which the API server passes requests for each metrics API on; there is one for all who ask.',
      [g.column('max by (api, backend) (kubevitals_metrics_api_backend_info{%(panel)s})' % c)],
      { alerts: ['KubeVitalsMetricsAPIUnavailable', 'KubeVitalsAutoscalingMetricsAPIUnavailable', 'KubeVitalsAutoscalingWithoutMetrics'], mayBeEmpty: true },
    ),
    g.timeseries(
      'Nodes by figures',
      'Number of nodes of which the resource metrics API has figures, and of those of which it has none; absent while the API does not answer.',
      'short',
      [g.target('max by (figures) (kubevitals_metrics_api_nodes{%(panel)s, figures!="unknown"})' % c, '{{figures}}')],
      { mayBeEmpty: true, noValue: 'not collected: the resource metrics API does not answer' },
    ),
    g.table(
      'Nodes without figures',
      'Nodes of which the resource metrics API has no figures.',
      [g.column('max by (node) (kubevitals_metrics_api_node_missing{%(panel)s}) == 1 and on (node) max by (node) (kubevitals_kubelet_available{%(panel)s}) == 1' % c)],
      { alerts: ['KubeVitalsMetricsAPINodeMissing'], mayBeEmpty: true },
    ),
    g.timeseries(
      'Age of the oldest figures',
      'Age of the figures that the resource metrics API has of the nodes: the oldest and the median.',
      's',
      [
        g.target('max(time() - max by (node) (kubevitals_metrics_api_node_metrics_timestamp_seconds{%(panel)s}))' % c, 'oldest'),
        g.target('quantile(0.5, time() - max by (node) (kubevitals_metrics_api_node_metrics_timestamp_seconds{%(panel)s}))' % c, 'median'),
      ],
      { alerts: ['KubeVitalsMetricsAPINodeStale'], threshold: c.metricsAPIStaleSeconds, mayBeEmpty: true, noValue: 'not collected: the resource metrics API does not answer' },
    ),
  ],
}
