// An API is registered that the API server cannot reach: discovery fails, and no
// namespace can be deleted.
local g = import '../../dashboards/grafana.libsonnet';
local why = import '../causes.libsonnet';
local promql = import '../promql.libsonnet';

function(c) {
  local namespaces = (import '../terminating_namespaces.libsonnet')(c),
  // What each reason of the condition means of the Service behind the API. Which it is
  // changes while the API stays unavailable, and is in the text.
  local means = {
    ServiceNotFound: 'does not exist',
    MissingEndpoints: 'has no ready endpoints',
    EndpointsNotFound: 'has no endpoints',
    ServicePortError: 'has no port of the number that is registered',
    FailedDiscoveryCheck: 'is there, and does not answer the API server as an API would: its pods are ill, the way to them is blocked, or their certificate is not trusted',
    ServiceAccessError: 'cannot be looked up by the API server',
    EndpointsAccessError: 'has endpoints that the API server cannot look up',
  },

  // Those that the Service of the alert serves, and that are not available.
  local behind(labels) = 'max by (%s) (kubevitals_aggregated_api_unavailable{%%s, backend=%%[2]q})' % labels,

  name: 'aggregated_api',
  area: 'control-plane',
  beyond_guide: 'operators find namespaces that cannot be deleted for days, and the cause is an API whose Service is long gone',
  alerts: [
    {
      alert: 'KubeVitalsAggregatedAPIUnavailable',
      each: 'api_backend',
      severity: 'warning',
      explainedBy: why.nothingRead + why.on(['backend'], ['KubeVitalsWebhookWithoutEndpoints'], { inhibits: false }) + why.ofCluster(['KubeVitalsCABundleExpiring'], { when: { kind: 'APIService', state: 'expired' }, inhibits: false }) + why.ofCluster(['KubeVitalsPodsRefusedByWebhook', 'KubeVitalsNodesNotReady', 'KubeVitalsNetworkFailing'], { inhibits: false }) + why.noTunnel,
      // Of several versions behind one Service, one may have been away for long enough.
      expr: |||
        max by (%(by)s, backend) (
          max by (%(by)s, apiservice, backend) (kubevitals_aggregated_api_unavailable{%(selector)s, apiservice!~"%(aggregatedAPIsElsewhere)s"}) == 1
          unless on (%(by)s, apiservice)
          time() - max by (%(by)s, apiservice) (kubevitals_aggregated_api_unavailable_since_timestamp_seconds{%(selector)s}) <= %(aggregatedAPISeconds)s
        )
      ||| % c,
      'for': '1m',
      summary: 'An aggregated API is registered but unavailable: the API server does not reach whoever should serve it.',
      description: 'APIService %(apis)s of cluster %(cluster)s has not been available%(since)s%(why)s. What it serves cannot be used, the API server cannot tell all that there is, and no namespace can be deleted.%(stuck)s',
      values: {
        apis: promql.list(c, behind('apiservice'), ['backend'], 'apiservice', '', ''),
        since: promql.each(
          c,
          'time() - min (max by (apiservice) (kubevitals_aggregated_api_unavailable_since_timestamp_seconds{%s}) and on (apiservice) kubevitals_aggregated_api_unavailable{%s, backend=%[2]q})',
          ['backend'],
          'apiservice',
          ' for {{ .Value | humanizeDuration }}'
        ),
        why: promql.each(
          c,
          behind('reason, backend'),
          ['backend'],
          'reason',
          ': Service {{ .Labels.backend }} '
          + std.join('', ['{{ if eq .Labels.reason "%s" }}%s{{ end }}' % [reason, means[reason]] for reason in std.objectFields(means)])
          + '{{ if not (match "^(%s)$" .Labels.reason) }}is behind it, and the reason is not a known one{{ end }}' % std.join('|', std.objectFields(means))
        ),
        stuck: namespaces.named,
      },
    },
  ],
  panels: [
    g.timeseries(
      'Aggregated APIs by state',
      'APIServices that somebody else than the API server serves, by whether the API server reaches them.',
      'short',
      [g.target('max by (state) (kubevitals_aggregated_api_apiservices{%(panel)s})' % c, '{{state}}')],
    ),
    g.table(
      'Aggregated APIs that are not available',
      'APIServices that the API server cannot pass requests on to, with the Service behind each and the reason, and for how long.',
      [
        g.column('max by (apiservice, backend, reason) (kubevitals_aggregated_api_unavailable{%(panel)s}) == 1' % c),
        g.column('time() - max by (apiservice) (kubevitals_aggregated_api_unavailable_since_timestamp_seconds{%(panel)s})' % c, 'Unavailable for', 's'),
      ],
      { alerts: ['KubeVitalsAggregatedAPIUnavailable'], mayBeEmpty: true },
    ),
  ],
}
